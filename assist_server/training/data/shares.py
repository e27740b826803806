"""How much of what is trained on is in which language, and from which distribution."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath
from types import MappingProxyType

from assist_server.syntax.languages import PLAIN_TEXT, language_for
from assist_server.training.data.documents import Document, Origin
from assist_server.training.data.split import Split, is_always_held_out

SHARES: Mapping[str, float] = MappingProxyType({
    "python": 0.5,
    "typescript": 0.11, "javascript": 0.09,
    "c": 0.045, "cpp": 0.045, "go": 0.045, "java": 0.045, "rust": 0.045,
    "lua": 0.01, "shell": 0.015,
    "markdown": 0.02, "json": 0.01, "toml": 0.01, "yaml": 0.01,
})  # fmt: skip
"""The most of the bytes of source files, by language, where there is enough Python beside it."""

_MARKUP = {
    ".bash": "shell", ".sh": "shell", ".zsh": "shell", ".bats": "shell",
    ".md": "markdown", ".markdown": "markdown", ".json": "json", ".toml": "toml",
    ".yaml": "yaml", ".yml": "yaml",
}  # fmt: skip
_SAME = {"tsx": "typescript"}

_LARGEST_SHARE = 0.04
"""Of the bytes that are trained on, for any one distribution: none decides about the style."""

_HELD_OUT = 0.05
"""The most of the bytes of a language, beside what is trained on, for each of the other splits; the
families that are always held out are taken whole."""

_LARGEST_SHARE_OF_LANGUAGE = 0.12
"""The same within a language that is not the main one, where fewer distributions are to be had."""


def language_of(path: str) -> str | None:
    """Return the language of a source file by the ending of its path; None where it is none."""
    language = language_for(path=path)
    if language is not PLAIN_TEXT:
        return _SAME.get(language.id, language.id)
    return _MARKUP.get(PurePosixPath(path).suffix.lower())


def capped(
    documents: Sequence[Document], share: float = _LARGEST_SHARE
) -> tuple[list[Document], bool]:
    """Return documents such that no distribution has too large a share of those trained on.

    Which ones of a large distribution stay is decided by their hashes. Where there are so few
    distributions that some must have more, all stay.
    """
    sizes: dict[str, int] = defaultdict(int)
    for document in documents:
        if document.origin.split == "train":
            sizes[document.origin.distribution] += document.origin.bytes
    limit = share_limit(sizes, share)
    if limit is None:
        return list(documents), False
    room = {**dict.fromkeys(sizes, limit), "": float("inf")}

    def key_of(document: Document) -> str:
        return document.origin.distribution if document.origin.split == "train" else ""

    return _drawn(documents, key_of, room), True


def share_limit(sizes: Mapping[str, int], share: float = _LARGEST_SHARE) -> int | None:
    """Return the most bytes of a distribution, so that it is within its share of what is kept."""
    limit = max(sizes.values(), default=0)
    while limit:
        kept = sum(min(size, limit) for size in sizes.values())
        lower = int(kept * share)
        if lower >= limit:
            return limit
        limit = lower
    return None


def within_shares(documents: Sequence[Document], most_bytes: int | None = None) -> list[Document]:
    """Return documents such that each language has its share of those trained on, and no more.

    Python decides how much there is: others are cut to their share beside it, and where one has
    less than its share, nothing takes its place. Pairs and what is always held out are kept.

    Args:
        documents: What was found, in any order.
        most_bytes: Of source files that are trained on, in all languages together.
    """
    total = _total_bytes(documents, most_bytes)
    groups: dict[tuple[str, Split], list[Document]] = defaultdict(list)
    kept: set[int] = set()
    for document in documents:
        origin = document.origin
        if origin.kind != "code" or is_always_held_out(origin.distribution):
            kept.add(id(document))
        else:
            groups[language_of(origin.path) or "", origin.split].append(document)
    for (language, split), found in groups.items():
        some = found if language == "python" else capped(found, _LARGEST_SHARE_OF_LANGUAGE)[0]
        room_bytes = total * SHARES.get(language, 0) * (1 if split == "train" else _HELD_OUT)
        kept.update(map(id, _drawn(some, lambda _: "", {"": room_bytes})))
    return [one for one in documents if id(one) in kept]


def _total_bytes(documents: Sequence[Document], most_bytes: int | None) -> float:
    python_bytes = sum(
        one.origin.bytes
        for one in documents
        if one.origin.split == "train" and language_of(one.origin.path) == "python"
    )
    beside_python = python_bytes / SHARES["python"] if python_bytes else float("inf")
    return min(beside_python, most_bytes or float("inf"))


def _drawn(
    documents: Sequence[Document],
    key_of: Callable[[Document], str],
    room_bytes: Mapping[str, float],
) -> list[Document]:
    """Return documents as long as they fit into the room of their keys, by the lottery."""
    room = dict(room_bytes)
    drawn: set[int] = set()
    for number in sorted(range(len(documents)), key=lambda n: _lottery(documents[n].origin)):
        size, key = documents[number].origin.bytes, key_of(documents[number])
        if size <= room[key]:
            drawn.add(number)
            room[key] -= size
    return [one for number, one in enumerate(documents) if number in drawn]


def _lottery(origin: Origin) -> str:
    return hashlib.sha256(f"{origin.distribution}/{origin.path}".encode()).hexdigest()
