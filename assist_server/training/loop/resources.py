"""Preflight checks of memory and disk, and errors of full disks."""

import errno
import shutil
from pathlib import Path

import psutil

from assist_server.errors import AssistError, InputError

DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_SPARE_BYTES = 64 * 2**20


def check_disk(folder: Path, needed_bytes: int, what: str) -> None:
    """Check the free disk space of a folder.

    Raises:
        InputError: there is too little.
    """
    existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    free = shutil.disk_usage(existing).free
    if free < needed_bytes + _SPARE_BYTES:
        raise InputError(
            f"{what} needs {_megabytes(needed_bytes + _SPARE_BYTES)} in {str(folder)!r}, but "
            f"{_megabytes(free)} are free; free some or choose another folder with --out"
        )


def check_memory(
    needed_bytes: int,
    what: str,
    advice: str,
    memory: str = "memory",
    free_bytes: int | None = None,
) -> None:
    """Check the free memory: the machine's, or `free_bytes`.

    Raises:
        InputError: there is too little.
    """
    free = psutil.virtual_memory().available if free_bytes is None else free_bytes
    if free < needed_bytes:
        raise InputError(
            f"{what} needs about {_megabytes(needed_bytes)} of {memory}, but {_megabytes(free)} "
            f"are free; {advice}"
        )


def disk_error(error: OSError, kept: str) -> AssistError:
    """Return the error for a failed write; `kept` says what was not lost, and what to do."""
    is_full = error.errno in DISK_FULL
    reason = "the disk is full" if is_full else f"writing failed ({error.strerror or error})"
    return AssistError(f"{reason}; {kept}")


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.0f} MB"
