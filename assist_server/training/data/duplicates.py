"""Near-duplicate files, found by hashes of token n-grams ("shingles") and MinHash.

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
"""Comments by language; in other languages they begin with a hash. Licences are in comments, and
must not make files similar."""

_SHORT, _LONG = 5, 20
"""Tokens of a shingle, for the similarity of two files and for copied parts."""

_BANDS, _ROWS = 16, 4
"""Files that agree in all rows of a band are compared: 99 % of those with a similarity of 70 %."""

_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_MAX_SIMILARITY = 0.7
_MAX_COPIED_SHARE = 0.25


class Fingerprint:
    """Hashes of a text without its comments and blanks."""

    def __init__(self, text: str, language: str = "python") -> None:
        words = _TOKEN.findall(_COMMENTS.get(language, _HASH).sub("", text))
        self._tokens = np.array([crc32(word.encode()) for word in words], dtype=np.uint64)

    @cached_property
    def exact(self) -> bytes:
        """Return a key that is equal for texts that differ in comments and blanks only."""
        return self._tokens.tobytes()

    @cached_property
    def short(self) -> _Hashes:
        """Return the hashes of all short shingles, unique and sorted."""
        return np.unique(_runs(self._tokens, _SHORT))

    @cached_property
    def long(self) -> _Hashes:
        """Return the hashes of all long shingles, unique and sorted."""
        return np.unique(_runs(self._tokens, _LONG))

    def bands(self) -> list[bytes]:
        """Return MinHash keys, of which similar files share at least one."""
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
    """Return the fingerprint of a document."""
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
    """Return the Jaccard index of the short shingles of two files, from 0 to 1."""
    shared = len(np.intersect1d(one.short, other.short, assume_unique=True))
    together = len(one.short) + len(other.short) - shared
    return shared / together if together else 1.0


class SeenFiles:
    """The files taken so far, to reject near-duplicates."""

    def __init__(self) -> None:
        self._exact: set[bytes] = set()
        self._by_band: dict[bytes, list[Fingerprint]] = defaultdict(list)

    def take(self, fingerprint: Fingerprint) -> bool:
        """Add a file; return False, without adding it, if a similar one was added before."""
        if fingerprint.exact in self._exact:
            return False
        bands = fingerprint.bands()
        candidates = {id(kept): kept for band in bands for kept in self._by_band.get(band, ())}
        if any(
            jaccard_similarity(fingerprint, kept) >= _MAX_SIMILARITY for kept in candidates.values()
        ):
            return False
        self._exact.add(fingerprint.exact)
        for band in bands:
            self._by_band[band].append(fingerprint)
        return True


class HeldOutCode:
    """The held-out code, to find copies of it, also inside larger files."""

    def __init__(self, fingerprints: Iterable[Fingerprint]) -> None:
        found: Sequence[_Hashes] = [fingerprint.long for fingerprint in fingerprints]
        self._long = np.unique(np.concatenate(found)) if found else np.zeros(0, dtype=np.uint64)

    def is_copied_by(self, fingerprint: Fingerprint) -> bool:
        """Return whether at least a quarter of a file's long shingles are in held-out files."""
        if not len(fingerprint.long) or not len(self._long):
            return False
        places = np.searchsorted(self._long, fingerprint.long)
        copied = self._long.take(places, mode="clip") == fingerprint.long
        return bool(copied.mean() >= _MAX_COPIED_SHARE)
