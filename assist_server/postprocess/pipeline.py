r"""All filters in their order.

The order has reasons:

1.  `drop_unshowable` comes first, as it drops the whole candidate. After `match_newlines`, lines
    end in `\n` only.
2.  `match_indentation` and `drop_unexpected_indent` adapt the text to the document. They come
    before every filter that compares lines or indentation with the document's.
3.  `drop_prefix_echo` works at the beginning. It comes before `keep_first_line`, which would keep
    the echo and drop the rest.
4.  `keep_first_line` removes what is not shown before the others scan it.
5.  `cut_repetition` comes before the structural cuts, which would mistake a repetition for
    structure.
6.  `stay_in_scope` and `stop_at_next_lines` cut whole lines; they come before `join_line_suffix`,
    which needs to know the last line.
7.  `join_line_suffix` decides what the candidate replaces, and so which brackets remain after the
    cursor.
8.  `stop_at_unopened_closer` needs these, so it is next.
9.  `trim_trailing_space` removes blanks that the cuts left.
10. `drop_too_short` checks the remaining text.
11. `keep_well_formed` is last, as it costs the most and the others repair what it would refuse.

If the model was stopped at an arbitrary token, `cut_unfinished` comes first. It runs once: a second
run would mistake the end that the first run made for an unfinished one.
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
    drop_unshowable: "it contains characters that cannot be shown",
    drop_unexpected_indent: "it would move the code after it to another column",
    drop_prefix_echo: "it only repeats the text before the cursor",
    keep_first_line: "it begins with a line break: the line is complete",
    cut_repetition: "it only repeats itself or the lines above",
    stay_in_scope: "it belongs to a different block than the cursor",
    stop_at_next_lines: "it only repeats the lines after the cursor",
    join_line_suffix: "it only repeats the text after the cursor",
    stop_at_unopened_closer: "it closes a bracket that is not open",
    trim_trailing_space: "it contains only blanks",
    drop_too_short: "it is too short to be worth accepting",
    keep_well_formed: "it would leave a syntax error",
})  # fmt: skip
"""Reasons to show to the user if a filter drops a candidate."""


@dataclass(frozen=True)
class Cleaned:
    """The candidate after the filters, the filters that changed it, and why it was dropped."""

    candidate: Candidate | None
    changed_by: tuple[str, ...]
    """Names of the filters that changed the candidate."""
    why_dropped: str = ""
    """Reason to show to the user if the last of them dropped it."""


def clean(candidate: Candidate, context: CursorContext, *, is_unfinished: bool = False) -> Cleaned:
    """Run a candidate through all filters until none of them changes it.

    A cut can expose what an earlier filter looks for, so one round is not always enough. The loop
    ends, as filters only cut text, widen the replaced range or normalize blanks.

    Args:
        candidate: The model's text.
        context: The cursor that it is for.
        is_unfinished: Whether the model was stopped at an arbitrary place.
    """
    in_line = min(max(candidate.replaced_chars, 0), len(context.line_suffix))
    before, current = None, replace(candidate, replaced_chars=in_line)
    changed_by: list[str] = []
    filters = (cut_unfinished, *FILTERS) if is_unfinished else FILTERS
    while current != before:
        before = current
        for one in filters:
            if one is keep_well_formed and current != before:
                break  # it parses, so it runs only once no other filter changes anything
            kept = one(current, context)
            if kept != current:
                changed_by.append(one.__name__)
            if kept is None:
                return Cleaned(None, tuple(changed_by), WHY_DROPPED[one])
            current = kept
        filters = FILTERS
    return Cleaned(current, tuple(changed_by))
