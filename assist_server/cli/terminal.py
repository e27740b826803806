"""Printing what comes out of files: a terminal must obey nothing of it."""

import re
import sys

import typer

from assist_server.errors import printable

_OBEYED = re.compile(r"[^\n\r\t]|\r(?!\n)")
"""Line ends and tabs are the layout that a text is shown with."""


def say(text: str, *, nl: bool = True) -> None:
    """Print a text: to programs as it is, to people with control characters spelled out."""
    # Click would take colours out of what programs get.
    typer.echo(spelled_out(text) if is_terminal() else text, nl=nl, color=True)


def is_terminal() -> bool:
    """Return whether people see what is printed."""
    return sys.stdout.isatty()


def spelled_out(text: str) -> str:
    """Return a text of several lines with all that a terminal would obey spelled out."""
    return _OBEYED.sub(lambda found: printable(found.group()), text)
