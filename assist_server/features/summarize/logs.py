"""Summaries of logs: time span, levels, errors, and the messages that are repeated most."""

from collections import Counter
from dataclasses import dataclass, field

from assist_server.context.selection import Selection
from assist_server.features.summarize.facts import Fact, Facts, counted, listed, quoted
from assist_server.features.summarize.log_entries import Entry, read_entry
from assist_server.features.summarize.log_patterns import ANY, Pattern, Patterns

_MAX_REPEATED = 6
_MAX_LINES_OF_END = 50_000
"""Number of lines read at either end of a log."""


@dataclass
class _Log:
    """The counts of a log up to the last line read."""

    lines: int = 0
    times: list[str] = field(default_factory=list)
    """The first and the last time."""
    levels: Counter[str] = field(default_factory=Counter)
    errors: list[tuple[int, Entry]] = field(default_factory=list)
    """The first and the last error."""
    ends: list[tuple[int, Entry]] = field(default_factory=list)
    """The first and the last entry."""
    patterns: Patterns = field(default_factory=Patterns)

    def add(self, line: int, entry: Entry) -> None:
        """Count an entry."""
        self.ends = [*self.ends[:1], (line, entry)]
        if entry.time:
            self.times = [*self.times[:1], entry.time]
        if entry.level:
            self.levels[entry.level] += 1
        if entry.level == "error":
            self.errors = [*self.errors[:1], (line, entry)]
        self.patterns.add(entry.message, line, entry.level)


def describe_log(selection: Selection) -> Facts:
    """Return the facts of a log."""
    log = _Log()
    first, last = selection.line_at(0), selection.line_at(len(selection.text) - 1)
    skipped = range(first + _MAX_LINES_OF_END, last + 1 - _MAX_LINES_OF_END)
    log.lines = last - first + 1
    for number, line in selection.numbered_lines(skipped):
        entry = read_entry(line)
        if entry is None and line[:1].strip():
            entry = Entry("", "", line)
        if entry is not None:
            log.add(number, entry)
    note = ""
    if skipped:
        note = f" Its lines {skipped[0]:,} to {skipped[-1]:,} were not read."
    items = [*_errors(log), *_repetitions(log)] or _ends(log)
    return Facts(f"{_headline(log)}{note}", tuple(items))


def _headline(log: _Log) -> str:
    what = f"{counted(log.lines, 'line')} of a log"
    if log.times:
        first, last = log.times[0], log.times[-1]
        what += f" at {first}" if first == last else f" from {first} to {last}"
    levels = ["error", "warning"] if log.levels.total() else []
    graver = [counted(log.levels[one], one) if log.levels[one] else f"no {one}s" for one in levels]
    others = [f"{log.levels[one]:,} {one}" for one in ("info", "debug") if log.levels[one]]
    counts = listed([*graver, *others])
    return f"{counts[:1].upper()}{counts[1:]}{' in ' if counts else ''}{what}."


def _errors(log: _Log) -> list[Fact]:
    names = ["first error", "last error"] if len(log.errors) > 1 else ["error"]
    return [
        Fact(name, line, quoted(entry.message, 160))
        for name, (line, entry) in zip(names, log.errors, strict=False)
    ]


def _ends(log: _Log) -> list[Fact]:
    names = ["first entry", "last entry"] if len(log.ends) > 1 else []
    return [
        Fact(name, line, quoted(entry.message, 160))
        for name, (line, entry) in zip(names, log.ends, strict=False)
    ]


def _repetitions(log: _Log) -> list[Fact]:
    """Return the patterns that occur more than once: errors and warnings, then the others."""
    repeated = sorted(
        (one for one in log.patterns if one.count > 1 and set(one.words) != {ANY}),
        key=lambda one: -one.count,
    )
    errors, warnings, others = (
        [one for one in repeated if (one.level if one.level in _GRAVE else "") == level]
        for level in (*_GRAVE, "")
    )
    chosen = [*errors[:_MAX_REPEATED], *warnings[:_MAX_REPEATED], *others[:_MAX_REPEATED]]
    return [Fact(f"{one.count:,} times", one.line, _shown(one)) for one in chosen]


_GRAVE = ("error", "warning")


def _shown(one: Pattern) -> str:
    level = f"{one.level} " if one.level in _GRAVE else ""
    return f"{level}{quoted(one.text, 120)}"
