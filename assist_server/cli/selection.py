"""The text that a command is about: a file, some of its lines, or standard input."""

import re
import sys
from pathlib import Path

from assist_server.cli.inputs import decode_source, line_start
from assist_server.context.selection import Selection
from assist_server.context.snapshot import Snapshot
from assist_server.errors import InputError


def named_file(file: Path | None) -> Path | None:
    """Return the file that an argument names; None if it means standard input."""
    return None if file is None or str(file) == "-" else file


def read_standard_input() -> Snapshot:
    """Return standard input as a text for people.

    Raises:
        InputError: it is not text.
    """
    text = decode_source(sys.stdin.buffer.read(), "standard input")
    return Snapshot("stdin:", "text.txt", text)


def select_lines(snapshot: Snapshot, lines: str | None) -> Selection:
    """Return the lines from the first to the last, counted from 1; all lines for None.

    Raises:
        InputError: there are no such lines.
    """
    if lines is None:
        return Selection(snapshot, 0, len(snapshot.text))
    match = re.fullmatch(r"(\d+)(?::(\d+))?", lines)
    if match is None:
        raise InputError(f"--lines is {lines!r}; write the first and the last line, such as 10:20")
    first, last = int(match[1]), int(match[2] or match[1])
    if last < first:
        raise InputError(f"--lines is {lines!r}; write the first line first, such as 10:20")
    start = line_start(snapshot, first)
    line_start(snapshot, last)
    return Selection(snapshot, start, snapshot.lines.end_of(last - 1))
