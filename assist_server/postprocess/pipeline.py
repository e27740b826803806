r"""All filters in their order.

The order has reasons:

1.  `drop_unshowable` is final, and after `match_newlines` lines end in `\n` and nothing else.
2.  `match_indentation` and `drop_unexpected_indent` give the text the document's form. They come
    before all that compares lines or indentation with the document's.
3.  `drop_prefix_echo` works at the beginning. It comes before `keep_first_line`, which would keep
    the echo and drop what follows it.
4.  `keep_first_line` saves the others from reading what is not shown.
5.  `cut_repetition` comes before the structural cuts, to which a loop looks like structure.
6.  `stay_in_scope` and `stop_at_next_lines` cut whole lines, so that the last line is settled for
7.  `join_line_suffix`, which settles what the candidate replaces; only then it is known which
    brackets behind the cursor remain for
8.  `stop_at_unopened_closer`.
9.  `trim_trailing_space` cleans up behind the cuts, and
10. `drop_too_short` judges what is left of the text.
11. `keep_well_formed` is the last, as it costs the most and the others mend what it would refuse.

Where the model was stopped in the middle, `cut_unfinished` comes before them all. It comes once:
a second time, it would take the end that it has made for an unfinished one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from assist_server.context.cursor import CursorContext
from assist_server.postprocess.candidate import Candidate, Filter
from assist_server.postprocess.indentation import match_indentation
from assist_server.postprocess.line_suffix import join_line_suffix
from assist_server.postprocess.newlines import match_newlines
from assist_server.postprocess.next_lines import stop_at_next_lines
from assist_server.postprocess.prefix_echo import drop_prefix_echo
from assist_server.postprocess.repetition import cut_repetition
from assist_server.postprocess.scope import stay_in_scope
from assist_server.postprocess.single_line import keep_first_line
from assist_server.postprocess.too_short import drop_too_short
from assist_server.postprocess.trailing_space import trim_trailing_space
from assist_server.postprocess.unexpected_indent import drop_unexpected_indent
from assist_server.postprocess.unfinished import cut_unfinished
from assist_server.postprocess.unopened_closer import stop_at_unopened_closer
from assist_server.postprocess.unshowable import drop_unshowable
from assist_server.postprocess.well_formed import keep_well_formed

FILTERS: tuple[Filter, ...] = (
    drop_unshowable,
    match_newlines,
    match_indentation,
    drop_unexpected_indent,
    drop_prefix_echo,
    keep_first_line,
    cut_repetition,
    stay_in_scope,
    stop_at_next_lines,
    join_line_suffix,
    stop_at_unopened_closer,
    trim_trailing_space,
    drop_too_short,
    keep_well_formed,
)

WHY_DROPPED: Mapping[Filter, str] = MappingProxyType({
    cut_unfinished: "no part of it was complete when it was stopped",
    drop_unshowable: "it holds characters that cannot be shown",
    drop_prefix_echo: "it only says the line before the cursor again",
    keep_first_line: "it says that the line is complete",
    cut_repetition: "it only repeats itself or what stands above",
    stay_in_scope: "it belongs to another block than the cursor",
    stop_at_next_lines: "it only says what follows the cursor",
    join_line_suffix: "it only says what stands behind the cursor",
    stop_at_unopened_closer: "it closes a bracket that is not open",
    trim_trailing_space: "it holds nothing but blanks",
    drop_too_short: "it is too short to be worth a key",
    keep_well_formed: "it would leave a syntax error",
})  # fmt: skip
"""What it means that a filter left nothing of a candidate."""


@dataclass(frozen=True)
class Cleaned:
    """What is left of a candidate, and why."""

    candidate: Candidate | None
    rules: tuple[str, ...]
    """Names of the filters that changed the candidate."""
    why_dropped: str = ""
    """In words, where the last of them left nothing."""


def clean(candidate: Candidate, context: CursorContext, *, is_unfinished: bool = False) -> Cleaned:
    """Run a candidate through all filters, until none of them changes it.

    A cut can uncover what an earlier filter looks for, so one round is not always enough. There is
    an end, as filters cut text, widen the replaced range or bring blanks into their final form.

    Args:
        candidate: What the model wrote.
        context: Where it is wanted.
        is_unfinished: Whether the model was stopped at an arbitrary place.
    """
    in_line = min(max(candidate.replaced_chars, 0), len(context.line_suffix))
    before, current = None, replace(candidate, replaced_chars=in_line)
    rules: list[str] = []
    filters = (cut_unfinished, *FILTERS) if is_unfinished else FILTERS
    while current != before:
        before = current
        for one in filters:
            if one is keep_well_formed and current != before:
                break  # it parses, and judges only what no other filter changes any more
            kept = one(current, context)
            if kept != current:
                rules.append(one.__name__)
            if kept is None:
                return Cleaned(None, tuple(rules), WHY_DROPPED[one])
            current = kept
        filters = FILTERS
    return Cleaned(current, tuple(rules))
