"""Files that are nearly the same: found by hashes of short runs of tokens ("shingles").

Source: Broder, "On the resemblance and containment of documents" (1997).
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from assist_server.training.data.documents import Document, language_of

_Hashes = NDArray[np.uint64]

_TOKEN = re.compile(r"\w+|[^\w\s]")
_HASH = re.compile(r"#[^\n]*")
_COMMENTS = {
    **dict.fromkeys(
        ("c", "cpp", "go", "java", "javascript", "rust", "typescript"),
        re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL),
    ),
    "lua": re.compile(r"--\[\[.*?\]\]|--[^\n]*", re.DOTALL),
    **dict.fromkeys(("json", "markdown"), re.compile(r"(?!)")),
}
"""What is a comment, by language; all others mark one with a hash. Licences stand in comments, and
should not make files alike."""

_SHORT, _LONG = 5, 20
"""Tokens of a shingle: to say how much two files resemble each other, and to find copied parts."""

_BANDS, _ROWS = 16, 4
"""Files that agree in all rows of a band are compared: 99 % of those that are alike to 70 %."""

_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_MOST_ALIKE = 0.7
_MOST_COPIED = 0.25


class Fingerprint:
    """A text without its comments and blanks, as hashes."""

    def __init__(self, text: str, language: str = "python") -> None:
        words = _TOKEN.findall(_COMMENTS.get(language, _HASH).sub("", text))
        self._tokens = np.array([crc32(word.encode()) for word in words], dtype=np.uint64)

    @cached_property
    def exact(self) -> bytes:
        """The same for texts that differ in comments and blanks only."""
        return self._tokens.tobytes()

    @cached_property
    def short(self) -> _Hashes:
        """Hashes of all runs of a few tokens, each once, sorted."""
        return np.unique(_runs(self._tokens, _SHORT))

    @cached_property
    def long(self) -> _Hashes:
        """Hashes of all runs of many tokens, each once, sorted."""
        return np.unique(_runs(self._tokens, _LONG))

    def bands(self) -> list[bytes]:
        """Keys of which files that are alike share at least one."""
        if not len(self.short):
            return []
        numbers = np.arange(1, _BANDS * _ROWS + 1, dtype=np.uint64)[:, None]
        hashes = (self.short[None, :] ^ (numbers * _MULTIPLIER)) * (numbers * np.uint64(2) + _ONE)
        least = ((hashes ^ (hashes >> np.uint64(29))) * _MULTIPLIER >> np.uint64(16)).min(axis=1)
        return [
            bytes([band]) + least[band * _ROWS : (band + 1) * _ROWS].tobytes()
            for band in range(_BANDS)
        ]


def fingerprint_of(document: Document) -> Fingerprint:
    """Return the fingerprint of a document, without the comments of its language."""
    return Fingerprint(document.text, language_of(document.origin.path) or "python")


_ONE = np.uint64(1)


def _runs(tokens: _Hashes, size: int) -> _Hashes:
    count = max(0, len(tokens) - size + 1)
    found = np.zeros(count, dtype=np.uint64)
    for offset in range(size):
        found = (found ^ tokens[offset : offset + count]) * _MULTIPLIER
        found ^= found >> np.uint64(32)
    return found


def jaccard_similarity(one: Fingerprint, other: Fingerprint) -> float:
    """Jaccard's index: shared runs of tokens among all of both, from 0 to 1."""
    shared = len(np.intersect1d(one.short, other.short, assume_unique=True))
    together = len(one.short) + len(other.short) - shared
    return shared / together if together else 1.0


class SeenFiles:
    """Files already taken, so that none is taken that is nearly one of them."""

    def __init__(self) -> None:
        self._exact: set[bytes] = set()
        self._by_band: dict[bytes, list[Fingerprint]] = defaultdict(list)

    def take(self, fingerprint: Fingerprint) -> bool:
        """Remember a file; False where one like it was taken before."""
        if fingerprint.exact in self._exact:
            return False
        bands = fingerprint.bands()
        candidates = {id(kept): kept for band in bands for kept in self._by_band.get(band, ())}
        if any(
            jaccard_similarity(fingerprint, kept) >= _MOST_ALIKE for kept in candidates.values()
        ):
            return False
        self._exact.add(fingerprint.exact)
        for band in bands:
            self._by_band[band].append(fingerprint)
        return True


class HeldOutCode:
    """What is held out, so that no copy of it is trained on, be it a part of a larger file."""

    def __init__(self, fingerprints: Iterable[Fingerprint]) -> None:
        found: Sequence[_Hashes] = [fingerprint.long for fingerprint in fingerprints]
        self._long = np.unique(np.concatenate(found)) if found else np.zeros(0, dtype=np.uint64)

    def is_copied_by(self, fingerprint: Fingerprint) -> bool:
        """Whether a quarter of a file's runs of tokens, or more, also stand in held-out files."""
        if not len(fingerprint.long) or not len(self._long):
            return False
        places = np.searchsorted(self._long, fingerprint.long)
        copied = self._long.take(places, mode="clip") == fingerprint.long
        return bool(copied.mean() >= _MOST_COPIED)
