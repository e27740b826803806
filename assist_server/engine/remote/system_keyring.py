"""API keys in the keyring of the system, each stored by the address of its server."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from assist_server.errors import ModelError

_SERVICE = "assist-server"
_ELSE = "put the key into an environment variable and its name into remote.key_variable"


def find_key(url: str) -> str:
    """Return the key of a server, empty if there is none; may wait for the user to unlock it.

    Raises:
        ModelError: the keyring cannot be used.
    """
    with _opened() as keyring:
        return keyring.get_password(_SERVICE, url) or ""


def store_key(url: str, key: str) -> None:
    """Store the key of a server, in place of an earlier one.

    Raises:
        ModelError: the keyring cannot be used.
    """
    with _opened() as keyring:
        keyring.set_password(_SERVICE, url, key)


def remove_key(url: str) -> None:
    """Remove the key of a server.

    Raises:
        ModelError: the keyring cannot be used.
    """
    with _opened() as keyring:
        keyring.delete_password(_SERVICE, url)


@contextmanager
def _opened() -> Iterator[ModuleType]:
    """Lend the library `keyring`, and name what is wrong in one sentence.

    Each system has its own errors, and their text is not repeated: it may have the key in it.
    """
    try:
        import keyring  # noqa: PLC0415 - an optional extra
        from keyring.errors import NoKeyringError  # noqa: PLC0415
    except ImportError:
        raise ModelError(
            "the system's keyring needs the library keyring; run pip install "
            f"'assist-server[keyring]', or {_ELSE}"
        ) from None
    try:
        yield keyring
    except NoKeyringError:
        raise ModelError(f"there is no keyring on this system that can be used; {_ELSE}") from None
    except Exception as error:  # noqa: BLE001 - from D-Bus, Windows or macOS
        raise ModelError(
            f"the system's keyring cannot be used ({type(error).__name__}); unlock or repair "
            f"it, then try again or restart the server in your editor, or {_ELSE}"
        ) from None
