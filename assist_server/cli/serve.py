"""`assist-server serve`: the language server on streams or sockets, or the HTTP server."""

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from assist_server.cli.inputs import FLAGS
from assist_server.cli.logs import configure_logging, shared_log
from assist_server.cli.process import leave_working_folder
from assist_server.config import Layer, read_settings, user_file_path
from assist_server.engine.backend import ModelChoice
from assist_server.engine.loading.model_pool import ModelPool
from assist_server.engine.loading.open_backend import open_backend
from assist_server.errors import InputError
from assist_server.lsp.create_server import create_server
from assist_server.lsp.token import read_or_make_token
from assist_server.lsp.transport import (
    LOOPBACK,
    CreateServer,
    serve_connecting,
    serve_inherited,
    serve_stdio,
    serve_tcp,
    serve_unix,
)
from assist_server.settings import Settings

_LAST_PORT = 65535
_LOADING_MS = 120_000
"""Time that a request waits for the model to load; a large one takes a minute."""


@dataclass(frozen=True)
class Endpoint:
    """Connection to clients; standard input and output by default."""

    tcp: str | None = None
    """Listen: a port, or HOST:PORT with a loopback host."""
    unix: Path | None = None
    """Listen: a socket in a folder that only the user can enter."""
    inherited: int | None = None
    """Descriptor of a socket that listens on `unix` already, for a server that `connect` starts."""
    socket: int | None = None
    """Connect: a port on which an editor listens."""
    pipe: str | None = None
    """Connect: a named socket on which an editor listens."""
    http: str | None = None
    """Serve HTTP in place of LSP, and listen: a port, or HOST:PORT with a loopback host."""
    token_file: Path | None = None
    """File with the token for `tcp` and `http`; in the folder of the user's settings by default."""

    @property
    def is_shared(self) -> bool:
        """Return whether several clients can connect."""
        return self.tcp is not None or self.unix is not None

    def absolute(self) -> "Endpoint":
        """Return the endpoint with absolute paths, independent of the working folder."""
        return replace(
            self,
            unix=self.unix and self.unix.absolute(),
            pipe=self.pipe and str(Path(self.pipe).absolute()),
            token_file=self.token_file and self.token_file.absolute(),
        )


def run_server(flags: Mapping[str, object], endpoint: Endpoint) -> NoReturn:
    """Serve until the last client leaves, then exit the process without delay.

    Raises:
        InputError: the endpoint cannot be used.
    """
    layer = Layer(FLAGS, dict(flags), Path.cwd())
    endpoint = endpoint.absolute()
    leave_working_folder()  # it may be removed while the server runs
    # Problems are reported after `initialize`, when all settings are known.
    settings, _ = read_settings(None, [layer])
    problem = configure_logging(settings.log)
    if problem:
        print(f"assist-server: {problem}", file=sys.stderr)  # noqa: T201
    pool = ModelPool(open_backend)
    follow = shared_log(settings.log) if endpoint.is_shared else configure_logging
    if endpoint.http is not None:
        code = asyncio.run(_serve_http(endpoint, settings, pool))
    else:
        code = asyncio.run(_serve(endpoint, lambda: create_server(pool, layer, follow)))
    sys.stderr.flush()
    # A thread in a forward pass would keep the interpreter from exiting.
    os._exit(code)


async def _serve(endpoint: Endpoint, create: CreateServer) -> int:
    if endpoint.tcp is not None:
        place = _host_and_port("--tcp", endpoint.tcp)
        return await serve_tcp(create, *place, _token_file(endpoint))
    if endpoint.unix is not None and endpoint.inherited is not None:
        return await serve_inherited(create, endpoint.unix, endpoint.inherited)
    if endpoint.unix is not None:
        return await serve_unix(create, endpoint.unix)
    if endpoint.socket is not None or endpoint.pipe is not None:
        return await serve_connecting(create, port=endpoint.socket or 0, pipe=endpoint.pipe or "")
    return await serve_stdio(create)


async def _serve_http(endpoint: Endpoint, settings: Settings, pool: ModelPool) -> int:
    try:
        from assist_server.http.app import create_app  # noqa: PLC0415 - an optional extra
        from assist_server.http.listen import serve_http  # noqa: PLC0415
    except ImportError as error:
        raise InputError(
            f"--http needs {error.name}; run pip install 'assist-server[http]'"
        ) from error
    host, port = _host_and_port("--http", endpoint.http or "")
    token_file = _token_file(endpoint)
    token = read_or_make_token(token_file)
    model = pool.acquire(ModelChoice.of(settings))  # it loads while clients start
    app = create_app(lambda: model.backend(_LOADING_MS), settings, token)
    print(f"assist-server: clients must send the token in {token_file}", file=sys.stderr)  # noqa: T201
    return await serve_http(app, host, port)


def _token_file(endpoint: Endpoint) -> Path:
    return endpoint.token_file or user_file_path().with_name("token")


def _host_and_port(option: str, text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not (port.isascii() and port.isdigit() and int(port) <= _LAST_PORT):
        raise InputError(f"{option} is {text!r}; write a port, or 127.0.0.1:PORT")
    host = host.strip("[]") or "127.0.0.1"
    if host not in LOOPBACK:
        raise InputError(f"{host} is not a loopback address; use 127.0.0.1")
    return host, int(port)
