"""What a model is trained on: texts, and where each of them comes from."""

import hashlib
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from assist_server.syntax.languages import PLAIN_TEXT, language_for
from assist_server.training.data.split import Split, split_of

Kind = Literal["code", "pair", "answer"]
"""Source code; a short text about a longer one, which stands below it after a blank line; or a
request and its answer, as JSON."""

_MOST_PAIR_CHARS = 4_000
"""About what a context holds; what stands behind it would be cut off each time."""

_MOST_BYTES = 1_600_000
"""Of one file; what is larger is no source that somebody wrote."""

_DAMAGED = (tarfile.TarError, OSError, EOFError, lzma.LZMAError, zlib.error)
_MARKUP = {
    ".bash": "shell", ".sh": "shell", ".zsh": "shell", ".bats": "shell",
    ".md": "markdown", ".markdown": "markdown", ".json": "json", ".toml": "toml",
    ".yaml": "yaml", ".yml": "yaml",
}  # fmt: skip
_SAME = {"tsx": "typescript"}


@dataclass(frozen=True)
class Origin:
    """Where a text comes from; a line of the manifest."""

    distribution: str
    version: str
    licence: str
    path: str
    sha256: str
    """Of the file's bytes; of the text, where it is not a file."""
    bytes: int
    split: Split
    kind: Kind

    def as_row(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Document:
    """One text."""

    origin: Origin
    text: str


def document_of(  # noqa: PLR0913, PLR0917 - a line of the manifest has so many columns
    distribution: str, version: str, licence: str, path: str, content: bytes, kind: Kind
) -> Document | None:
    """A document with its line ends unified; None where it is not text."""
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
    """A pair as a document; None where the short text is not one line with words in it."""
    short, long = short.strip().rstrip("."), long.strip()[:_MOST_PAIR_CHARS]
    if not short or "\n" in short or len(short) * 2 > len(long):
        return None
    content = f"{short}\n\n{long}\n".encode()
    return document_of(distribution, version, licence, path, content, "pair")


def archived_files(archive: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the source files of a tar archive, with their paths below its top folder.

    A damaged archive gives what stands before the damage.
    """
    try:
        with tarfile.open(archive, "r|*") as opened:
            for member in opened:
                path = _inner(member.name)
                if member.isfile() and 0 < member.size <= _MOST_BYTES and _is_wanted(path):
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
    """Return the language of a source file by the ending of its path; None where it is none."""
    language = language_for(path=path)
    if language is not PLAIN_TEXT:
        return _SAME.get(language.id, language.id)
    return _MARKUP.get(PurePosixPath(path).suffix.lower())
