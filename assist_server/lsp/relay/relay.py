"""Passing an editor's messages on to the shared server, and its answers back."""

import contextlib
import json
import os
import socket
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from assist_server.errors import InputError
from assist_server.lsp.framing import FrameReader, frame
from assist_server.lsp.relay.session import Session
from assist_server.lsp.relay.shared_server import SharedServer
from assist_server.lsp.streams import read, take_standard_output, write

_READ_BYTES = 1 << 16
_MAX_BODY_BYTES = 1 << 28
"""Far above the server's limit, as the server answers messages that are too long for it."""

_MAX_RESTARTS, _RESTARTS_S = 5, 600.0
"""A server that ends more often than this cannot run; loading a large model takes a minute."""

_LEAVING_S = 2.0
"""Time for the server to answer and to close the connection after the editor has left."""


class Relay:
    """One editor on standard input and output, and its connection to the shared server.

    If the server ends, another is started and gets the editor's state from here; the editor
    notices only that the requests in progress have no result.
    """

    def __init__(self, server: SharedServer) -> None:
        """Connect to the server.

        Raises:
            InputError: it cannot be started.
        """
        self._server = server
        self._session = Session()
        self._connection = server.join()
        self._lock = threading.Lock()
        """Held while the editor's messages are noted and sent; not while waiting for the editor."""
        self._restarts: deque[float] = deque(maxlen=_MAX_RESTARTS)
        self._has_left = False

    def run(self) -> int:
        """Relay until the editor leaves; return the exit code of a server.

        Raises:
            InputError: the server ends whenever it is started.
        """
        output = take_standard_output()
        _say(f"this window uses the shared server, whose log is {self._server.log}")
        threading.Thread(target=self._pass_on_input, name="assist-input", daemon=True).start()
        try:
            while True:
                self._pass_on_output(output)
                if self._has_left or self._session.is_shut_down:
                    break
                self._restart(output)
            _write_all(output, self._session.take_unanswered())
        except OSError:
            pass  # the editor is gone
        return 0 if self._session.is_shut_down else 1

    def _pass_on_input(self) -> None:
        """Note and send the editor's messages, until it leaves; runs on a thread of its own."""
        try:
            self._pass_on_messages()
        except Exception:  # noqa: BLE001 - without this thread the editor would wait for ever
            traceback.print_exc()
            os._exit(1)
        with self._lock:
            self._has_left = True
            with contextlib.suppress(OSError):
                self._connection.shutdown(socket.SHUT_WR)
        time.sleep(_LEAVING_S)
        os._exit(0 if self._session.is_shut_down else 1)

    def _pass_on_messages(self) -> None:
        frames = FrameReader()
        frames.max_body_bytes = _MAX_BODY_BYTES
        while not self._has_left and (data := read(0)):
            for body in frames.feed(data):
                with self._lock:
                    message = _parsed(body)
                    self._session.note_from_editor(message)
                    self._send(body)
                    self._has_left |= message.get("method") == "exit"

    def _pass_on_output(self, output: int) -> None:
        """Pass the server's messages on until it ends.

        Raises:
            OSError: the editor is gone.
        """
        frames = FrameReader()
        frames.max_body_bytes = _MAX_BODY_BYTES
        while data := _received(self._connection):
            for body in frames.feed(data):
                with self._lock:
                    is_for_editor = self._session.note_from_server(_parsed(body))
                if is_for_editor:
                    write(output, frame(body))

    def _restart(self, output: int) -> None:
        """Answer what the server has not answered, and give another one the editor's state.

        Raises:
            InputError: the server cannot run.
            OSError: the editor is gone.
        """
        with self._lock:
            unanswered = self._session.take_unanswered()
        _write_all(output, unanswered)
        now = time.monotonic()
        if len(self._restarts) == _MAX_RESTARTS and now - self._restarts[0] < _RESTARTS_S:
            raise InputError(f"the shared server ends again and again; see {self._server.log}")
        self._restarts.append(now)
        with self._lock:
            if self._has_left:
                return
            unanswered = self._session.take_unanswered()  # what came since then, and was not sent
            self._connection.close()
            self._connection = self._server.join()
            for message in self._session.replay():
                self._send(json.dumps(message).encode())
        _say("the shared server has ended; this window goes on with another")
        _write_all(output, unanswered)

    def _send(self, body: bytes) -> None:
        """Send a message; if the server has ended, the next one learns what it needs."""
        with contextlib.suppress(OSError):
            self._connection.sendall(frame(body))


def _received(connection: socket.socket) -> bytes:
    with contextlib.suppress(OSError):
        return connection.recv(_READ_BYTES)
    return b""


def _write_all(output: int, messages: Iterable[Mapping[str, Any]]) -> None:
    for message in messages:
        write(output, frame(json.dumps(message).encode()))


def _parsed(body: bytes) -> dict[str, Any]:
    """Return a message; one that is none is passed on, and answered by the server."""
    with contextlib.suppress(ValueError, RecursionError):
        message = json.loads(body)
        if isinstance(message, dict):
            return message
    return {}


def _say(sentence: str) -> None:
    with contextlib.suppress(OSError):
        print(f"assist-server: {sentence}", file=sys.stderr, flush=True)  # noqa: T201
