"""Start and end of the process, with any streams and working folder."""

import contextlib
import os
import sys
import threading
from typing import NoReturn

_STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def begin() -> None:
    """Replace closed streams and a removed working folder."""
    for descriptor, (name, mode) in enumerate(_STREAMS):
        if getattr(sys, name) is None:
            # Otherwise the next opened file would get this descriptor, and all output.
            _open_nothing(descriptor)
            setattr(sys, name, os.fdopen(descriptor, mode, encoding="utf-8", closefd=False))
    try:
        os.stat(os.getcwd())  # noqa: PTH109, PTH116 - Path.cwd() is what fails
    except OSError:
        leave_working_folder()


def leave_working_folder() -> None:
    """Change to the root folder, which cannot be removed."""
    os.chdir(os.sep)


def end(code: object) -> NoReturn:
    """Exit with a code as `sys.exit` takes it.

    At interpreter shutdown, a daemon thread inside a library, as after an interrupted load, would
    abort the process, and output that cannot be written would cause an error message. Then the
    process exits at once.
    """
    number = code if isinstance(code, int) else int(code is not None)
    is_written = all([_flush(sys.stdout), _flush(sys.stderr)])
    if not is_written or any(thread.daemon for thread in threading.enumerate()):
        os._exit(number)
    sys.exit(number)


def _flush(stream: object) -> bool:
    """Flush a stream; return False if it cannot be written."""
    with contextlib.suppress(OSError, ValueError):
        stream.flush()  # type: ignore[attr-defined]
        return True
    return False


def _open_nothing(descriptor: int) -> None:
    opened = os.open(os.devnull, os.O_RDWR)
    if opened != descriptor:
        os.dup2(opened, descriptor)
        os.close(opened)
