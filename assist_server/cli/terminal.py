"""Printing of text from files, whose control characters must not reach a terminal."""

import re
import sys

import typer

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
