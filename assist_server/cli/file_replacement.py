"""Replace a file's content without overwriting changes saved in the meantime."""

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
    """Write a file atomically if it is unchanged since it was read.

    Owner, mode and extended attributes are kept; files that could not keep them are refused.

    Raises:
        InputError: it was changed in the meantime or cannot be written; it keeps its content.
    """
    target = file.resolve()
    try:
        with _locked(target) as status:
            _refuse_unwritable(file, target, status)
            if target.read_bytes() != before:
                raise InputError(
                    f"{str(file)!r} was changed in the meantime and was left as it is; try again"
                )
            _swap(target, after, status)
    except OSError as error:
        raise InputError(
            f"cannot write {str(file)!r}: {error.strerror}; it is unchanged"
        ) from error


@contextlib.contextmanager
def _locked(target: Path) -> Iterator[os.stat_result]:
    """Lock a file against other processes of this program until it has been replaced.

    Without such locks, on Windows, nothing is locked or held open: an open file cannot be replaced
    there.
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
        # Another process has replaced the file while this one waited.


def _refuse_unwritable(file: Path, target: Path, status: os.stat_result) -> None:
    if not os.access(target, os.W_OK) or not status.st_mode & 0o222:
        raise InputError(
            f"cannot write {str(file)!r}: it is write-protected; it is unchanged. "
            "Use --diff to see what would change"
        )
    if status.st_nlink > 1:
        raise InputError(
            f"cannot write {str(file)!r}: it has {status.st_nlink} hard links, which a new file "
            "would separate; it is unchanged. Use --diff and apply the diff"
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
