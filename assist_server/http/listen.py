"""Listening on a loopback port."""

import asyncio
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import uvicorn
from starlette.types import ASGIApp

from assist_server.errors import InputError

_GRACE_S = 1
"""Time for running answers once a signal has come."""


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End on a signal, which uvicorn would raise again afterwards."""
        for number in (signal.SIGTERM, signal.SIGINT):
            with suppress(NotImplementedError):  # on Windows
                asyncio.get_running_loop().add_signal_handler(number, self._leave)
        yield

    def _leave(self) -> None:
        self.should_exit = True


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
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=_GRACE_S,
    )
    port = listener.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    print(f"assist-server: listening on http://{shown}:{port}", file=sys.stderr, flush=True)  # noqa: T201
    await _Server(config).serve(sockets=[listener])
    return 0
