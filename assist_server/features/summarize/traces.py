"""Summaries of stack traces: the exception, where it was raised, and what caused it."""

from pathlib import PurePosixPath

from assist_server.context.selection import Selection
from assist_server.features.summarize.facts import Fact, Facts, counted, quoted
from assist_server.features.summarize.trace_formats import (
    Frame,
    Raised,
    language_of,
    read_traces,
)

_CAUSE_FIRST = "Python"


def describe_trace(selection: Selection) -> Facts | None:
    """Return the facts of a stack trace; None if there is none."""
    language = language_of(line for _, line in selection.numbered_lines())
    if language is None:
        return None
    traces = read_traces(selection.numbered_lines(), language)
    if not traces:
        return None
    if language == _CAUSE_FIRST:
        traces.reverse()
    shown, *causes = traces
    root = traces[-1]
    where = (root.origin or shown.origin) if not root.frames or root is shown else root.origin
    return Facts(
        _headline(shown, root, where, language),
        (*_places(shown, root), *(_cause(one, root) for one in causes)),
    )


def _headline(shown: Raised, root: Raised, where: Frame | None, language: str) -> str:
    named = quoted(shown.what, 140) if shown.what else f"A {language} exception that is not shown"
    cause = f", caused by {quoted(root.what, 100)}" if root is not shown and root.what else ""
    place = f", raised in {_place(where)}" if where else ""
    return f"{named}{cause}{place}."


def _place(frame: Frame) -> str:
    name = quoted(frame.function, 80) if frame.function else ""
    file = quoted(_short(frame.file), 80) if frame.file else ""
    number = f", line {frame.file_line}" if frame.file_line else ""
    return f"{' of '.join(filter(None, [name, file]))}{number}" if name or file else "native code"


def _short(path: str) -> str:
    """Return the end of a path, which tells files apart."""
    parts = PurePosixPath(path.replace("\\", "/")).parts
    return "/".join(parts[-3:]) if len(parts) > 3 else path


def _places(shown: Raised, root: Raised) -> list[Fact]:
    facts = []
    for each, name in ((root, "innermost"), (shown, "outermost")):
        if each.frames:
            frames = each.frames if each.is_newest_first else each.frames[::-1]
            own = [frame for frame in frames if frame.is_own]
            chosen = own or frames
            frame = chosen[0] if name == "innermost" else chosen[-1]
            kind = "own call" if own else "call"
            total = f", of {counted(len(frames), 'call')}" if len(frames) > 1 else ""
            facts.append(Fact(f"{name} {kind}{total}", frame.line, _place(frame)))
    return facts[:1] if len(facts) > 1 and facts[0].line == facts[1].line else facts


def _cause(raised: Raised, root: Raised) -> Fact:
    name = "first cause" if raised is root else "caused by"
    place = f", raised in {_place(raised.origin)}" if raised.origin else ""
    return Fact(name, raised.line, f"{quoted(raised.what or 'not shown', 140)}{place}")
