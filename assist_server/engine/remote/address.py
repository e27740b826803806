"""The address of a server and the key for it, checked before anything is sent."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from assist_server.engine.remote.system_keyring import find_key
from assist_server.errors import ModelError
from assist_server.settings import RemoteSettings

_MASK = "(key)"
_PORTS = {"http": 80, "https": 443}
_AFTER_BRACKET = re.compile(r"\][^:]")


@dataclass(frozen=True)
class ServerAddress:
    """The address of a server, and the key that it requires."""

    url: str
    """Without `/v1` and a slash at its end."""
    host: str
    """Host and port, for the user."""
    is_loopback: bool
    key: str = field(default="", repr=False)

    def masked(self, text: str) -> str:
        """Return a text without the key, which a server may repeat in a message."""
        return text.replace(self.key, _MASK) if self.key else text


def read_address(settings: RemoteSettings, environment: Mapping[str, str]) -> ServerAddress:
    """Return the address in the settings, with the key from the environment or the keyring.

    This may wait for the user, who is asked to unlock the keyring.

    Raises:
        ModelError: the address or the key cannot be used, or the text would cross a network
            unencrypted.
    """
    parts = _split(settings.url)
    host = parts.hostname or ""
    is_loopback = _is_loopback(host)
    if parts.scheme == "http" and not is_loopback and not settings.allow_insecure:
        raise ModelError(
            f"remote.url is plain http to {host!r}, so everyone on the way could read your text; "
            "use https, or set remote.allow_insecure to true if you trust the network"
        )
    url = server_url(settings.url)
    key = _read_key(settings, url, environment)
    return ServerAddress(url, parts.netloc, is_loopback, key)


def server_url(url: str) -> str:
    """Return an address without `/v1` and a slash at its end; the keyring has keys by it.

    Raises:
        ModelError: it is not the address of a server.
    """
    parts = _split(url)
    host = parts.hostname or ""  # in lower case
    host = f"[{host}]" if ":" in host else host
    port = "" if parts.port in {None, _PORTS[parts.scheme]} else f":{parts.port}"
    path = parts.path.rstrip("/").removesuffix("/v1")
    return f"{parts.scheme}://{host}{port}{path}"


def is_usable_key(key: str) -> bool:
    """Return whether a header of HTTP can hold a key."""
    return bool(key) and key.isascii() and key.isprintable()


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
        is_usable = is_usable and parts.port != 0  # reading the port checks it
        # Others might read another host than this.
        is_usable = is_usable and not _AFTER_BRACKET.search(parts.netloc)
        is_usable = is_usable and (parts.netloc + parts.path).isprintable()
    except ValueError:
        is_usable = False
    if not is_usable:
        raise ModelError(
            "remote.url is not the address of a server; write it like 'http://127.0.0.1:8080'"
        )
    if "@" in parts.netloc:
        raise ModelError(
            "the address contains a password, which would be shown with it; put the key into an "
            "environment variable and its name into remote.key_variable"
        )
    if parts.query or parts.fragment:
        raise ModelError("remote.url has a part after '?' or '#'; remove that part")
    return parts


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"  # a name below it may be that of another machine


def _read_key(settings: RemoteSettings, url: str, environment: Mapping[str, str]) -> str:
    """Return the key; empty if the settings name none."""
    if settings.key_variable:
        return _key_of_variable(settings.key_variable, environment)
    if not settings.key_in_keyring:
        return ""
    key = find_key(url).strip()
    if not is_usable_key(key):
        raise ModelError(
            f"the system's keyring has no key for {url} that can be used; store it with "
            f"`assist-server key set {url}`, then restart the server in your editor"
        )
    return key


def _key_of_variable(variable: str, environment: Mapping[str, str]) -> str:
    """Return the key; messages do not quote the variable, as some paste the key in its place."""
    key = environment.get(variable, "").strip()
    if not key:
        raise ModelError(
            "the environment variable that remote.key_variable names is not set where the server "
            "was started; set it, or leave remote.key_variable empty (it takes the name, not the "
            "key itself). A server that windows share gets only names that end in _KEY or _TOKEN"
        )
    if not is_usable_key(key):
        raise ModelError(
            "the environment variable that remote.key_variable names holds characters that no key "
            "has; set it again"
        )
    return key
