"""Printing of text from files, whose control characters must not reach a terminal."""

import re
import sys

import typer
from rich.console import Console
from rich.text import Text

from assist_server.errors import printable

_OBEYED = re.compile(r"[^\n\r\t]|\r(?!\n)")
"""Everything except line ends and tabs, which are layout."""


def say(text: str, *, nl: bool = True) -> None:
    """Print a text: unchanged to programs, with escaped control characters to a terminal."""
    # Otherwise Click would remove colours from what programs get.
    typer.echo(spelled_out(text) if is_terminal() else text, nl=nl, color=True)


def is_terminal() -> bool:
    """Return whether standard output is a terminal."""
    return sys.stdout.isatty()


def spelled_out(text: str) -> str:
    """Return a text of several lines with control characters escaped."""
    return _OBEYED.sub(lambda found: printable(found.group()), text)


def last_lines(text: str, console: Console) -> Text:
    """Return the end of a text, where it grows, as far as it fits on a terminal."""
    lines = Text(text).wrap(console, console.width)
    return Text("\n").join(lines[-max(1, console.height - 1) :])
