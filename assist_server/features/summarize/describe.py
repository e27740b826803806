"""The facts of a selection, by its kind."""

from collections.abc import Callable
from dataclasses import replace

from assist_server.context.selection import Selection
from assist_server.features.summarize.code import describe_code
from assist_server.features.summarize.commits import describe_commits
from assist_server.features.summarize.data import describe_data
from assist_server.features.summarize.diffs import describe_diff
from assist_server.features.summarize.facts import Facts
from assist_server.features.summarize.kinds import TextKind, recognize
from assist_server.features.summarize.logs import describe_log
from assist_server.features.summarize.mails import describe_mail
from assist_server.features.summarize.markdown import describe_markdown
from assist_server.features.summarize.tables import describe_table
from assist_server.features.summarize.traces import describe_trace

_DESCRIBERS: dict[TextKind, Callable[[Selection], Facts | None]] = {
    TextKind.CODE: describe_code,
    TextKind.MARKDOWN: describe_markdown,
    TextKind.LOG: describe_log,
    TextKind.TRACE: describe_trace,
    TextKind.DIFF: describe_diff,
    TextKind.COMMITS: describe_commits,
    TextKind.TABLE: describe_table,
    TextKind.JSON: lambda selection: describe_data(selection, "JSON"),
    TextKind.TOML: lambda selection: describe_data(selection, "TOML"),
    TextKind.YAML: lambda selection: describe_data(selection, "YAML"),
    TextKind.MAIL: describe_mail,
}


_MAX_LINES = {
    TextKind.CODE: 15_000,
    TextKind.DIFF: 100_000,
    TextKind.COMMITS: 100_000,
    TextKind.TRACE: 10_000,
    TextKind.MAIL: 20_000,
    TextKind.MARKDOWN: 5_000,
}
"""Number of lines that are read of a kind that sets no other limit."""


def describe(selection: Selection) -> tuple[TextKind, Facts | None]:
    """Return the kind of a selection and its facts; prose has none but its sentences."""
    kind = recognize(selection)
    if kind not in _DESCRIBERS:
        return kind, None
    read, note = _limited(selection, _MAX_LINES.get(kind))
    facts = _DESCRIBERS[kind](read)
    if facts is None:
        return TextKind.PROSE, None
    return kind, replace(facts, headline=f"{facts.headline}{note}")


def _limited(selection: Selection, most_lines: int | None) -> tuple[Selection, str]:
    """Return the part of a selection that is read, and a sentence that says so if it is shorter."""
    lines = selection.snapshot.lines
    last = selection.line_at(0) - 1 + (most_lines or lines.line_count)
    if last >= lines.line_count or lines.start_of(last) >= selection.end:
        return selection, ""
    part = replace(selection, end=lines.start_of(last))
    return part, f" Only its first {most_lines:,} lines were read."
