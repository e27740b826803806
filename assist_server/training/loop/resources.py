"""Whether memory and disk will do, found out before anything is begun."""

import errno
import shutil
from pathlib import Path

import psutil

from assist_server.errors import AssistError, InputError

DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_SPARE_BYTES = 64 * 2**20


def check_disk(folder: Path, needed_bytes: int, what: str) -> None:
    """Refuse to begin where a folder has too little room.

    Raises:
        InputError: the disk is too full.
    """
    existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    free = shutil.disk_usage(existing).free
    if free < needed_bytes + _SPARE_BYTES:
        raise InputError(
            f"{what} needs {_megabytes(needed_bytes + _SPARE_BYTES)} in {str(folder)!r} and "
            f"{_megabytes(free)} are free; free some or choose another folder with --out"
        )


def check_memory(
    needed_bytes: int,
    what: str,
    advice: str,
    memory: str = "memory",
    free_bytes: int | None = None,
) -> None:
    """Refuse to begin where there is too little memory: the machine's, or what is given.

    Raises:
        InputError: there is too little.
    """
    free = psutil.virtual_memory().available if free_bytes is None else free_bytes
    if free < needed_bytes:
        raise InputError(
            f"{what} needs about {_megabytes(needed_bytes)} of {memory} and {_megabytes(free)} are "
            f"free; {advice}"
        )


def disk_error(error: OSError, kept: str) -> AssistError:
    """A failed write in one sentence, which says what was not lost."""
    is_full = error.errno in DISK_FULL
    reason = "the disk is full" if is_full else f"writing failed ({error.strerror or error})"
    return AssistError(f"{reason}; {kept}")


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.0f} MB"
