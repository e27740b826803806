"""`assist-server serve`: the language server, on standard streams or sockets."""

import asyncio
import logging
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from assist_server.cli.opening import FLAGS
from assist_server.config import Layer, read_settings
from assist_server.engine.hosting import ModelPool
from assist_server.engine.opening import open_backend
from assist_server.errors import InputError
from assist_server.lsp.transport import (
    CreateServer,
    serve_connecting,
    serve_stdio,
    serve_tcp,
    serve_unix,
)
from assist_server.lsp.wiring import create_server
from assist_server.settings import LogSettings

_LAST_PORT = 65535


@dataclass(frozen=True)
class Endpoint:
    """Where clients are; standard input and output when nothing is given."""

    tcp: str | None = None
    """Listen: a port, or HOST:PORT with a loopback host."""
    unix: Path | None = None
    """Listen: a socket in a folder that only the user can enter."""
    socket: int | None = None
    """Connect: a port on which an editor listens."""
    pipe: str | None = None
    """Connect: a named socket on which an editor listens."""


def run_server(flags: Mapping[str, object], endpoint: Endpoint) -> NoReturn:
    """Serve until the last client says goodbye; does not return, so that nothing delays the exit.

    Raises:
        InputError: the endpoint cannot be used.
    """
    layer = Layer(FLAGS, dict(flags))
    # The client is told of problems when it has introduced itself and the rest is known.
    settings, _ = read_settings(None, [layer])
    configure_logging(settings.log)
    pool = ModelPool(open_backend)
    code = asyncio.run(_serve(endpoint, lambda: create_server(pool, layer)))
    sys.stderr.flush()
    # A thread in the middle of a forward pass would keep the interpreter from ending.
    os._exit(code)


async def _serve(endpoint: Endpoint, create: CreateServer) -> int:
    if endpoint.tcp is not None:
        return await serve_tcp(create, *_host_and_port(endpoint.tcp))
    if endpoint.unix is not None:
        return await serve_unix(create, endpoint.unix)
    if endpoint.socket is not None or endpoint.pipe is not None:
        return await serve_connecting(create, port=endpoint.socket or 0, pipe=endpoint.pipe or "")
    return await serve_stdio(create)


def _host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not (port.isascii() and port.isdigit() and int(port) <= _LAST_PORT):
        raise InputError(f"--tcp is {text!r}; write a port, or 127.0.0.1:PORT")
    return host or "127.0.0.1", int(port)


def configure_logging(settings: LogSettings) -> None:
    """Log to standard error, or to the file that the settings name.

    The libraries below log whole messages, with the user's text in them; they are kept silent.
    """
    handler = _log_handler(settings.file)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger("assist_server")
    logger.handlers = [handler]
    logger.setLevel(settings.level.upper())
    logger.propagate = False
    for name in ("pygls", "asyncio", "transformers"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _log_handler(file: str) -> logging.Handler:
    if file:
        try:
            return logging.FileHandler(file, encoding="utf-8")
        except OSError as error:
            message = f"cannot log to {file!r} ({error.strerror}); correct the setting log.file"
            print(f"assist-server: {message}", file=sys.stderr)  # noqa: T201
    return logging.StreamHandler(sys.stderr)
