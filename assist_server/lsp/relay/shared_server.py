"""The server that the windows of one user share: where it listens, and how it is started."""

import contextlib
import hashlib
import os
import re
import socket
import stat
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from assist_server import __version__
from assist_server.errors import InputError
from assist_server.search_path import PYTHON, child_environment

SERVER_COMMAND = (*PYTHON, "-m", "assist_server", "serve")

_ENVIRONMENT = re.compile(
    r"HOME|USER|LOGNAME|TZ|TMPDIR|XDG_(CONFIG|CACHE|DATA)_HOME|PYTHON\w+"
    r"|(LD|DYLD)_\w+|(OMP|GOMP|KMP|MKL|OPENBLAS|ATEN|TORCH|PYTORCH)\w*|MALLOC_\w+"
    r"|(CUDA|CUBLAS|CUDNN|NVIDIA|NCCL|HIP|ROCR|HSA|MIOPEN|AMD|GPU|ZE|SYCL|ONEAPI)_\w+"
    r"|NIX_LD\w*|DBUS_SESSION_BUS_ADDRESS|KEYRING_PROPERTY_\w+|KEYCHAIN_PATH"
    r"|(HF|HUGGING_?FACE|TRANSFORMERS|TOKENIZERS|SAFETENSORS)_\w+"
    r"|(?i:(HTTP|HTTPS|ALL|NO)_PROXY)|SSL_CERT_\w+|(REQUESTS|CURL)_CA_BUNDLE"
    r"|(?!XDG_|VSCODE_|KITTY_)\w+_(KEY|TOKEN)"
)
"""The variables that the server or its libraries read, among them those by which the system's
keyring is found. `remote.key_variable` names one that ends in `_KEY` or `_TOKEN`."""

_SHELL = ("/bin/sh", "-c", '"$@" &', "sh")
"""Starts a command that is no child: editors end the children of what they started, too."""

_BACKLOG = 128
_MAX_LOG_BYTES = 1 << 20


@dataclass(frozen=True)
class SharedServer:
    """The server of one installation, user and environment, running or not."""

    path: Path
    """Its socket, in a folder that only the user can enter."""
    environment: Mapping[str, str]
    """All that it has of the environment of the window that starts it."""
    command: tuple[str, ...] = SERVER_COMMAND
    """Starts it, with the options of a socket that already listens."""

    @classmethod
    def of(
        cls, environment: Mapping[str, str], command: tuple[str, ...] = SERVER_COMMAND
    ) -> "SharedServer":
        """Return the server for a relay with this environment.

        Its name is a digest of all in which two windows may differ, so that no window is served by
        another version, with another's settings, or with variables of another's project.
        """
        found = {**environment, "PYTHONPATH": child_environment()["PYTHONPATH"]}
        kept = {name: found[name] for name in sorted(found) if _ENVIRONMENT.fullmatch(name)}
        identity = repr((__version__, command, kept)).encode("utf-8", "surrogateescape")
        name = hashlib.sha256(identity).hexdigest()[:16]
        return cls(
            _runtime_folder(environment) / f"{name}.sock",
            {**kept, "PATH": os.defpath},
            command,
        )

    @property
    def log(self) -> Path:
        """Return the file with what it writes to standard error."""
        return self.path.with_suffix(".log")

    def join(self) -> socket.socket:
        """Connect to the server; start it if it does not run.

        Raises:
            InputError: the folder is open to others, or the server cannot be started.
        """
        try:
            create_or_check_private(self.path.parent)
            with self._locked():
                try:
                    return self._connect()
                except (FileNotFoundError, ConnectionRefusedError):
                    return self._start()
        except (OSError, subprocess.SubprocessError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise InputError(f"cannot use {str(self.path)!r}: {reason}") from error

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep other relays from starting a server at the same time."""
        import fcntl  # noqa: PLC0415 - missing on Windows, where this module is imported, too

        with self.path.with_suffix(".lock").open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _connect(self) -> socket.socket:
        if self.path.lstat().st_uid != os.getuid():
            raise InputError(f"{str(self.path)!r} belongs to another user; remove it")
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(self.path))
        except OSError:
            connection.close()
            raise
        return connection

    def _start(self) -> socket.socket:
        """Start the server with a socket that listens already, and connect: nobody has to wait."""
        self.path.unlink(missing_ok=True)  # the server was killed
        with socket.socket(socket.AF_UNIX) as listener, self._open_log() as log:
            listener.bind(str(self.path))
            self.path.chmod(0o600)
            listener.listen(_BACKLOG)
            descriptor = listener.fileno()
            options = ("--unix", str(self.path), "--inherited", str(descriptor))
            subprocess.run(  # noqa: S603 - this interpreter and this package
                [*_SHELL, *self.command, *options],
                check=True,
                cwd=os.sep,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[descriptor],
                start_new_session=True,
            )
            return self._connect()

    def _open_log(self) -> contextlib.AbstractContextManager[int]:
        with contextlib.suppress(FileNotFoundError):
            if self.log.stat().st_size > _MAX_LOG_BYTES:
                self.log.unlink()
        return self.log.open("ab")  # type: ignore[return-value]


def can_share() -> bool:
    """Return whether this system has Unix sockets, and shells that start the server."""
    return os.name == "posix" and hasattr(socket, "AF_UNIX")


def create_or_check_private(folder: Path) -> None:
    """Create a folder that only the user can enter, or check one.

    Raises:
        InputError: the folder is open to other users.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found, itself = folder.stat(), folder.lstat()  # another user could change where a link leads
    is_own = found.st_uid == itself.st_uid == os.getuid()
    if not is_own or stat.S_IMODE(found.st_mode) & 0o077:
        raise InputError(
            f"the folder {str(folder)!r} is open to other users; "
            "choose another, or run chmod 700 on it"
        )


def _runtime_folder(environment: Mapping[str, str]) -> Path:
    """Return the folder for sockets; one with the user's id where other users have theirs."""
    own = environment.get("XDG_RUNTIME_DIR")
    if own:
        return Path(own, "assist-server")
    return Path(environment.get("TMPDIR") or "/tmp", f"assist-server-{os.getuid()}")  # noqa: S108
