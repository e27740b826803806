"""Keystroke traces: real files, and what is typed at places in them; the same for the same seed."""

import random
import re
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assist_server.text.indentation import leading_whitespace
from assist_server.text.lines import LineIndex

_FEWEST_LINES, _MOST_LINES = 100, 3000
_EDGE_SHARE = 0.1
"""Part of a file at either end where no place is chosen: licences, and what comes last."""

_LEAST_PIECE_SHARE = 0.7
"""How nearly as long as it is asked for a piece of a file must be."""

_COPIED_LINES, _GIVEN_LINES = 16, 4
"""How many lines stand twice, and how many of them the second time."""

_KEY = re.compile(r"\n[ \t]*|.", re.DOTALL)
"""What one key writes: a character, or a line end with the indentation that editors add."""

_DEFINITION = re.compile(r"(?<=\n\n)(?=@|def |class )")


@dataclass(frozen=True)
class SourceFile:
    """A file to type in."""

    name: str
    text: str


@dataclass(frozen=True)
class Trace:
    """A file from which some text is missing, and the keys that write it again."""

    name: str
    before: str
    keys: tuple[str, ...]
    behind: str
    """From a line end on, so that the cursor is never inside a word."""

    @property
    def start_text(self) -> str:
        """The file before the first key."""
        return self.before + self.behind

    def states(self) -> Iterator[tuple[str, int]]:
        """The text of the file and the offset of the cursor behind each key."""
        written = self.before
        for key in self.keys:
            written += key
            yield written + self.behind, len(written)


def library_files(seed: int) -> list[SourceFile]:
    """Files of the standard library of middling length, in an order that the seed decides."""
    files = []
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        text = path.read_text(encoding="utf-8")
        if _FEWEST_LINES <= text.count("\n") <= _MOST_LINES:
            files.append(SourceFile(path.name, text))
    random.Random(seed).shuffle(files)  # noqa: S311 - repeatable, not secret
    return files


def make_traces(files: Sequence[SourceFile], characters: int, seed: int) -> list[Trace]:
    """A trace in each file, at a line that the seed decides."""
    choice = random.Random(seed)  # noqa: S311 - repeatable, not secret
    return [trace_at(file, _choose_place(file.text, choice), characters) for file in files]


def trace_at(file: SourceFile, offset: int, characters: int) -> Trace:
    """Type `characters` keys from an offset on; the rest of their last line is missing as well."""
    keys = tuple(match.group() for match in _KEY.finditer(file.text, offset))[:characters]
    line_end = file.text.find("\n", offset + sum(map(len, keys)))
    behind = file.text[line_end:] if line_end >= 0 else ""
    return Trace(file.name, file.text[:offset], keys, behind)


def pieces(files: Sequence[SourceFile], lines: int) -> list[SourceFile]:
    """From each file that has such: whole definitions that are together nearly `lines` long.

    They parse by themselves, so that text around them changes nothing in them.
    """
    found = []
    for file in files:
        starts = [match.start() for match in _DEFINITION.finditer(file.text)]
        spans = [(s, e) for s in starts for e in starts if _is_nearly(file.text, s, e, lines)]
        found += [SourceFile(file.name, file.text[start:end]) for start, end in spans[:1]]
    return found


def lengthened(trace: Trace, lines: int) -> Trace:
    """The same typing in the middle of a file of about `lines` lines: generated functions."""
    missing = lines - trace.start_text.count("\n")
    count = max(0, missing) // _filler(0).count("\n")
    fillers = [_filler(number) for number in range(count)]
    before = "".join(fillers[: count // 2]) + trace.before
    return replace(trace, before=before, behind=trace.behind + "".join(fillers[count // 2 :]))


def copied(trace: Trace) -> Trace:
    """The place behind the first of some lines that stand a second time: the others may follow."""
    above = trace.before[: trace.before.rfind("\n") + 1]
    given = above.splitlines(keepends=True)[-_COPIED_LINES:][:_GIVEN_LINES]
    return Trace(trace.name, above + "".join(given), (), trace.behind)


def _filler(number: int) -> str:
    return f"def filler_{number}(value):\n    return value * {number}\n\n\n"


def _is_nearly(text: str, start: int, end: int, lines: int) -> bool:
    return lines * _LEAST_PIECE_SHARE <= text.count("\n", start, end) <= lines


def _choose_place(text: str, choice: random.Random) -> int:
    """Offset of the first character behind the indentation of a line that is not blank."""
    lines = LineIndex(text)
    edge = round(lines.line_count * _EDGE_SHARE)
    inner = range(edge, lines.line_count - edge)
    number = choice.choice([n for n in inner if lines.line_text(n).strip()])
    return lines.start_of(number) + len(leading_whitespace(lines.line_text(number)))
