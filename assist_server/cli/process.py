"""How the process begins and ends, whatever streams and folder it was started with."""

import contextlib
import os
import sys
import threading
from typing import NoReturn

_STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def begin() -> None:
    """Make up for what is missing: closed streams, and a working folder that is gone."""
    for descriptor, (name, mode) in enumerate(_STREAMS):
        if getattr(sys, name) is None:
            # Otherwise the next file that is opened would get the number, and what is printed.
            _open_nothing(descriptor)
            setattr(sys, name, os.fdopen(descriptor, mode, encoding="utf-8", closefd=False))
    try:
        os.stat(os.getcwd())  # noqa: PTH109, PTH116 - Path.cwd() is what fails
    except OSError:
        leave_working_folder()


def leave_working_folder() -> None:
    """Work in the root folder, which nobody removes."""
    os.chdir(os.sep)


def end(code: object) -> NoReturn:
    """End with an exit code as `sys.exit` takes it.

    A daemon thread in the middle of a library's code, as when loading was interrupted, would abort
    the process while the interpreter is taken down; what cannot be written, it would complain of.
    """
    number = code if isinstance(code, int) else int(code is not None)
    is_written = all([_flush(sys.stdout), _flush(sys.stderr)])
    if not is_written or any(thread.daemon for thread in threading.enumerate()):
        os._exit(number)
    sys.exit(number)


def _flush(stream: object) -> bool:
    """Write what a stream holds; False where nobody takes it."""
    with contextlib.suppress(OSError, ValueError):
        stream.flush()  # type: ignore[attr-defined]
        return True
    return False


def _open_nothing(descriptor: int) -> None:
    opened = os.open(os.devnull, os.O_RDWR)
    if opened != descriptor:
        os.dup2(opened, descriptor)
        os.close(opened)
