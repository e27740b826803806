"""Listening on a loopback port."""

import socket
import sys

import uvicorn
from starlette.types import ASGIApp

from assist_server.errors import InputError


async def serve_http(app: ASGIApp, host: str, port: int) -> int:
    """Serve an application until a signal arrives; return the process's exit code.

    Raises:
        InputError: the port is in use.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"cannot listen on {host}:{port}: {reason}") from error
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
    port = listener.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    print(f"assist-server: listening on http://{shown}:{port}", file=sys.stderr, flush=True)  # noqa: T201
    await uvicorn.Server(config).serve(sockets=[listener])
    return 0
