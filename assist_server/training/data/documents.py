"""Documents of the corpus: texts with their origin, and the rejection of unsuitable ones."""

import hashlib
import lzma
import re
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from assist_server.syntax.languages import PLAIN_TEXT, language_for
from assist_server.training.data.split import HELD_OUT, Split, family_of, split_of

Kind = Literal["code", "pair", "answer"]
"""Source code; a short text about a longer one, which follows after a blank line; or a request and
its answer, as JSON."""

_MAX_PAIR_CHARS = 4_000
"""About the length of a context; the rest would be cut off in every example."""

_MAX_BYTES = 1_600_000
"""Maximum size of a file; larger ones are not written by hand."""

_DAMAGED = (tarfile.TarError, OSError, EOFError, lzma.LZMAError, zlib.error)
_MARKUP = {
    ".bash": "shell", ".sh": "shell", ".zsh": "shell", ".bats": "shell",
    ".md": "markdown", ".markdown": "markdown", ".json": "json", ".toml": "toml",
    ".yaml": "yaml", ".yml": "yaml",
}  # fmt: skip
_SAME = {"tsx": "typescript"}

_MIN_CHARS, _MAX_CHARS = 120, 400_000
_MAX_LINE_CHARS, _MAX_MEAN_LINE_CHARS = 1_000, 100
_MAX_WORD_CHARS = 400
_MIN_LETTER_SHARE, _MAX_DIGIT_SHARE = 0.4, 0.2
_HEAD_CHARS = 2_000

_VENDORED = re.compile(
    r"_?vendor(ed|s|ized)?|_?extern(al|als)?|_?third_?party|blib2to3|_?bundled|site-packages"
)
_GENERATED = re.compile(
    r"@generated|(auto[- ]?|automatically |machine[- ])generated"
    r"|(^#.*|\bfile (is|was) )generated (by|from|with)|do not (edit|modify)|don't edit",
    re.IGNORECASE | re.MULTILINE,
)
_GENERATED_NAMES = re.compile(r".*(_pb2|_pb2_grpc|_generated|lextab|yacctab|parsetab)\.py")


@dataclass(frozen=True)
class Origin:
    """The origin of a text; a line of the manifest."""

    distribution: str
    version: str
    licence: str
    path: str
    sha256: str
    """Hash of the file's bytes, or of the text if it is not a file."""
    bytes: int
    split: Split
    kind: Kind

    def as_row(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Document:
    """A text and its origin."""

    origin: Origin
    text: str


def document_of(  # noqa: PLR0913, PLR0917 - the columns of the manifest
    distribution: str, version: str, licence: str, path: str, content: bytes, kind: Kind
) -> Document | None:
    """Return a document with line feeds as line ends; None if the content is not UTF-8."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    digest = hashlib.sha256(content).hexdigest()
    split = split_of(distribution)
    origin = Origin(distribution, version, licence, path, digest, len(content), split, kind)
    return Document(origin, text)


def pair_of(  # noqa: PLR0913, PLR0917 - as above
    distribution: str, version: str, licence: str, path: str, short: str, long: str
) -> Document | None:
    """Return a pair as a document; None unless the short text is one line and clearly shorter."""
    short, long = short.strip().rstrip("."), long.strip()[:_MAX_PAIR_CHARS]
    if not short or "\n" in short or len(short) * 2 > len(long):
        return None
    content = f"{short}\n\n{long}\n".encode()
    return document_of(distribution, version, licence, path, content, "pair")


def archived_files(archive: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the source files of a tar archive with their paths below its top folder, in memory.

    From a damaged archive, the files before the damage are returned.
    """
    try:
        with tarfile.open(archive, "r|*") as opened:
            for member in opened:
                path = _inner(member.name)
                if member.isfile() and 0 < member.size <= _MAX_BYTES and _is_wanted(path):
                    content = opened.extractfile(member)
                    if content is not None:
                        yield path, content.read()
    except _DAMAGED:
        return


def _inner(name: str) -> str:
    parts = [part for part in name.split("/") if part != "."]
    return "/".join(parts if parts[:1] == ["debian"] else parts[1:])


def _is_wanted(path: str) -> bool:
    return path in {"debian/copyright", "package.json"} or language_of(path) is not None


def language_of(path: str) -> str | None:
    """Return the language of a source file by its suffix; None for other files."""
    language = language_for(path=path)
    if language is not PLAIN_TEXT:
        return _SAME.get(language.id, language.id)
    return _MARKUP.get(PurePosixPath(path).suffix.lower())


def rejection_reason(document: Document) -> str | None:
    """Return why a document is rejected, in a word or two; None if it is suitable."""
    origin, text = document.origin, document.text
    if not _MIN_CHARS <= len(text) <= _MAX_CHARS:
        return "size"
    if is_vendored(origin.distribution, origin.path):
        return "vendored"
    if _GENERATED_NAMES.fullmatch(origin.path) or _GENERATED.search(text, 0, _HEAD_CHARS):
        return "generated"
    return "data" if origin.kind == "code" and _is_data(text) else None


def is_vendored(distribution: str, path: str) -> bool:
    """Return whether a path is in a folder of copies, or named after a held-out family."""
    folders = [part.lower() for part in PurePosixPath(path).parts[:-1]]
    if any(_VENDORED.fullmatch(folder) for folder in folders):
        return True
    own = family_of(distribution)
    names = [*folders, PurePosixPath(path).stem.lower()]
    held_out = {family_of(name.strip("_") or name) for name in names} & HELD_OUT.keys()
    return any(family != own for family in held_out)


def _is_data(text: str) -> bool:
    lines = text.splitlines()
    if max(map(len, lines)) > _MAX_LINE_CHARS or len(text) / len(lines) > _MAX_MEAN_LINE_CHARS:
        return True
    words = text.split()
    if max(map(len, words), default=0) > _MAX_WORD_CHARS:
        return True
    dense = "".join(words)
    letters = sum(map(str.isalpha, dense)) + dense.count("_")
    digits = sum(map(str.isdigit, dense))
    return letters < _MIN_LETTER_SHARE * len(dense) or digits > _MAX_DIGIT_SHARE * len(dense)
