"""The state of an editor's session that has to survive its server."""

from collections.abc import Iterator
from typing import Any

from assist_server.lsp.relay.documents import OpenDocuments
from assist_server.text.lines import PositionEncoding

_Json = dict[str, Any]

_INITIALIZE_AGAIN = "assist-relay-initialize"
_NO_RESULT: dict[str, Any] = {
    "textDocument/inlineCompletion": {"items": []},
    "textDocument/completion": {"isIncomplete": True, "items": []},
    "shutdown": None,
}
"""By method: the answer that is no error."""

_CONTENT_MODIFIED, _REQUEST_FAILED = -32801, -32803
_RESTARTED = "the server was restarted; run the command again"


class Session:
    """The messages of an editor that another server needs, and its requests without an answer."""

    def __init__(self) -> None:
        self.is_shut_down = False
        """Whether the editor has sent `shutdown`."""
        self._documents = OpenDocuments()
        self._initialize: _Json | None = None
        self._is_initialized = False
        """Whether the editor has the answer to `initialize`."""
        self._later: dict[str, _Json] = {}
        """The last notifications that configure the server, by method."""
        self._unanswered: dict[int | str, str] = {}
        """Methods of the requests, by id."""
        self._progress: dict[int | str, None] = {}
        """Tokens of the progress reports that have not ended."""

    def note_from_editor(self, message: _Json) -> None:
        """Note a message before it is sent to the server."""
        match message:
            case {"id": int() | str() as request_id, "method": str(method)}:
                self._unanswered[request_id] = method
                if method == "initialize" and self._initialize is None:
                    self._initialize = message
                self.is_shut_down |= method == "shutdown"
            case {"method": "initialized" | "workspace/didChangeConfiguration" as method}:
                self._later[method] = message
            case {"method": str(method)}:
                self._documents.note(method, message.get("params"))

    def note_from_server(self, message: _Json) -> bool:
        """Note a message from the server; return whether it is for the editor."""
        match message:
            case {
                "method": "$/progress",
                "params": {"token": int() | str() as token, "value": value},
            }:
                self._note_progress(token, value)
            case {"id": str(request_id)} if request_id == _INITIALIZE_AGAIN:
                return False
            case {"id": int() | str() as request_id} if "method" not in message:
                if self._unanswered.pop(request_id, None) == "initialize":
                    self._is_initialized = True
                    self._note_capabilities(message.get("result"))
        return True

    def take_unanswered(self) -> list[_Json]:
        """Return messages that end all that waits for a server which has ended.

        `initialize` is not among them: the next server answers it.
        """
        ends = [_end_of_progress(token) for token in self._progress]
        answers = [
            _answer(request_id, method)
            for request_id, method in self._unanswered.items()
            if method != "initialize"
        ]
        self._progress.clear()
        is_waiting = "initialize" in self._unanswered.values()
        self._unanswered.clear()
        if is_waiting and self._initialize is not None:
            self._unanswered[self._initialize["id"]] = "initialize"
        return ends + answers

    def replay(self) -> Iterator[_Json]:
        """Yield the messages that bring a new server to the present state."""
        if self._initialize is None:
            return
        own_id = {"id": _INITIALIZE_AGAIN} if self._is_initialized else {}
        yield {**self._initialize, **own_id}
        yield from self._later.values()
        for notification in self._documents.opening():
            yield {"jsonrpc": "2.0", **notification}

    def _note_progress(self, token: int | str, value: Any) -> None:
        match value:
            case {"kind": "begin"}:
                self._progress[token] = None
            case {"kind": "end"}:
                self._progress.pop(token, None)

    def _note_capabilities(self, result: Any) -> None:
        match result:
            case {"capabilities": dict(capabilities)}:
                encoding = capabilities.get("positionEncoding", PositionEncoding.UTF16)
                self._documents.encoding = PositionEncoding(encoding)


def _end_of_progress(token: int | str) -> _Json:
    params = {"token": token, "value": {"kind": "end"}}
    return {"jsonrpc": "2.0", "method": "$/progress", "params": params}


def _answer(request_id: int | str, method: str) -> _Json:
    answer = {"jsonrpc": "2.0", "id": request_id}
    if method in _NO_RESULT:
        return {**answer, "result": _NO_RESULT[method]}
    if method == "workspace/executeCommand":  # a person waits for it
        return {**answer, "error": {"code": _REQUEST_FAILED, "message": _RESTARTED}}
    return {**answer, "error": {"code": _CONTENT_MODIFIED, "message": _RESTARTED}}
