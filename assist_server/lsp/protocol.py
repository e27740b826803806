"""JSON-RPC as the specification requires it, on top of pygls' types and dispatch.

pygls 2.1.1 leaves requests with bad parameters unanswered, shows malformed input to the user as
popups, answers requests before `initialize` and none after `shutdown`, sends tracebacks to the
client, confuses the client's requests with its own, keeps every notification and every server in
memory until the process ends, and logs every message in full. This module corrects all of that;
feature lookup, handler execution and the message types remain pygls'.
"""

import asyncio
import inspect
import itertools
import json
import logging
import os
import re
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, get_type_hints

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams
from pygls.protocol import LanguageServerProtocol

from assist_server.errors import AssistError, InputError
from assist_server.lsp.framing import MAX_BODY_BYTES, frame

_log = logging.getLogger(__name__)

_PARSE_ERROR = types.ErrorCodes.ParseError
_INVALID_REQUEST = types.ErrorCodes.InvalidRequest
_METHOD_NOT_FOUND = types.ErrorCodes.MethodNotFound
_INVALID_PARAMS = types.ErrorCodes.InvalidParams
_INTERNAL_ERROR = types.ErrorCodes.InternalError
_NOT_INITIALIZED = types.ErrorCodes.ServerNotInitialized
_REQUEST_FAILED = types.LSPErrorCodes.RequestFailed
_CANCELLED = types.LSPErrorCodes.RequestCancelled
REFUSAL = {"isRefusal": True}
"""Data of an error that means a request cannot be met; clients show it without alarm."""

_MAX_RUNNING = 10_000
_NOT_ADMITTED = (
    "the token is missing or wrong; send the content of the server's token file "
    "as `token` in initializationOptions"
)
_ID = re.compile(r'"id"\s*:\s*(-?\d{1,15}|"[^"\\]{0,80}")')
_METHOD = re.compile(r'"method"\s*:\s*"([^"\\]{1,80})"')
_URI = re.compile(r'"uri"\s*:\s*"([^"\\]{1,2000})"')


class AssistProtocol(LanguageServerProtocol):
    """One connection's protocol state; lives on the loop's thread, except for sending."""

    token: str | None = None
    """The token a client must send with `initialize`; None if every client is served."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.send: Callable[[bytes], None] = lambda _: None
        """Sends framed bytes to the client; may be called from any thread."""
        self.on_exit: Callable[[int], None] = lambda _: None
        """Called with the exit code on `exit`."""
        self.on_shutdown: Callable[[], None] = lambda: None
        """Called on `shutdown`."""
        self.on_invalid_params: dict[str, Callable[[Any], None]] = {}
        """By method: called with the parameters of a notification if they do not fit the method."""
        self.on_skipped: Callable[[str, str | None, str], None] = lambda _method, _uri, _reason: (
            None
        )
        """Called for a message that was too long: method (or ""), URI if known, and the reason."""
        self._asked: dict[int | str, Future[Any]] = {}
        self._numbers = itertools.count(1)
        self._commands: dict[str, Callable[..., Any]] = {}
        self.fm.builtin_features.update(
            {
                types.WORKSPACE_EXECUTE_COMMAND: self._execute_command,
                types.SHUTDOWN: self._shut_down,
                types.EXIT: self._exit,
            }
        )

    def receive(self, body: bytes) -> None:
        """Handle one message; a request is answered now or by its handler."""
        try:
            message = json.loads(body)
        except (ValueError, RecursionError):
            self._fail(None, _PARSE_ERROR, "the message is not JSON")
            return
        if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
            request_id = message.get("id") if isinstance(message, dict) else None
            self._fail(_usable_id(request_id), _INVALID_REQUEST, "not a JSON-RPC 2.0 message")
        elif "method" not in message:
            self._receive_response(message)
        elif "id" in message:
            self._receive_request(message["id"], message)
        else:
            self._receive_notification(message)

    def _receive_request(self, request_id: Any, message: dict[str, Any]) -> None:
        method = message["method"]
        if _usable_id(request_id) is None or not isinstance(method, str):
            self._fail(_usable_id(request_id), _INVALID_REQUEST, "invalid id or method")
        elif self._shutdown:
            self._fail(request_id, _INVALID_REQUEST, "the server is shut down")
        elif self._workspace is None and method != types.INITIALIZE:
            self._fail(request_id, _NOT_INITIALIZED, "the server is not initialized")
        elif method == types.INITIALIZE and not self._shows_token(message):
            self._fail(request_id, _INVALID_REQUEST, _NOT_ADMITTED)
            self.on_exit(1)
        elif len(self._request_futures) >= _MAX_RUNNING:
            self._fail(request_id, _REQUEST_FAILED, "too many requests at once; wait for answers")
        elif self._workspace is not None and method == types.INITIALIZE:
            self._fail(request_id, _INVALID_REQUEST, "the server is already initialized")
        elif not self._is_known(method):
            self._fail(request_id, _METHOD_NOT_FOUND, f"no method {method[:80]!r}")
        else:
            try:
                params = self._structure_params(method, message)
            except Exception:  # noqa: BLE001 - cattrs raises many kinds, and all mean this
                self._fail(request_id, _INVALID_PARAMS, f"the parameters do not fit {method}")
                return
            self._handle_request(request_id, method, params)

    @property
    def is_admitted(self) -> bool:
        """Return whether the client may send more than `initialize`."""
        return self.token is None or self._workspace is not None

    def _shows_token(self, message: dict[str, Any]) -> bool:
        match message.get("params"):
            case {"initializationOptions": {"token": str(token)}} if self.token is not None:
                return secrets.compare_digest(token.encode("utf-8", "replace"), self.token.encode())
        return self.token is None

    def refuse_long(self, beginning: bytes, end: bytes, length: int) -> None:
        """Report a message that was skipped because of its length, given its beginning and end.

        What it would have changed is unknown.
        """
        head, _, rest = beginning.decode("utf-8", "replace").partition('"params"')
        _, is_found, tail = end.decode("utf-8", "replace").rstrip()[:-1].rpartition("}")
        around = head + (tail if is_found else "")  # editors write the keys in any order
        request_id, method = _ID.search(around), _METHOD.search(around)
        reason = (
            f"a message of {length / 1e6:,.0f} MB was not read, as the limit is "
            f"{MAX_BODY_BYTES / 1e6:,.0f} MB; close the large document, or split it"
        )
        if request_id is not None:
            self._fail(json.loads(request_id.group(1)), _REQUEST_FAILED, reason)
        if self._workspace is None or self._shutdown:
            return
        uri = _URI.search(rest or head)
        self.on_skipped(method.group(1) if method else "", uri.group(1) if uri else None, reason)

    def _receive_notification(self, message: dict[str, Any]) -> None:
        method = message["method"]
        if not isinstance(method, str) or not self._is_known(method):
            _log.debug("ignored an unknown notification")
            return
        if method != types.EXIT and (self._shutdown or self._workspace is None):
            return
        try:
            params = self._structure_params(method, message)
        except Exception:  # noqa: BLE001 - as for requests, but notifications get no answer
            _log.warning("ignored a %s whose parameters do not fit", method)
            self.on_invalid_params.get(method, lambda _: None)(message.get("params"))
            return
        self._handle_notification(method, params)

    def _receive_response(self, message: dict[str, Any]) -> None:
        """Resolve the future of our own request with the client's answer, as plain JSON values."""
        request_id = _usable_id(message.get("id"))
        future = None if request_id is None else self._asked.pop(request_id, None)
        if future is None or future.done():
            _log.debug("ignored an answer to no pending request")
        elif message.get("error") is not None:
            future.set_exception(AssistError("the editor refused a request"))
        else:
            future.set_result(message.get("result"))

    def _is_known(self, method: str) -> bool:
        known = (self.fm.builtin_features, self.fm.features)
        return method == types.CANCEL_REQUEST or any(method in features for features in known)

    def _structure_params(self, method: str, message: dict[str, Any]) -> Any:
        message_type: Any = self.get_message_type(method)
        return self._converter.structure(message, message_type).params

    def get_message_type(self, method: str) -> Any:  # type: ignore[override]
        """Return the type of a method's messages; pygls' cache would keep every server alive."""
        return types.METHOD_TO_TYPES.get(method, (None,))[0]

    def _execute_handler(self, msg_id: Any, *args: Any, **kwargs: Any) -> None:
        """Run a handler; keep its future only while it runs."""
        super()._execute_handler(msg_id, *args, **kwargs)
        future = self._request_futures.get(msg_id)
        if future is not None:
            future.add_done_callback(lambda _: self._request_futures.pop(msg_id, None))

    def _handle_cancel_notification(self, msg_id: Any) -> None:
        """Cancel a running request, which answers it at once."""
        future = self._request_futures.get(msg_id)
        if future is not None:
            future.cancel()

    def _send_handler_result(self, future: "Future[Any]", *, msg_id: Any) -> None:
        """Answer a request with what its handler returned or raised."""
        if future.cancelled():
            self._fail(msg_id, _CANCELLED, "cancelled")
            return
        error = future.exception()
        if error is None:
            self._send_response(msg_id, result=future.result())
        elif isinstance(error, InputError):
            self._fail(msg_id, _REQUEST_FAILED, str(error), REFUSAL)
        elif isinstance(error, AssistError):
            self._fail(msg_id, _REQUEST_FAILED, str(error))
        else:
            self._fail_from_pygls(msg_id, error)

    def _fail_from_pygls(self, msg_id: Any, error: BaseException) -> None:
        code = getattr(error, "code", None)
        if code == _INVALID_PARAMS:
            self._fail(msg_id, _INVALID_PARAMS, "the arguments do not fit the command")
            return
        _log.error("a handler failed", exc_info=error)
        self._fail(msg_id, _INTERNAL_ERROR, "internal error; see the server's log")

    def _fail(self, msg_id: Any, code: int, message: str, data: Any = None) -> None:
        self._send_response(
            msg_id, error=types.ResponseError(code=code, message=message, data=data)
        )

    def _send_response(self, msg_id: Any, result: Any = None, error: Any = None) -> None:
        outcome = {"result": result} if error is None else {"error": error}
        self._send_data(
            {"jsonrpc": "2.0", "id": msg_id, **outcome}
        )  # with the id, even if it is null

    def send_request(self, method: str, params: Any = None, *_: Any, **__: Any) -> "Future[Any]":
        """Send a request to the client; return the future of its plain JSON answer."""
        # With the process: after a restart, an answer to the last one is no answer to this one.
        request_id = f"assist-{os.getpid()}-{next(self._numbers)}"
        future = self._asked[request_id] = Future()
        message_type = self.get_message_type(method)
        self._send_data(message_type(id=request_id, method=method, params=params))
        return future

    def _send_data(self, data: Any) -> None:
        self.send(frame(self._encode(data).encode("utf-8", "replace")))

    def _encode(self, data: Any) -> str:
        try:
            return self._dump(data)
        except ValueError:  # NaN and infinity, which JSON lacks, become null
            spelled = json.dumps(data, default=self._serialize_message)
            return self._dump(json.loads(spelled, parse_constant=lambda _: None))

    def _dump(self, data: Any) -> str:
        return json.dumps(
            data, default=self._serialize_message, separators=(",", ":"), allow_nan=False
        )

    def add_command(self, name: str, handler: Callable[..., Any]) -> None:
        """Offer a command; its handler takes the server and then the client's arguments."""
        self._commands[name] = handler
        self.fm.command(name)(handler)  # adds it to the capabilities

    async def _execute_command(self, params: types.ExecuteCommandParams) -> Any:
        """Run a command; a coroutine, so that cancelling the request cancels the command."""
        handler = self._commands.get(params.command)
        if handler is None:
            raise AssistError(f"no command {params.command[:80]!r}")
        try:
            arguments = self._structure_arguments(handler, params.arguments or ())
        except Exception as error:
            raise JsonRpcInvalidParams from error
        result = handler(*arguments)
        return await result if inspect.isawaitable(result) else result

    def _structure_arguments(self, handler: Callable[..., Any], given: Sequence[Any]) -> list[Any]:
        """Return the server and a command's arguments, converted to the handler's types."""
        declared = get_type_hints(handler)
        bound = inspect.signature(handler).bind(self._server, *given).arguments
        _, *client_arguments = bound.items()
        structured = [self._structure(value, declared[name]) for name, value in client_arguments]
        return [self._server, *structured]

    def _structure(self, value: Any, declared: Any) -> Any:
        if isinstance(declared, type) and issubclass(declared, (str, bool)):
            if not isinstance(value, declared):  # cattrs would convert anything to these
                raise TypeError(f"not a {declared.__name__}")
            return value
        return self._converter.structure(value, declared)

    def _shut_down(self, *_: Any) -> None:
        """Reject everything but `exit` from now on."""
        self._shutdown = True
        self.on_shutdown()

    def running_handlers(self) -> list[Future[Any]]:
        """Return the futures of handlers that are running."""
        return list(self._request_futures.values())

    def _exit(self, *_: Any) -> None:
        """Leave: code 0 after `shutdown`, else 1."""
        self.on_exit(self.exit_code)

    @property
    def exit_code(self) -> int:
        """Return the exit code if the process ended now: 0 after `shutdown`, else 1."""
        return 0 if self._shutdown else 1


def _usable_id(request_id: Any) -> int | str | None:
    """Return a request's id if it is valid; in Python, a boolean is an int, in JSON it is not."""
    is_usable = isinstance(request_id, (int, str)) and not isinstance(request_id, bool)
    return request_id if is_usable else None


async def ask_client(protocol: AssistProtocol, method: str, params: Any) -> Any:
    """Send a request to the client and wait for its plain JSON answer.

    Raises:
        AssistError: the client answered with an error.
    """
    return await asyncio.wrap_future(protocol.send_request(method, params))
