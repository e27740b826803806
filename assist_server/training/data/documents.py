"""What a model is trained on: texts, and where each of them comes from."""

import hashlib
from dataclasses import asdict, dataclass
from typing import Any, Literal

from assist_server.training.data.split import Split, split_of

Kind = Literal["code", "pair", "answer"]
"""Source code; a short text about a longer one, which stands below it after a blank line; or a
request and its answer, as JSON."""

_MOST_PAIR_CHARS = 4_000
"""About what a context holds; what stands behind it would be cut off each time."""


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
