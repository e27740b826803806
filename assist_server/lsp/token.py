"""The token that protects a listening port, in a file that only the user can read.

Every program on the machine can reach a port, including other users' programs and web pages.
"""

import os
import secrets
import stat
from pathlib import Path

from assist_server.errors import InputError

_MIN_CHARS = 16


def read_or_make_token(path: Path) -> str:
    """Return the token in a file; create the file if it is missing.

    Raises:
        InputError: other users can read the file, or it has no usable token.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make(path)
        token = _read(path)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        raise InputError(
            f"cannot use the token file {str(path)!r}: {reason}; choose another with --token-file"
        ) from error
    if len(token) < _MIN_CHARS:
        raise InputError(
            f"the token in {str(path)!r} has fewer than {_MIN_CHARS} characters; "
            "remove the file to get a new one"
        )
    return token


def _make(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(32) + "\n")


def _read(path: Path) -> str:
    if not path.is_file():
        raise InputError(f"the token file {str(path)!r} is not a regular file; choose another")
    with path.open(encoding="utf-8") as file:
        found = os.fstat(file.fileno())
        if os.name == "posix" and (found.st_uid != os.getuid() or found.st_mode & 0o077):
            mode = stat.filemode(found.st_mode)
            raise InputError(
                f"other users may read the token file {str(path)!r} ({mode}); run chmod 600 on it, "
                "or remove it to get a new one"
            )
        return file.read(4096).strip()
