"""States of a training on disk: written whole or not at all."""

import errno
import os
from pathlib import Path
from typing import Any

import torch

from assist_server.errors import InputError
from assist_server.training.loop.resources import disk_error

LATEST, STABLE = "latest.pt", "stable.pt"
"""The newest state, and the newest one from before the decay."""


def save_state(state: dict[str, Any], file: Path) -> None:
    """Write a state; what was there before stays until the new one is complete.

    Raises:
        AssistError: it cannot be written; the one before is untouched.
    """
    unfinished = file.with_suffix(".new")
    try:
        with unfinished.open("wb") as stream:
            torch.save(state, stream)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(file)
    except (OSError, RuntimeError) as error:
        unfinished.unlink(missing_ok=True)
        # torch's writer hides what the system said behind an error of its own.
        cause = error if isinstance(error, OSError) else error.__context__
        if not isinstance(cause, OSError):
            cause = OSError(errno.EIO, str(error).partition("\n")[0])
        kept = f"the last saved state is kept in {str(file)!r}: make room and add --resume"
        raise disk_error(cause, kept) from error


def link_state(file: Path, name: Path) -> None:
    """Keep a state under a second name; costs no room until the first one is replaced."""
    unfinished = name.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    try:
        os.link(file, unfinished)
    except OSError:  # not every file system has links
        save_state(read_state(file), unfinished.with_suffix(".pt"))
        return
    unfinished.replace(name)


def read_state(file: Path) -> dict[str, Any]:
    """Read a state.

    Raises:
        InputError: there is none, or it cannot be read.
    """
    try:
        state: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for a broken file
        raise InputError(f"there is no state of a training in {str(file)!r} ({error})") from error
    return state
