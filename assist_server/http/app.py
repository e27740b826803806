"""The application: who may use it, which requests there are, and how they are answered.

Every program on the machine can reach a port, web pages too. So each request must carry the token,
and must name this machine as its host, which a page that found a way to the port cannot; and no
answer allows a page of another origin to read it.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import urlsplit

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from assist_server.engine.backend import Backend
from assist_server.engine.request import CancelToken, GenerationRequest
from assist_server.errors import AssistError, InputError, ModelLoadingError, ModelServerError
from assist_server.http.answers import AnswerForm, AnswerText, error_of, event
from assist_server.http.bodies import Body, ChatBody, CompletionBody, InfillBody
from assist_server.settings import Settings

_MAX_BODY_BYTES = 8 << 20
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_STATUSES = {InputError: 400, ModelLoadingError: 503, ModelServerError: 502}


def create_app(get_backend: Callable[[], Backend], settings: Settings, token: str) -> ASGIApp:
    """Create the application.

    Args:
        get_backend: Returns the loaded model, after waiting for it; called on a thread. Raises
            AssistError if there is none.
        settings: Limits of prompts, and the infilling format.
        token: What clients must send as `Authorization: Bearer TOKEN`.
    """
    answering = _Answering(get_backend, settings)
    app = Starlette(
        routes=[
            Route("/v1/models", answering.list_models),
            *(
                Route(path, answering.to(body), methods=["POST"])
                for path, body in (
                    ("/v1/completions", CompletionBody),
                    ("/v1/chat/completions", ChatBody),
                    ("/infill", InfillBody),
                )
            ),
        ],
        exception_handlers={
            AssistError: _on_error,
            ValidationError: _on_invalid,
            HTTPException: _on_refused,
        },
    )
    return _Guard(app, token)


class _Guard:
    """Lets only those in who know the token and come by this machine's name."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it before its body is read."""
        answer = self._refusal(Request(scope)) if scope["type"] == "http" else None
        await (answer or self._app)(scope, receive, send)

    def _refusal(self, request: Request) -> Response | None:
        if not _is_loopback(request.headers.get("host", "")):
            said = error_of("this server is for programs on its machine; call it 127.0.0.1")
            return JSONResponse(said, 403)
        given = request.headers.get("authorization", "").encode("latin-1", "replace")
        if not secrets.compare_digest(given, self._expected):
            said = error_of("send the header 'Authorization: Bearer TOKEN'", "authentication_error")
            return JSONResponse(said, 401, {"WWW-Authenticate": "Bearer"})
        return None


def _is_loopback(host: str) -> bool:
    try:
        return urlsplit(f"//{host}").hostname in _LOOPBACK
    except ValueError:
        return False


class _Answering:
    """Answers requests with the model."""

    def __init__(self, get_backend: Callable[[], Backend], settings: Settings) -> None:
        self._get_backend = get_backend
        self._settings = settings

    async def list_models(self, request: Request) -> Response:
        """Answer with the only model."""
        del request
        backend = await run_in_threadpool(self._get_backend)
        described = {"id": backend.info.name, "object": "model", "created": 0}
        listed = [described | {"owned_by": "assist-server"}]
        return JSONResponse({"object": "list", "data": listed})

    def to(self, kind: type[Body]) -> Callable[[Request], Awaitable[Response]]:
        """Return the handler of requests with this kind of body."""

        async def answer(http: Request) -> Response:
            body = kind.model_validate_json(await _read(http))
            backend = await run_in_threadpool(self._get_backend)
            asked = await run_in_threadpool(body.request_of, backend, self._settings)
            form = body.form_of(backend.info.name, len(asked.prompt_ids))
            text = AnswerText(max(map(len, body.stop), default=1) - 1)
            pieces = _pieces(http, backend, asked, text)
            if not body.stream:
                async for _ in pieces:
                    pass
                return JSONResponse(form.whole(text))
            first = await anext(pieces)  # what fails at once gets its status
            events = _events(first, pieces, form, text)
            return StreamingResponse(events, media_type="text/event-stream")

        return answer


async def _read(http: Request) -> bytes:
    content = bytearray()
    async for part in http.stream():
        content += part
        if len(content) > _MAX_BODY_BYTES:
            raise HTTPException(413, f"a request may have {_MAX_BODY_BYTES} bytes")
    return bytes(content)


async def _pieces(
    http: Request, backend: Backend, asked: GenerationRequest, text: AnswerText
) -> AsyncIterator[str]:
    """Yield the text as it is generated; a client that hangs up ends the generation."""
    async with _cancelled_by_client(http) as cancel:
        chunks = await run_in_threadpool(backend.generate, replace(asked, cancel=cancel))
        async for chunk in iterate_in_threadpool(chunks):
            new = text.add(chunk)
            if new or text.reason is not None:
                yield new


@asynccontextmanager
async def _cancelled_by_client(http: Request) -> AsyncIterator[CancelToken]:
    """Give a flag that is set when the client hangs up, and at the end."""
    cancel = CancelToken()

    async def watch() -> None:
        while (await http.receive())["type"] != "http.disconnect":
            pass
        cancel.cancel()

    watching = asyncio.create_task(watch())
    try:
        yield cancel
    finally:
        watching.cancel()
        cancel.cancel()


async def _events(
    first: str, pieces: AsyncIterator[str], form: AnswerForm, text: AnswerText
) -> AsyncIterator[str]:
    """Yield the events of a stream; a failure is the last one."""
    yield event(form.piece(first, text))
    try:
        async for new in pieces:
            yield event(form.piece(new, text))
    except AssistError as error:
        yield event(error_of(str(error), "server_error"))
    yield form.end


async def _on_error(_: Request, error: Exception) -> Response:
    status = next((_STATUSES[kind] for kind in type(error).__mro__ if kind in _STATUSES), 500)
    kind = "invalid_request_error" if status < 500 else "server_error"
    return JSONResponse(error_of(str(error), kind), status)


async def _on_invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, ValidationError)  # noqa: S101 - as registered
    first = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(map(str, first["loc"]))
    return JSONResponse(error_of(f"{place or 'body'}: {first['msg']}", param=place or None), 400)


async def _on_refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - as registered
    return JSONResponse(error_of(error.detail), error.status_code, error.headers)
