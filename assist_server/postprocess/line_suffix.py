"""Replace text after the cursor on its line, such as brackets that the editor inserted."""

import re
from dataclasses import dataclass, replace

from assist_server.context.cursor import CursorContext
from assist_server.postprocess.brackets import Scan, open_before, scan
from assist_server.postprocess.candidate import Candidate, with_text

_BRACKETS = ("(", "[", "{")
_EMPTY_PAIR = re.compile(r"[ \t]*(\([ \t]*\)|\[[ \t]*\]|\{[ \t]*\})")
_ONLY_CLOSERS = re.compile(r"[)\]}\"'`>;,:\s]*")


def join_line_suffix(candidate: Candidate, context: CursorContext) -> Candidate | None:
    """Replace what follows the cursor where the candidate writes it again.

    Closers after the cursor are replaced if the candidate closes, in their order, what was open
    before it. Brackets that it opens and closes itself do not count: `f(|)` with `g(x)` keeps its
    parenthesis. Otherwise the longest end of the candidate with which the line continues is
    replaced. If the line continues differently after such a closer, the candidate ends before it:
    `name] = 1` before `] = 2` becomes `name`. It also ends before brackets that follow anyway:
    `load(f)` before `(g)`.
    """
    suffix = context.line_suffix
    if not suffix.strip() or not candidate.text.strip():
        return candidate
    language = context.snapshot.language
    opened = open_before(context)
    if opened is None:
        opened = scan(context.line_prefix, language).still_open
    text = candidate.text
    found = scan(text, language, opened)
    if (pair := _pair_again(text, found, suffix)) is not None and not _EMPTY_PAIR.match(suffix):
        return with_text(Candidate(text), text[:pair])
    joint = _joint_by_closers(text, found, suffix)
    if joint.goes_on:
        return with_text(Candidate(text), text[: joint.start])
    empty = _EMPTY_PAIR.match(suffix) if pair is not None else None
    covered = empty.end() if empty else joint.covered or _overlap(text, found, suffix)
    # Counted from the cursor, whatever was replaced before, so that a second run changes nothing.
    replaced_chars = max(candidate.replaced_chars, covered)
    if suffix[:replaced_chars].strip() == candidate.text.strip():
        return None
    return replace(candidate, replaced_chars=replaced_chars)


def _pair_again(text: str, found: Scan, suffix: str) -> int | None:
    """Return the start of a bracket pair at the end of `text` with which the line continues too."""
    last = next((one for one in found.closers if one.start + 1 == len(text.rstrip())), None)
    opener = suffix.lstrip(" \t")[:1]
    is_again = last is not None and last.opened_at is not None and text[last.opened_at] == opener
    return last.opened_at if last and is_again and opener in _BRACKETS else None


@dataclass(frozen=True)
class _Joint:
    """Closers of a text that replace those after the cursor."""

    covered: int
    """Number of characters of the line that they replace, from the cursor."""
    start: int
    """Offset of the first of them in the text."""
    goes_on: bool
    """Whether the text continues after them, and the line differently."""


def _joint_by_closers(text: str, found: Scan, suffix: str) -> _Joint:
    """Match the closers in `text` with those at the start of `suffix`."""
    covered, start, used = 0, len(text), 0
    for closer in found.outer_closers:
        rest = suffix[covered:].lstrip(" \t")
        if rest.startswith(closer.text):
            covered = len(suffix) - len(rest) + len(closer.text)
            start, used = min(start, closer.start), closer.start + len(closer.text)
    rest, tail = suffix[covered:].rstrip(), text[used:].rstrip()
    if covered and rest.strip() and tail.endswith(rest):
        return _Joint(covered + len(rest), start, goes_on=False)
    goes_on = bool(covered and tail.strip()) and not _ONLY_CLOSERS.fullmatch(rest)
    return _Joint(covered, start, goes_on)


def _overlap(text: str, found: Scan, suffix: str) -> int:
    """Return the length of the longest end of `text` with which `suffix` begins."""
    for length in range(min(len(text), len(suffix)), 0, -1):
        end = text[-length:]
        if suffix.startswith(end) and end.strip() and not _is_pair_split(text, found, length):
            return length
    return 0


def _is_pair_split(text: str, found: Scan, length: int) -> bool:
    """Return whether the last `length` characters close what the ones before them opened."""
    cut = len(text) - length
    pairs = [(x.opened_at, x.start) for x in found.closers if x.opened_at is not None]
    if any(start < cut <= end for start, end in pairs):
        return True
    # The scanner ignores `<` and `>`, which mostly compare; here they may enclose type arguments.
    return ">" in text[cut:] and text.count("<", 0, cut) > text.count(">", 0, cut)
