"""The corpus: selection of documents, and a folder with their texts, licences and splits.

The folder has three files. `manifest.jsonl`: a line for each file (see `Origin`). `texts.jsonl.gz`:
a line for each file of the training and validation splits, with its sha256 and its text.
`summary.json`: the rejected files by reason.
"""

import gzip
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from types import MappingProxyType

from assist_server.errors import InputError
from assist_server.training.data.debian import debian_pairs
from assist_server.training.data.documents import Document, Origin, language_of, rejection_reason
from assist_server.training.data.duplicates import HeldOutCode, SeenFiles, fingerprint_of
from assist_server.training.data.sources import Sources
from assist_server.training.data.split import Split, is_always_held_out

MANIFEST, TEXTS, SUMMARY = "manifest.jsonl", "texts.jsonl.gz", "summary.json"

_DUPLICATE_MARGIN = 1.15
"""Factor on the wanted bytes before duplicates are removed."""

Report = Callable[[str], None]

SHARES: Mapping[str, float] = MappingProxyType({
    "python": 0.5,
    "typescript": 0.11, "javascript": 0.09,
    "c": 0.045, "cpp": 0.045, "go": 0.045, "java": 0.045, "rust": 0.045,
    "lua": 0.01, "shell": 0.015,
    "markdown": 0.02, "json": 0.01, "toml": 0.01, "yaml": 0.01,
})  # fmt: skip
"""The greatest share of the bytes of source files, by language; Python determines the total."""

_LARGEST_SHARE = 0.04
"""Greatest share of one distribution in the training bytes, so that none dominates the style."""

_HELD_OUT = 0.05
"""The size of each other split, relative to the training bytes of a language; families that are
always held out are kept whole."""

_LARGEST_SHARE_OF_LANGUAGE = 0.12
"""The same within a language other than Python, which has fewer distributions."""


@dataclass
class Summary:
    """The result of a selection."""

    files: dict[str, int] = field(default_factory=dict)
    """Number of files by split."""
    bytes: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    """Number of files by reason."""
    refused_licences: dict[str, str] = field(default_factory=dict)
    languages: dict[str, dict[str, int]] = field(default_factory=dict)
    """Number of bytes by language and split."""
    is_capped: bool = False
    """Whether every distribution is within its share, which needs enough distributions."""


def build_corpus(
    folder: Path,
    packages: Sequence[Path] | None = None,
    report: Report = lambda _: None,
    *,
    has_standard_library: bool = False,
    most_bytes: int | None = None,
) -> Summary:
    """Build a corpus from this environment, or from folders with packages.

    Args:
        folder: The folder of the corpus.
        packages: Folders with packages, see `Sources`; None for this environment.
        report: Called with progress messages.
        has_standard_library: Include the standard library besides folders with packages.
        most_bytes: Limit of the source files for training; None for the limit of the shares only.

    Raises:
        InputError: there is nothing that may be used for training.
    """
    sources = Sources(packages, has_standard_library=has_standard_library)
    report("reading installed distributions")
    found = sources.documents()
    if packages is None:
        found = chain(found, debian_pairs())
    summary = Summary()
    kept = select(found, summary, report, most_bytes=most_bytes)
    summary.refused_licences = sources.refused
    if not summary.files.get("train"):
        raise InputError(
            "there is nothing to train on: no installed distribution states a permissive "
            "licence; install packages, or name folders that hold some with --packages"
        )
    write_corpus(folder, kept, summary)
    return summary


def select(
    found: Iterable[Document],
    summary: Summary,
    report: Report = lambda _: None,
    *,
    most_bytes: int | None = None,
) -> list[Document]:
    """Select documents: suitable, without duplicates, and no held-out code in training."""
    left_out: Counter[str] = Counter()
    fit: list[Document] = []
    for document in found:
        reason = rejection_reason(document)
        if reason is None:
            fit.append(document)
        else:
            left_out[reason] += 1
    # Before the slow part as well as after it: most of a large distribution can be skipped.
    fit_count = len(fit)
    fit, _ = capped(fit)
    fit = within_shares(fit, most_bytes and round(most_bytes * _DUPLICATE_MARGIN))
    held_out = [document for document in fit if document.origin.split != "train"]
    report("looking for copies of held-out code")
    copies = HeldOutCode(fingerprint_of(document) for document in held_out)
    seen = SeenFiles()
    unique: list[Document] = []
    for number, document in enumerate(fit):
        if number % 100 == 0:
            report(f"looking for copies: {number} of {len(fit)} files")
        fingerprint = fingerprint_of(document)
        if document.origin.split == "train" and copies.is_copied_by(fingerprint):
            left_out["copy of held-out code"] += 1
        elif not seen.take(fingerprint):
            left_out["duplicate"] += 1
        else:
            unique.append(document)
    kept, summary.is_capped = capped(unique)
    kept = within_shares(kept, most_bytes)
    left_out["above its share"] += fit_count - len(fit) + len(unique) - len(kept)
    summary.left_out = {reason: count for reason, count in left_out.most_common() if count}
    for document in kept:
        origin = document.origin
        summary.files[origin.split] = summary.files.get(origin.split, 0) + 1
        summary.bytes[origin.split] = summary.bytes.get(origin.split, 0) + origin.bytes
    summary.languages = _by_language(kept)
    return kept


def _by_language(documents: Sequence[Document]) -> dict[str, dict[str, int]]:
    """Return the bytes of documents by language, or kind for other than code, and by split."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for document in documents:
        origin = document.origin
        name = language_of(origin.path) if origin.kind == "code" else origin.kind
        found[name or "other"][origin.split] += origin.bytes
    return {name: dict(sizes) for name, sizes in sorted(found.items())}


def write_corpus(folder: Path, documents: Sequence[Document], summary: Summary) -> None:
    """Write a corpus; the manifest is written last, so a corpus with one is complete."""
    folder.mkdir(parents=True, exist_ok=True)
    with gzip.open(folder / TEXTS, "wt", encoding="utf-8", compresslevel=6) as texts:
        for document in documents:
            if document.origin.split != "test":
                row = {"sha256": document.origin.sha256, "text": document.text}
                texts.write(json.dumps(row) + "\n")
    (folder / SUMMARY).write_text(json.dumps(asdict(summary), indent=2) + "\n", encoding="utf-8")
    rows = (json.dumps(document.origin.as_row()) + "\n" for document in documents)
    (folder / MANIFEST).write_text("".join(rows), encoding="utf-8")


def read_corpus(folder: Path) -> Iterator[Document]:
    """Yield the documents for training and validation, in the manifest's order.

    Raises:
        InputError: the folder holds no corpus, or one whose files do not match.
    """
    try:
        manifest = (folder / MANIFEST).read_text(encoding="utf-8")
        with gzip.open(folder / TEXTS, "rt", encoding="utf-8") as texts:
            for line in manifest.splitlines():
                origin = Origin(**json.loads(line))
                if origin.split == "test":
                    continue
                row = json.loads(texts.readline())
                if row["sha256"] != origin.sha256:
                    raise InputError(f"the texts in {str(folder)!r} do not match its manifest")
                yield Document(origin, row["text"])
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"cannot read a corpus in {str(folder)!r} ({error}); name a folder with "
            f"{MANIFEST} and {TEXTS}, or an empty one to build it there"
        ) from error


def has_corpus(folder: Path) -> bool:
    """Return whether a folder holds a complete corpus."""
    return (folder / MANIFEST).is_file()


def capped(
    documents: Sequence[Document], share: float = _LARGEST_SHARE
) -> tuple[list[Document], bool]:
    """Return documents such that no distribution has too large a share of the training bytes.

    Hashes decide which documents of a large distribution stay. If there are so few distributions
    that some must exceed their share, all documents stay.
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

    return _draw_within(documents, key_of, room), True


def share_limit(sizes: Mapping[str, int], share: float = _LARGEST_SHARE) -> int | None:
    """Return the greatest size of a distribution within its share; None if there is none."""
    limit = max(sizes.values(), default=0)
    while limit:
        kept = sum(min(size, limit) for size in sizes.values())
        lower = int(kept * share)
        if lower >= limit:
            return limit
        limit = lower
    return None


def within_shares(documents: Sequence[Document], most_bytes: int | None = None) -> list[Document]:
    """Return documents such that no language exceeds its share of the training bytes.

    The amount of Python determines the total: other languages are cut to their share of it, and a
    language below its share is not replaced. Pairs and documents that are always held out stay.

    Args:
        documents: In any order.
        most_bytes: Limit of the source files for training, in all languages together.
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
        kept.update(map(id, _draw_within(some, lambda _: "", {"": room_bytes})))
    return [one for one in documents if id(one) in kept]


def _total_bytes(documents: Sequence[Document], most_bytes: int | None) -> float:
    python_bytes = sum(
        one.origin.bytes
        for one in documents
        if one.origin.split == "train" and language_of(one.origin.path) == "python"
    )
    for_python = python_bytes / SHARES["python"] if python_bytes else float("inf")
    return min(for_python, most_bytes or float("inf"))


def _draw_within(
    documents: Sequence[Document],
    key_of: Callable[[Document], str],
    room_bytes: Mapping[str, float],
) -> list[Document]:
    """Return the documents that fit into the room of their keys, chosen in pseudo-random order."""
    room = dict(room_bytes)
    taken: set[int] = set()
    for number in sorted(range(len(documents)), key=lambda n: _draw_key(documents[n].origin)):
        size, key = documents[number].origin.bytes, key_of(documents[number])
        if size <= room[key]:
            taken.add(number)
            room[key] -= size
    return [one for number, one in enumerate(documents) if number in taken]


def _draw_key(origin: Origin) -> str:
    return hashlib.sha256(f"{origin.distribution}/{origin.path}".encode()).hexdigest()
