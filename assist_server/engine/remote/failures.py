"""Failures of a server, each as one sentence for the user."""

import json
import re
from urllib.parse import urlsplit

import httpx2

from assist_server.engine.remote.address import ServerAddress
from assist_server.errors import ModelError, ModelServerError

_MAX_CHARS = 200
_KIND = re.compile(r"[a-z_]{1,60}")
"""The form of `type` in an error object: an identifier, so no text of the user."""
_BAD_REQUEST, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 400, 401, 403, 404
_TIMEOUT, _TOO_MANY = 408, 429


class UnexpectedAnswerError(ModelServerError):
    """The server has another interface, or another address."""


class KeyRefusedError(ModelServerError):
    """The server does not accept the key, or wants one."""


def refusal(address: ServerAddress, status: int, said: str) -> ModelError:
    """Return the error for an answer with another status than 200.

    A refusal of one request is a plain ModelError; anything else is a ModelServerError.
    """
    host = address.host
    # A part of the key would not be found.
    quoted = f": {_short(address.masked(said))}" if said else ""
    if status in {_UNAUTHORIZED, _FORBIDDEN}:
        return KeyRefusedError(f"{host} does not let us in ({status}); {_key_advice(address)}")
    if status == _NOT_FOUND:
        return UnexpectedAnswerError(
            f"{host} does not have what was asked for ({status}{quoted}); check remote.url, "
            "remote.model and remote.api"
        )
    if 300 <= status < 400:
        return ModelServerError(
            f"{host} sends us elsewhere ({status}{quoted}), where your text and key do not go; set "
            "remote.url to the address of the server itself"
        )
    if _BAD_REQUEST <= status < 500 and status not in {_TIMEOUT, _TOO_MANY}:
        return ModelError(f"{host} refused the request ({status}{quoted}); see the server's log")
    if status == _TOO_MANY:
        return ModelServerError(f"{host} has too many requests ({status}); it is asked later")
    return ModelServerError(f"{host} failed ({status}{quoted}); see the server's log")


def _key_advice(address: ServerAddress) -> str:
    if address.key:
        return "check the key that remote.key_variable or remote.key_in_keyring gives"
    return (
        "set remote.key_variable to the name of the environment variable that holds the key, or "
        f"run `assist-server key set {address.url}` and set remote.key_in_keyring to true"
    )


def transport_failure(address: ServerAddress, timeout_ms: int, error: Exception) -> ModelError:
    """Return the error for a connection that failed."""
    host = address.host
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
        return ModelServerError(f"no server answers at {host}; start it, or correct remote.url")
    if isinstance(error, httpx2.TimeoutException):
        return ModelServerError(
            f"{host} sent nothing for {timeout_ms} ms; see whether it is busy, or raise "
            "remote.timeout_ms"
        )
    if isinstance(error, TimeoutError):
        return ModelServerError(
            f"{host} took longer than {timeout_ms} ms to answer; see whether it is busy, or raise "
            "remote.timeout_ms"
        )
    # Half a character can only be from the server, such as in the spelling of a token.
    if isinstance(error, httpx2.SSEError | httpx2.DecodingError | UnicodeEncodeError):
        return unreadable(address)
    if isinstance(error, httpx2.InvalidURL | httpx2.UnsupportedProtocol):
        return ModelError("remote.url is not the address of a server; correct it")
    return broken_off(address)


def broken_off(address: ServerAddress) -> ModelError:
    """Return the error for an answer without an end."""
    return ModelServerError(f"{address.host} broke off its answer; see the server's log")


def unreadable(address: ServerAddress) -> ModelError:
    """Return the error for an answer that is not of the expected form."""
    return UnexpectedAnswerError(
        f"{address.host} answers in another form than its interface has; check remote.url and "
        "remote.api"
    )


def redirected_host(location: str) -> str:
    """Return the host and port in a redirection; empty if it has none."""
    try:
        return urlsplit(location).netloc.rpartition("@")[2]
    except ValueError:
        return ""


def server_message(content: bytes | None, *, is_quoted: bool) -> str:
    """Return what an error's body says; only its kind if it may not be quoted."""
    try:
        body = json.loads(content or b"")
    except (ValueError, RecursionError):
        return ""
    error = body.get("error", body) if isinstance(body, dict) else None
    if isinstance(error, str):
        return error if is_quoted else ""
    if not isinstance(error, dict):
        return ""
    kind = error.get("type")
    message = error.get("message") or error.get("detail")
    if is_quoted and isinstance(message, str):
        return message
    return kind if isinstance(kind, str) and _KIND.fullmatch(kind) else ""


def _short(message: str) -> str:
    return " ".join(message.split())[:_MAX_CHARS]
