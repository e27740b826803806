"""Keystroke traces: real files and text to type in them; the same for the same seed."""

import random
import re
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from assist_server.text.indentation import leading_whitespace
from assist_server.text.lines import LineIndex

_MIN_LINES, _MAX_LINES = 100, 3000
_EDGE_SHARE = 0.1
"""Share of a file at either end where no place is chosen, such as licences."""

_MIN_PIECE_SHARE = 0.7
"""Minimum length of a piece of a file, relative to the requested one."""

_COPIED_LINES, _GIVEN_LINES = 16, 4
"""Lines to copy from, and how many of them are repeated before the cursor."""

_KEYSTROKE = re.compile(r"\n[ \t]*|.", re.DOTALL)
"""Text of one keystroke: a character, or a line end with the indentation that editors add."""

_DEFINITION = re.compile(r"(?<=\n\n)(?=@|def |class )")


@dataclass(frozen=True)
class SourceFile:
    """A file to type in."""

    name: str
    text: str


@dataclass(frozen=True)
class Trace:
    """A file with some text removed, and the keystrokes that type it again."""

    name: str
    before: str
    keystrokes: tuple[str, ...]
    after: str
    """Text from a line end on, so that the cursor is never inside a word."""

    @property
    def start_text(self) -> str:
        """Return the file before the first keystroke."""
        return self.before + self.after

    def states(self) -> Iterator[tuple[str, int]]:
        """Yield the text of the file and the offset of the cursor after each keystroke."""
        written = self.before
        for keystroke in self.keystrokes:
            written += keystroke
            yield written + self.after, len(written)


def library_files(seed: int) -> list[SourceFile]:
    """Return files of the standard library of medium length, shuffled by the seed."""
    files = []
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        text = path.read_text(encoding="utf-8")
        if _MIN_LINES <= text.count("\n") <= _MAX_LINES:
            files.append(SourceFile(path.name, text))
    random.Random(seed).shuffle(files)  # noqa: S311 - repeatable, not secret
    return files


def make_traces(files: Sequence[SourceFile], characters: int, seed: int) -> list[Trace]:
    """Return a trace in each file, at a random line."""
    choice = random.Random(seed)  # noqa: S311 - repeatable, not secret
    return [trace_at(file, _choose_place(file.text, choice), characters) for file in files]


def trace_at(file: SourceFile, offset: int, characters: int) -> Trace:
    """Return a trace of keystrokes from an offset; the rest of the last line is removed.

    The parameter `characters` is the number of keystrokes.
    """
    matches = islice(_KEYSTROKE.finditer(file.text, offset), characters)
    keystrokes = tuple(match.group() for match in matches)
    line_end = file.text.find("\n", offset + sum(map(len, keystrokes)))
    after = file.text[line_end:] if line_end >= 0 else ""
    return Trace(file.name, file.text[:offset], keystrokes, after)


def pieces(files: Sequence[SourceFile], lines: int) -> list[SourceFile]:
    """Return from each file, where possible, whole definitions of nearly `lines` lines in all.

    They parse by themselves, so that text around them does not change their meaning.
    """
    found = []
    for file in files:
        starts = [match.start() for match in _DEFINITION.finditer(file.text)]
        spans = [(s, e) for s in starts for e in starts if _is_nearly(file.text, s, e, lines)]
        found += [SourceFile(file.name, file.text[start:end]) for start, end in spans[:1]]
    return found


def lengthened(trace: Trace, lines: int) -> Trace:
    """Return the trace in the middle of a file of about `lines` lines of generated functions."""
    missing = lines - trace.start_text.count("\n")
    count = max(0, missing) // _filler(0).count("\n")
    fillers = [_filler(number) for number in range(count)]
    before = "".join(fillers[: count // 2]) + trace.before
    return replace(trace, before=before, after=trace.after + "".join(fillers[count // 2 :]))


def copied(trace: Trace) -> Trace:
    """Return a place after a partial copy of the lines above, where the rest may follow."""
    above = trace.before[: trace.before.rfind("\n") + 1]
    given = above.splitlines(keepends=True)[-_COPIED_LINES:][:_GIVEN_LINES]
    return Trace(trace.name, above + "".join(given), (), trace.after)


def _filler(number: int) -> str:
    return f"def filler_{number}(value):\n    return value * {number}\n\n\n"


def _is_nearly(text: str, start: int, end: int, lines: int) -> bool:
    return lines * _MIN_PIECE_SHARE <= text.count("\n", start, end) <= lines


def _choose_place(text: str, choice: random.Random) -> int:
    """Return the offset after the indentation of a random non-blank line."""
    lines = LineIndex(text)
    edge = round(lines.line_count * _EDGE_SHARE)
    inner = range(edge, lines.line_count - edge)
    number = choice.choice([n for n in inner if lines.line_text(n).strip()])
    return lines.start_of(number) + len(leading_whitespace(lines.line_text(number)))
