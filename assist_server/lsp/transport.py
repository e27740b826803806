"""Transports: standard streams, and sockets that the server listens on or connects to."""

import asyncio
import concurrent.futures
import contextlib
import logging
import os
import queue
import signal
import socket
import stat
import sys
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from assist_server.errors import InputError
from assist_server.lsp.connection import Connection
from assist_server.lsp.framing import is_foreign
from assist_server.lsp.relay.shared_server import create_or_check_private
from assist_server.lsp.server import AssistServer
from assist_server.lsp.streams import read, take_standard_output, write
from assist_server.lsp.token import read_or_make_token

CreateServer = Callable[[], AssistServer]
"""Creates the server object of a new client."""

_FLUSH_S = 0.5
_READ_BYTES = 1 << 16
_MAX_UNREAD_BYTES = 16 * 1024 * 1024
"""A client with more unread output than this has stopped reading and is disconnected."""

_GREETING_S = 30.0
"""Time for a client to send its token before it is disconnected."""

_log = logging.getLogger(__name__)
_BEGINNING_BYTES = 16
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


async def serve_stdio(create: CreateServer) -> int:
    """Serve one client on standard input and output; return the process's exit code."""
    loop = asyncio.get_running_loop()

    def on_loss() -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(connection.end)

    output = _StreamWriter(take_standard_output(), on_loss)
    connection = Connection(create(), output.send)
    _on_termination(connection.end)

    def pass_on_input() -> None:
        data = b"-"
        while data:
            data = read(0)
            taking = connection.take(data)
            try:
                asyncio.run_coroutine_threadsafe(taking, loop).result()
            except (RuntimeError, concurrent.futures.CancelledError):
                taking.close()
                return  # the loop is closed

    threading.Thread(target=pass_on_input, name="assist-reader", daemon=True).start()
    code = await connection.ended()
    output.close()
    return code


async def serve_connecting(create: CreateServer, *, port: int = 0, pipe: str = "") -> int:
    """Connect to an editor that listens on a port or a Unix socket, and serve it.

    Returns:
        The process's exit code.

    Raises:
        InputError: no editor listens there.
    """
    try:
        if pipe:
            reader, writer = await asyncio.open_unix_connection(pipe)
        else:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError as error:
        raise InputError(f"no editor listens on {pipe or port}: {_reason(error)}") from error
    return await _serve_streams(create, reader, writer, _on_termination)


async def serve_tcp(create: CreateServer, host: str, port: int, token_file: Path) -> int:
    """Listen on a loopback port until a signal arrives; each client gets its own server object.

    Clients must send the token. They share no caches, because response times would reveal what
    another client has cached.

    Raises:
        InputError: the address is in use, or the token file cannot be used.
    """
    token = read_or_make_token(token_file)

    def create_guarded() -> AssistServer:
        server = create()
        server.protocol.token = token
        server.model.shares_caches = False
        return server

    print(f"assist-server: clients must send the token in {token_file}", file=sys.stderr)  # noqa: T201
    try:
        listener = await asyncio.start_server(_client_handler(create_guarded), host, port)
    except OSError as error:
        raise InputError(f"cannot listen on {host}:{port}: {_reason(error)}") from error
    return await _listen(listener, "{}:{}".format(*listener.sockets[0].getsockname()[:2]))


async def serve_unix(create: CreateServer, path: Path) -> int:
    """Listen on a socket in a folder that only the user can enter, until a signal arrives.

    Raises:
        InputError: the folder is open to other users, or the socket is in use.
    """
    create_or_check_private(path.parent)
    await _remove_stale(path)
    try:
        listener = await asyncio.start_unix_server(_client_handler(create), str(path))
    except OSError as error:
        raise InputError(f"cannot listen on {str(path)!r}: {_reason(error)}") from error
    return await _listen(listener, str(path), path)


async def serve_inherited(create: CreateServer, path: Path, descriptor: int) -> int:
    """Serve the clients of a socket on which the process that started this one has listened.

    It ends on a signal, or when no client has been there for the time in the settings of the last.

    Raises:
        InputError: the descriptor is not such a socket.
    """
    clients = _Clients(create)
    try:
        inherited = socket.socket(fileno=descriptor)
        listener = await asyncio.start_unix_server(clients.serve, sock=inherited)
    except (OSError, ValueError) as error:
        raise InputError("--inherited is for `assist-server connect` only; leave it out") from error
    return await _listen(listener, str(path), path, clients.idle)


class _Clients:
    """The clients of a shared server; sets `idle` some time after the last has left."""

    def __init__(self, create: CreateServer) -> None:
        """Start the wait for the first one."""
        self.idle = asyncio.Event()
        self._create = create
        self._count = 0
        self._leaving = asyncio.get_running_loop().call_later(_GREETING_S, self.idle.set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client."""
        self._leaving.cancel()
        self._count += 1
        server = self._create()
        try:
            await _serve_streams(lambda: server, reader, writer)
        finally:
            self._count -= 1
            if not self._count:
                idle_s = server.settings.current.idle_exit_minutes * 60
                self._leaving = asyncio.get_running_loop().call_later(idle_s, self.idle.set)


class _StreamWriter:
    """A writer to a file descriptor: any thread may send; one thread of its own writes in order.

    A client that does not read blocks this thread only, never the loop.
    """

    def __init__(self, descriptor: int, on_loss: Callable[[], None]) -> None:
        """Start the thread; it calls `on_loss` when the other end is gone."""
        self._descriptor = descriptor
        self._on_loss = on_loss
        self._pieces: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._counting = threading.Lock()
        self._unread_bytes = 0
        self._thread = threading.Thread(target=self._write, name="assist-writer", daemon=True)
        self._thread.start()

    def send(self, data: bytes) -> None:
        """Queue bytes, unless the client has stopped reading."""
        with self._counting:
            is_lost = self._unread_bytes > _MAX_UNREAD_BYTES
            self._unread_bytes += 0 if is_lost else len(data)
        if is_lost:
            self._on_loss()
        else:
            self._pieces.put(data)

    def close(self) -> None:
        """Write what is queued; stop waiting if the client does not read."""
        self._pieces.put(None)
        self._thread.join(_FLUSH_S)

    def _write(self) -> None:
        try:
            while (data := self._pieces.get()) is not None:
                write(self._descriptor, data)
                with self._counting:
                    self._unread_bytes -= len(data)
        except OSError:
            self._on_loss()


def _client_handler(
    create: CreateServer,
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _serve_streams(create, reader, writer)

    return handle


async def _serve_streams(
    create: CreateServer,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    on_termination: Callable[[Callable[[], None]], None] = lambda _: None,
) -> int:
    """Serve one client on a pair of streams; return its exit code."""
    loop = asyncio.get_running_loop()

    def write(data: bytes) -> None:
        if writer.transport.get_write_buffer_size() > _MAX_UNREAD_BYTES:
            connection.end()
        else:
            writer.write(data)

    def send(data: bytes) -> None:
        # Always through the loop's queue, so that the order of calls from all threads is kept.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(write, data)

    server = create()
    connection = Connection(server, send)
    on_termination(connection.end)

    def disconnect_silent_client() -> None:
        if not server.protocol.is_admitted:
            _log.warning("closed a connection that sent no valid `initialize` in time")
            connection.leave(1)

    async def read() -> None:
        data, beginning = b"-", b""
        while data:
            try:
                data = await reader.read(_READ_BYTES)
            except OSError:
                data = b""
            beginning = (beginning + data)[:_BEGINNING_BYTES]
            if is_foreign(beginning):
                _log.warning("refused a connection that did not start with an LSP header")
                connection.leave(1)
                return
            await connection.take(data)

    reading = asyncio.ensure_future(read())
    greeting = loop.call_later(_GREETING_S, disconnect_silent_client)
    code = await connection.ended()
    greeting.cancel()
    reading.cancel()
    await asyncio.sleep(0)  # the last message is still in the loop's queue
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(_FLUSH_S):
            writer.close()
            await writer.wait_closed()
    writer.transport.abort()  # else output to a client that does not read would stay for ever
    return code


async def _listen(
    listener: asyncio.Server,
    place: str,
    path: Path | None = None,
    ended: asyncio.Event | None = None,
) -> int:
    """Serve until a signal arrives or `ended` is set, then remove the socket at `path`."""
    ended = ended or asyncio.Event()
    identity = path and _identity(path)
    _on_termination(ended.set)
    message = f"assist-server: process {os.getpid()} is listening on {place}"
    print(message, file=sys.stderr, flush=True)  # noqa: T201
    try:
        await ended.wait()
    finally:
        if path is not None and _identity(path) == identity:  # another server may have its own
            _remove(path)  # before another server may listen there
        listener.close()  # without waiting for clients, which may stay for ever
    return 0


def _on_termination(end: Callable[[], None]) -> None:
    """Call `end` on SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # on Windows, only the end of input counts
            loop.add_signal_handler(number, end)


def _identity(path: Path) -> tuple[int, int, int] | None:
    """Return what tells a file from another one at the same path; None if there is none."""
    with contextlib.suppress(OSError):
        found = path.lstat()
        return found.st_dev, found.st_ino, found.st_mtime_ns
    return None


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _is_socket(path: Path) -> bool:
    return stat.S_ISSOCK(path.lstat().st_mode)


async def _remove_stale(path: Path) -> None:
    """Remove a socket file whose server no longer runs."""
    try:
        _, writer = await asyncio.open_unix_connection(str(path))
    except FileNotFoundError:
        return
    except ConnectionRefusedError as error:  # also raised for a file that is no socket
        if not _is_socket(path):
            raise InputError(f"{str(path)!r} is not a socket; choose another path") from error
        _remove(path)
    except OSError as error:
        raise InputError(f"cannot use {str(path)!r}: {_reason(error)}") from error
    else:
        writer.close()
        raise InputError(f"a server already listens on {str(path)!r}; choose another path")


def _reason(error: OSError) -> str:
    """Return the system's message, or Python's if there was no system call."""
    return error.strerror or str(error)
