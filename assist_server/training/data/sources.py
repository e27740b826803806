"""The documents of this machine: distributions, npm and Debian sources, and pairs of prose."""

import platform
import re
import sysconfig
from collections.abc import Iterator, Sequence
from importlib.metadata import Distribution, PackageMetadata
from pathlib import Path

from assist_server.training.data.debian import debian_documents
from assist_server.training.data.documents import Document, document_of, pair_of
from assist_server.training.data.licences import is_permissive, licence_expression
from assist_server.training.data.npm import npm_documents
from assist_server.training.data.split import installed_distributions, normalise, source_files

_STANDARD_LIBRARY_LICENCE = "PSF-2.0"
_NOT_STANDARD_LIBRARY = {"site-packages", "dist-packages", "lib-dynload", "__pycache__"}

_MIN_CHARS, _MAX_CHARS = 40, 320
_MIN_LETTER_SHARE = 0.6
_IS_README = re.compile(r"(^|/)readme(\.(md|markdown))?$", re.IGNORECASE)
_NO_PROSE = re.compile(r"^\s*([#=|>*+\-!\[<`~]|\d+[.)]|\.\. )|://|^\s{4}|</?\w+")


class Sources:
    """The sources of documents, and the distributions refused for their licence."""

    def __init__(
        self, folders: Sequence[Path] | None = None, *, has_standard_library: bool = False
    ) -> None:
        """Use the distributions of this environment, or the packages in folders.

        Args:
            folders: Made by `pip install --target`, or with tarballs from `npm pack`, or with
                Debian's source packages (`.dsc` and archives); None for this environment.
            has_standard_library: Include the standard library besides folders; this environment
                always includes it.
        """
        self._folders = folders
        self._has_standard_library = has_standard_library or folders is None
        self.refused: dict[str, str] = {}
        """Name and licence of distributions whose licence is unknown or does not allow training."""

    def documents(self) -> Iterator[Document]:
        """Yield all documents with permissive licences, held-out ones included."""
        for distribution in installed_distributions(self._folders):
            licence = licence_expression(distribution.metadata)
            if is_permissive(licence):
                yield from _of_distribution(distribution)
            else:
                self.refused[normalise(distribution.metadata["Name"])] = licence or "unknown"
        if self._has_standard_library:
            yield from standard_library()
        for folder in self._folders or ():
            for archive in sorted(folder.glob("*.tgz")):
                yield from _with_readme_pairs(npm_documents(archive, self.refused))
            for description in sorted(folder.glob("*.dsc")):
                yield from _with_readme_pairs(debian_documents(description, self.refused))


def _with_readme_pairs(documents: Iterator[Document]) -> Iterator[Document]:
    for document in documents:
        yield document
        pair = readme_pair(document)
        if pair is not None:
            yield pair


def _of_distribution(distribution: Distribution) -> Iterator[Document]:
    for source in source_files(distribution):
        found = document_of(
            source.distribution,
            source.version,
            source.licence,
            source.path,
            source.read_bytes(),
            "code",
        )
        if found is not None:
            yield found
    yield from _pairs(distribution.metadata)


def _pairs(metadata: PackageMetadata) -> Iterator[Document]:
    """Yield a distribution's summary with its description, and the latter's first paragraph."""
    name, version = normalise(metadata["Name"]), metadata["Version"]
    licence = licence_expression(metadata)
    fields = (metadata.get_all(field) or [""] for field in ("Summary", "Description"))
    summary, long = (str(values[0]) for values in fields)
    paragraph = first_paragraph(long)
    found = {f"summaries/{name}.md": (summary, long)}
    if paragraph is not None:
        found[f"paragraphs/{name}.md"] = paragraph
    for path, (short, text) in found.items():
        pair = pair_of(name, version, licence, path, short, text)
        if pair is not None:
            yield pair


def standard_library() -> Iterator[Document]:
    """Yield Python's standard library; each top-level module counts as a distribution."""
    root = Path(sysconfig.get_path("stdlib"))
    for file in sorted(root.rglob("*.py")):
        path = file.relative_to(root)
        if _NOT_STANDARD_LIBRARY.isdisjoint(path.parts):
            found = document_of(
                f"stdlib:{path.parts[0].removesuffix('.py')}",
                platform.python_version(),
                _STANDARD_LIBRARY_LICENCE,
                path.as_posix(),
                file.read_bytes(),
                "code",
            )
            if found is not None:
                yield found


def readme_pair(document: Document) -> Document | None:
    """Return a README's first paragraph and the text after it as a pair; None for other files."""
    origin = document.origin
    if not _IS_README.search(origin.path):
        return None
    parts = first_paragraph(document.text)
    if parts is None:
        return None
    return pair_of(
        origin.distribution, origin.version, origin.licence, f"paragraphs/{origin.path}", *parts
    )


def first_paragraph(text: str) -> tuple[str, str] | None:
    """Return the first paragraph of prose, on one line, and the text after it."""
    place = 0
    for block in re.split(r"(\n[ \t]*\n)", text):
        place += len(block)
        prose = " ".join(block.split())
        letters = sum(map(str.isalpha, prose))
        is_prose = not any(map(_NO_PROSE.search, block.splitlines()))
        if (
            is_prose
            and _MIN_CHARS <= len(prose) <= _MAX_CHARS
            and letters >= _MIN_LETTER_SHARE * len(prose)
            and prose.endswith((".", "!"))
        ):
            return prose, text[place:].strip()
    return None
