"""Ways in which bytes reach the server: standard streams, sockets that we open or connect to."""

import asyncio
import concurrent.futures
import contextlib
import logging
import os
import queue
import select
import signal
import stat
import sys
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from assist_server.errors import InputError
from assist_server.lsp.connection import Connection
from assist_server.lsp.framing import is_foreign
from assist_server.lsp.server import AssistServer
from assist_server.lsp.token import read_or_make_token

CreateServer = Callable[[], AssistServer]
"""A server object for one more client."""

_FLUSH_SECONDS = 0.5
_READ_BYTES = 1 << 16
_MOST_UNREAD_BYTES = 16 * 1024 * 1024
"""A client that lets so much wait does not read any more, and is left."""

_GREETING_SECONDS = 30.0
"""Clients that must show a token do so at once; whoever connects and is silent is left."""

_log = logging.getLogger(__name__)
_BEGINNING_BYTES = 16
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


async def serve_stdio(create: CreateServer) -> int:
    """Serve one client on standard input and output; the process's exit code."""
    loop = asyncio.get_running_loop()

    def on_loss() -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
            loop.call_soon_threadsafe(connection.end)

    output = _StreamWriter(_take_standard_output(), on_loss)
    connection = Connection(create(), output.send)
    _on_termination(connection.end)

    def read() -> None:
        data = b"-"
        while data:
            data = _read(0)
            taking = connection.take(data)
            try:
                asyncio.run_coroutine_threadsafe(taking, loop).result()
            except (RuntimeError, concurrent.futures.CancelledError):
                taking.close()
                return  # the loop is closed

    threading.Thread(target=read, name="assist-reader", daemon=True).start()
    code = await connection.ended()
    output.close()
    return code


async def serve_connecting(create: CreateServer, *, port: int = 0, pipe: str = "") -> int:
    """Serve the one client that listens on a port or a named socket, as editors may; exit code.

    Raises:
        InputError: nobody listens there.
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
    """Listen on a loopback port, with a server object for each client, until a signal ends it.

    Clients show the token in a file, and share no caches by which one could time another.

    Raises:
        InputError: the address is not a loopback one, or is taken, or the file cannot be used.
    """
    if host not in _LOOPBACK:
        raise InputError(f"{host} is not this machine alone; use 127.0.0.1")
    token = read_or_make_token(token_file)

    def create_guarded() -> AssistServer:
        server = create()
        server.protocol.token = token
        server.model.shares_caches = False
        return server

    print(f"assist-server: clients show the token in {token_file}", file=sys.stderr)  # noqa: T201
    try:
        listener = await asyncio.start_server(_greet(create_guarded), host, port)
    except OSError as error:
        raise InputError(f"cannot listen on {host}:{port}: {_reason(error)}") from error
    return await _listen(listener, "{}:{}".format(*listener.sockets[0].getsockname()[:2]))


async def serve_unix(create: CreateServer, path: Path) -> int:
    """Listen on a socket in a folder that only the user can enter, until a signal ends it.

    Raises:
        InputError: the folder is open to others, or the socket is taken.
    """
    _make_private(path.parent)
    await _remove_stale(path)
    try:
        listener = await asyncio.start_unix_server(_greet(create), str(path))
    except OSError as error:
        raise InputError(f"cannot listen on {str(path)!r}: {_reason(error)}") from error
    try:
        return await _listen(listener, str(path))
    finally:
        _remove(path)


class _StreamWriter:
    """Writes to a file descriptor on a thread of its own, in order, from any thread.

    A client that does not read blocks this thread only, never the loop.
    """

    def __init__(self, descriptor: int, on_loss: Callable[[], None]) -> None:
        """Begin to write; `on_loss` is called on the thread when the other end is gone."""
        self._descriptor = descriptor
        self._on_loss = on_loss
        self._pieces: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._counting = threading.Lock()
        self._unread_bytes = 0
        self._thread = threading.Thread(target=self._write, name="assist-writer", daemon=True)
        self._thread.start()

    def send(self, data: bytes) -> None:
        """Queue bytes, as long as the client reads."""
        with self._counting:
            is_lost = self._unread_bytes > _MOST_UNREAD_BYTES
            self._unread_bytes += 0 if is_lost else len(data)
        if is_lost:
            self._on_loss()
        else:
            self._pieces.put(data)

    def close(self) -> None:
        """Write what is queued, but do not wait for ever for a client that does not read."""
        self._pieces.put(None)
        self._thread.join(_FLUSH_SECONDS)

    def _write(self) -> None:
        try:
            while (data := self._pieces.get()) is not None:
                view = memoryview(data)
                while view:
                    view = view[_write(self._descriptor, view) :]
                with self._counting:
                    self._unread_bytes -= len(data)
        except OSError:
            self._on_loss()


def _read(descriptor: int) -> bytes:
    """Wait for bytes; none at the end of the stream, whatever ended it.

    Whoever started the process shares its streams, and may have made them non-blocking.
    """
    while True:
        try:
            return os.read(descriptor, _READ_BYTES)
        except BlockingIOError:
            select.select([descriptor], [], [])
        except OSError:
            return b""


def _write(descriptor: int, data: memoryview) -> int:
    """Wait until some bytes are written; their number."""
    while True:
        try:
            return os.write(descriptor, data)
        except BlockingIOError:
            select.select([], [descriptor], [])


def _take_standard_output() -> int:
    """A private descriptor for standard output; whatever else prints goes to standard error."""
    descriptor = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return descriptor


def _greet(
    create: CreateServer,
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _serve_streams(create, reader, writer)

    return greet


async def _serve_streams(
    create: CreateServer,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    on_termination: Callable[[Callable[[], None]], None] = lambda _: None,
) -> int:
    """Serve one client on a pair of streams; its exit code."""
    loop = asyncio.get_running_loop()

    def write(data: bytes) -> None:
        if writer.transport.get_write_buffer_size() > _MOST_UNREAD_BYTES:
            connection.end()
        else:
            writer.write(data)

    def send(data: bytes) -> None:
        # Always by the loop's queue, so that the order is that of the calls on any threads.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(write, data)

    server = create()
    connection = Connection(server, send)
    on_termination(connection.end)

    def leave_stranger() -> None:
        if not server.protocol.is_admitted:
            _log.warning("left a connection that did not introduce itself")
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
                _log.warning("refused a connection that begins with no header of the protocol")
                connection.leave(1)
                return
            await connection.take(data)

    reading = asyncio.ensure_future(read())
    greeting = loop.call_later(_GREETING_SECONDS, leave_stranger)
    code = await connection.ended()
    greeting.cancel()
    reading.cancel()
    await asyncio.sleep(0)  # what was sent last is still in the loop's queue
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(_FLUSH_SECONDS):
            writer.close()
            await writer.wait_closed()
    writer.transport.abort()  # a client that does not read would keep what is written for ever
    return code


async def _listen(listener: asyncio.Server, place: str) -> int:
    """Serve until a signal ends it."""
    ended = asyncio.Event()
    _on_termination(ended.set)
    print(f"assist-server: listening on {place}", file=sys.stderr, flush=True)  # noqa: T201
    try:
        await ended.wait()
    finally:
        listener.close()  # its clients are not waited for: that may take as long as they like
    return 0


def _on_termination(end: Callable[[], None]) -> None:
    """Have `end` called when the process is asked to go."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows: the end of input must do
            loop.add_signal_handler(number, end)


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.stat()
    if found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise InputError(
            f"the folder {str(folder)!r} is open to other users; "
            "choose one of your own, or close it with chmod 700"
        )


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _is_socket(path: Path) -> bool:
    return stat.S_ISSOCK(path.lstat().st_mode)


async def _remove_stale(path: Path) -> None:
    """Remove a socket that a server left behind which is gone."""
    try:
        _, writer = await asyncio.open_unix_connection(str(path))
    except FileNotFoundError:
        return
    except ConnectionRefusedError as error:  # what a file says that is no socket, too
        if not _is_socket(path):
            raise InputError(f"{str(path)!r} is no socket; choose another path") from error
        _remove(path)
    except OSError as error:
        raise InputError(f"{str(path)!r} is in the way: {_reason(error)}") from error
    else:
        writer.close()
        raise InputError(f"a server listens on {str(path)!r} already; choose another path")


def _reason(error: OSError) -> str:
    """What the system says, or Python where it did not even ask the system."""
    return error.strerror or str(error)
