"""The address of a server and the key for it, checked before anything is sent."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from assist_server.errors import ModelError
from assist_server.settings import RemoteSettings

_MASK = "(key)"
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
    """Return the address in the settings, with the key from the environment.

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
    path = parts.path.rstrip("/").removesuffix("/v1")
    return ServerAddress(
        f"{parts.scheme}://{parts.netloc}{path}",
        parts.netloc,
        is_loopback,
        _read_key(settings.key_variable, environment),
    )


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
            "remote.url contains a password, which would be shown with it; put the key into an "
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


def _read_key(variable: str, environment: Mapping[str, str]) -> str:
    """Return the key; messages do not quote the variable, as some paste the key in its place."""
    if not variable:
        return ""
    key = environment.get(variable, "").strip()
    if not key:
        raise ModelError(
            "the environment variable that remote.key_variable names is not set where the server "
            "was started; set it, or leave remote.key_variable empty (it takes the name, not the "
            "key itself). A server that windows share gets only names that end in _KEY or _TOKEN"
        )
    if not (key.isascii() and key.isprintable()):
        raise ModelError(
            "the environment variable that remote.key_variable names holds characters that no key "
            "has; set it again"
        )
    return key
