"""How much of what is trained on is in which language, and from which distribution."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from types import MappingProxyType

from assist_server.syntax.languages import PLAIN_TEXT, language_for
from assist_server.training.documents import Document, Origin

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
    keys = [document.origin.distribution for document in documents]
    return _drawn(documents, keys, dict.fromkeys(sizes, limit)), True


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
    less than its share, nothing takes its place. Pairs are always kept.

    Args:
        documents: What was found, in any order.
        most_bytes: Of source files that are trained on, in all languages together.
    """
    by_language: dict[str, list[Document]] = defaultdict(list)
    for document in documents:
        if document.origin.kind == "code" and document.origin.split == "train":
            by_language[language_of(document.origin.path) or ""].append(document)
    for language, found in by_language.items():
        if language != "python":
            by_language[language] = capped(found, _LARGEST_SHARE_OF_LANGUAGE)[0]
    python_bytes = sum(document.origin.bytes for document in by_language.get("python", ()))
    total = python_bytes / SHARES["python"] if python_bytes else float("inf")
    total = min(total, most_bytes or float("inf"))
    kept: set[int] = set()
    for language, found in by_language.items():
        allowed = min(total * SHARES.get(language, 0), sum(one.origin.bytes for one in found))
        drawn = _drawn(found, [language] * len(found), {language: round(allowed)})
        kept.update(map(id, drawn))
    return [
        one
        for one in documents
        if one.origin.kind != "code" or one.origin.split != "train" or id(one) in kept
    ]


def _drawn(
    documents: Sequence[Document], keys: Sequence[str], room_bytes: Mapping[str, int]
) -> list[Document]:
    """Return the documents that fit into the room of their keys; those not trained on always do."""
    room = dict(room_bytes)
    dropped: set[int] = set()
    for number in sorted(range(len(documents)), key=lambda n: _lottery(documents[n].origin)):
        origin, key = documents[number].origin, keys[number]
        if origin.split != "train":
            continue
        if origin.bytes > room[key]:
            dropped.add(number)
        else:
            room[key] -= origin.bytes
    return [one for number, one in enumerate(documents) if number not in dropped]


def _lottery(origin: Origin) -> str:
    return hashlib.sha256(f"{origin.distribution}/{origin.path}".encode()).hexdigest()
