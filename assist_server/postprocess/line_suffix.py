"""Text on the cursor's line behind the cursor, such as brackets that the editor inserted."""

from dataclasses import replace

from assist_server.context.cursor import CursorContext
from assist_server.postprocess.brackets import Scan, open_before, scan
from assist_server.postprocess.candidate import Candidate


def join_line_suffix(candidate: Candidate, context: CursorContext) -> Candidate | None:
    """Replace what stands behind the cursor and is written again by the candidate.

    Closers behind the cursor are replaced when the candidate closes, in that order, what was open
    before it. Brackets that it opens and closes itself do not count: `f(|)` with `g(x)` keeps its
    parenthesis. Otherwise the longest end of the candidate that the line goes on with is replaced.
    """
    suffix = context.line_suffix
    if not suffix.strip() or not candidate.text.strip():
        return candidate
    language = context.snapshot.language
    opened = open_before(context)
    if opened is None:
        opened = scan(context.line_prefix, language).still_open
    found = scan(candidate.text, language, opened)
    covered = _covered_by_closers(candidate.text, found, suffix)
    if not covered:
        covered = _overlap(candidate.text, found, suffix)
    # Counted from the cursor whatever was replaced before, so that a second run changes nothing.
    replaced_chars = max(candidate.replaced_chars, covered)
    if suffix[:replaced_chars].strip() == candidate.text.strip():
        return None
    return replace(candidate, replaced_chars=replaced_chars)


def _covered_by_closers(text: str, found: Scan, suffix: str) -> int:
    """How much of `suffix` the closers in `text` stand for."""
    covered = used = 0
    for closer in found.outer_closers:
        rest = suffix[covered:].lstrip(" \t")
        if rest.startswith(closer.text):
            covered = len(suffix) - len(rest) + len(closer.text)
            used = closer.start + len(closer.text)
    rest = suffix[covered:].rstrip()
    if covered and rest.strip() and text[used:].rstrip().endswith(rest):
        covered += len(rest)
    return covered


def _overlap(text: str, found: Scan, suffix: str) -> int:
    """Length of the longest end of `text` that `suffix` begins with."""
    for length in range(min(len(text), len(suffix)), 0, -1):
        end = text[-length:]
        if suffix.startswith(end) and end.strip() and not _is_pair_split(text, found, length):
            return length
    return 0


def _is_pair_split(text: str, found: Scan, length: int) -> bool:
    """Whether the last `length` characters close what the ones before them have opened."""
    cut = len(text) - length
    pairs = [(x.opened_at, x.start) for x in found.closers if x.opened_at is not None]
    if any(start < cut <= end for start, end in pairs):
        return True
    # The scanner leaves `<` and `>` alone, which mostly compare; here they may hold type arguments.
    return ">" in text[cut:] and text.count("<", 0, cut) > text.count(">", 0, cut)
