"""A small language client over a server process's standard streams.

For the demo, the benchmarks and the tests. It does only what an editor does.
"""

import itertools
import json
import os
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from assist_server.errors import AssistError
from assist_server.lsp.framing import FrameReader, frame
from assist_server.search_path import PYTHON, child_environment

SERVER_COMMAND = (*PYTHON, "-m", "assist_server", "serve", "--stdio")
_THREAD_S = 5.0
"""Time for the threads of a client to end after its process."""


CAPABILITIES: dict[str, Any] = {
    "general": {"positionEncodings": ["utf-16"]},
    "textDocument": {"inlineCompletion": {}, "codeAction": {}},
    "window": {"workDoneProgress": True},
    "workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}},
}
"""An editor with ghost text, progress and versioned edits."""


class NoAnswerError(AssistError):
    """The server did not answer in time, or has ended."""


class RequestError(AssistError):
    """The server answered a request with an error."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(error.get("message", "unknown error"))
        self.code: int = error.get("code", 0)
        self.data = error.get("data")


class LspClient:
    """A server process and the connection to it; a context manager that ends both."""

    def __init__(
        self,
        command: Sequence[str] = SERVER_COMMAND,
        env: Mapping[str, str] | None = None,
        stderr: int | None = subprocess.DEVNULL,
        popen: Callable[..., subprocess.Popen[bytes]] = subprocess.Popen,
    ) -> None:
        """Start the process with `popen`; nothing is sent yet."""
        self.process = popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env={**child_environment(), **(env or {})},
            bufsize=0,
        )
        self.notifications: list[dict[str, Any]] = []
        """All notifications from the server, in order."""
        self.applied_edits: list[dict[str, Any]] = []
        """The parameters' `edit` of every `workspace/applyEdit` request."""
        self.configuration: dict[str, Any] | None = None
        """The answer to `workspace/configuration`, for every item."""
        self._arrived = threading.Condition()
        self._answers: dict[int | str | None, dict[str, Any]] = {}
        self._is_over = False
        self._ids = itertools.count(1)
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=work, daemon=True) for work in (self._read, self._write)
        ]
        for thread in self._threads:
            thread.start()

    # Sending

    def send_bytes(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._outbox.put(data)

    def send(self, message: Mapping[str, Any]) -> None:
        """Send one message."""
        self.send_bytes(frame(json.dumps(message).encode()))

    def notify(self, method: str, params: Any = None) -> None:
        """Send a notification."""
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def start_request(self, method: str, params: Any = None) -> int:
        """Send a request without waiting; return its id for `wait`."""
        request_id = next(self._ids)
        message = {"jsonrpc": "2.0", "id": request_id, "method": method}
        self.send(message if params is None else {**message, "params": params})
        return request_id

    def request(self, method: str, params: Any = None, timeout_s: float = 60) -> Any:
        """Send a request and wait for its result.

        Raises:
            RequestError: the server answered with an error.
            NoAnswerError: it did not answer in time, or ended.
        """
        return self.wait(self.start_request(method, params), timeout_s)

    # Receiving

    def wait(self, request_id: int | str | None, timeout_s: float = 60) -> Any:
        """Return the result of a request that was sent; raises as `request` does.

        The id None waits for an error answer to an invalid message.
        """
        self.wait_until(lambda: request_id in self._answers, timeout_s)
        answer = self._answers.pop(request_id)
        if "error" in answer:
            raise RequestError(answer["error"])
        return answer.get("result")

    def wait_until(self, is_met: Callable[[], bool], timeout_s: float = 60) -> None:
        """Wait until something that arrives makes a condition true.

        Raises:
            NoAnswerError: it did not become true in time, or the server ended.
        """
        deadline = time.monotonic() + timeout_s
        with self._arrived:
            self._arrived.wait_for(lambda: is_met() or self._is_over, deadline - time.monotonic())
            if not is_met():
                state = "ended" if self._is_over else f"did not answer within {timeout_s:g} s"
                raise NoAnswerError(f"the server {state}")

    def seen(self, method: str) -> list[Any]:
        """Return the parameters of one method's notifications so far."""
        return [note.get("params") for note in self.notifications if note["method"] == method]

    # Methods of the protocol

    def initialize(
        self,
        capabilities: Mapping[str, Any] = CAPABILITIES,
        options: Any = None,
        root_uri: str | None = None,
    ) -> dict[str, Any]:
        """Initialize the server; return its answer."""
        params = {
            "processId": os.getpid(),
            "rootUri": root_uri,
            "capabilities": capabilities,
            "initializationOptions": options,
        }
        answer: dict[str, Any] = self.request("initialize", params)
        self.notify("initialized", {})
        return answer

    def open(self, uri: str, text: str, language_id: str = "python", version: int = 1) -> None:
        """Open a document."""
        item = {"uri": uri, "languageId": language_id, "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def change(self, uri: str, version: int, changes: Sequence[Mapping[str, Any]]) -> None:
        """Change a document."""
        document = {"uri": uri, "version": version}
        self.notify(
            "textDocument/didChange", {"textDocument": document, "contentChanges": list(changes)}
        )

    def inline_completion(
        self, uri: str, line: int, character: int, *, is_automatic: bool = False
    ) -> list[dict[str, Any]]:
        """Request a completion at a zero-based position; return its items."""
        params = {
            "textDocument": {"uri": uri},
            "position": {"line": line, "character": character},
            "context": {"triggerKind": 2 if is_automatic else 1},
        }
        items: list[dict[str, Any]] = self.request("textDocument/inlineCompletion", params)["items"]
        return items

    def shut_down(self, timeout_s: float = 10) -> int:
        """Send `shutdown` and `exit`; return the process's exit code."""
        self.request("shutdown", timeout_s=timeout_s)
        self.notify("exit")
        return self.process.wait(timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._outbox.put(None)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        # Streams are closed after the threads that use them. The number of a closed descriptor is
        # used again, and a thread that is about to read would take what belongs to another client.
        for thread in self._threads:
            thread.join(_THREAD_S)
        if any(thread.is_alive() for thread in self._threads):
            return  # a process that the server started holds its streams
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def _write(self) -> None:
        stream = self.process.stdin
        try:
            while stream is not None and (data := self._outbox.get()) is not None:
                stream.write(data)
        except (OSError, ValueError):
            return  # the process ended, or the client was closed: the reader reports it

    def _read(self) -> None:
        frames, stream = FrameReader(), self.process.stdout
        try:
            while stream is not None and (data := stream.read(1 << 16)):
                for body in frames.feed(data):
                    self._receive(json.loads(body))
        except (OSError, ValueError):
            pass  # closed while reading
        with self._arrived:
            self._is_over = True
            self._arrived.notify_all()

    def _receive(self, message: dict[str, Any]) -> None:
        with self._arrived:
            if "method" not in message:
                self._answers[message.get("id")] = message
            elif "id" in message:
                result = self._answer(message["method"], message.get("params"))
                self.send({"jsonrpc": "2.0", "id": message["id"], "result": result})
            else:
                self.notifications.append(message)
            self._arrived.notify_all()

    def _answer(self, method: str, params: Any) -> Any:
        """Return an editor's answer to one of the server's requests."""
        if method == "workspace/applyEdit":
            self.applied_edits.append(params["edit"])
            return {"applied": True}
        if method == "workspace/configuration":
            return [self.configuration for _ in params["items"]]
        return None
