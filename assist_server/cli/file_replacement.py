"""A file's content replaced by another, without losing what somebody saved meanwhile."""

import contextlib
import importlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from assist_server.cli.inputs import refuse_special
from assist_server.errors import InputError

fcntl: ModuleType | None
try:
    fcntl = importlib.import_module("fcntl")
except ImportError:  # Windows
    fcntl = None


def replace_file(file: Path, before: bytes, after: bytes) -> None:
    """Write a file so that it is never seen half-written, if it is still what was read.

    Owner, mode and extended attributes stay; what could not keep them is refused.

    Raises:
        InputError: it was changed meanwhile or cannot be written; its content is still there.
    """
    target = file.resolve()
    try:
        with _locked(target) as status:
            _refuse_unwritable(file, target, status)
            if target.read_bytes() != before:
                raise InputError(
                    f"{str(file)!r} was changed meanwhile; it is left as it is now: ask again"
                )
            _swap(target, after, status)
    except OSError as error:
        raise InputError(
            f"cannot write {str(file)!r}: {error.strerror}; it is unchanged"
        ) from error


@contextlib.contextmanager
def _locked(target: Path) -> Iterator[os.stat_result]:
    """Keep other writers of this program out until the file at a path has been replaced.

    Where there are no such locks nobody is kept out, and nothing is held open either: Windows
    replaces no file that is.
    """
    refuse_special(target)
    if fcntl is None:
        yield target.stat()
        return
    while True:
        with target.open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            held, current = os.fstat(stream.fileno()), target.stat()
            if (held.st_dev, held.st_ino) == (current.st_dev, current.st_ino):
                yield current
                return
        # Another writer has put a new file in its place while we waited.


def _refuse_unwritable(file: Path, target: Path, status: os.stat_result) -> None:
    if not os.access(target, os.W_OK) or not status.st_mode & 0o222:
        raise InputError(
            f"cannot write {str(file)!r}: it is write-protected; it is unchanged. "
            "Use --diff to see what would change"
        )
    if status.st_nlink > 1:
        raise InputError(
            f"cannot write {str(file)!r}: it has {status.st_nlink} names (hard links), which a "
            "new file would part; it is unchanged. Use --diff and apply it"
        )


def _swap(target: Path, content: bytes, status: os.stat_result) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            _copy_owner_and_attributes(target, stream.fileno(), status)
            os.fsync(stream.fileno())
        Path(temporary).replace(target)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise


def _copy_owner_and_attributes(source: Path, descriptor: int, status: os.stat_result) -> None:
    made = os.fstat(descriptor)
    if (made.st_uid, made.st_gid) != (status.st_uid, status.st_gid):
        os.fchown(descriptor, status.st_uid, status.st_gid)
    if hasattr(os, "fchmod"):  # Windows: the mode is that of the folder
        os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
    if hasattr(os, "listxattr"):
        for name in os.listxattr(source):
            os.setxattr(descriptor, name, os.getxattr(source, name))
