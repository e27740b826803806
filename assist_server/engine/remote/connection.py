"""HTTP to one server: a pool of connections, limits, and failures in one sentence each.

Everything runs on one thread with an event loop. So a request can be cancelled at any moment, which
closes its stream, and servers stop generating when a stream is closed.
"""

import asyncio
import json
import logging
import threading
from collections.abc import AsyncIterator, Coroutine, Generator, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import asynccontextmanager, suppress
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import httpx2

from assist_server.engine.remote.address import ServerAddress
from assist_server.engine.remote.failures import (
    UnexpectedAnswerError,
    redirected_host,
    refusal,
    server_message,
    transport_failure,
    unreadable,
)
from assist_server.errors import ModelError, ModelServerError

Json = dict[str, Any]
_T = TypeVar("_T")

_MAX_BODY_BYTES = 16 << 20
"""Of an answer that comes at once; ids of a long text take a megabyte."""
_MAX_ERROR_BYTES = 64 << 10
_MAX_EVENT_BYTES = 1 << 20
_CONNECT_S = 5.0
_KEPT_S = 4.0
"""Shorter than llama-server's five seconds: a request must not meet a connection that closes."""
_MAX_CONNECTIONS = 16
_UNLOADED = "the model was unloaded; try again"
_POLL_S = 0.02
"""Longest time until a reader looks again whether its request is still wanted."""


class ServerConnection:
    """The connections to one server; every method may be called from any thread."""

    def __init__(self, address: ServerAddress, timeout_ms: int) -> None:
        """Start the thread; nothing is sent yet.

        Raises:
            ModelError: a proxy or certificates in the environment cannot be used.
        """
        for name in ("httpx2", "httpcore2"):
            logging.getLogger(name).setLevel(logging.WARNING)  # they log each request
        self.address = address
        """May be replaced by one with another key, for the requests from then on."""
        self._timeout_ms = timeout_ms
        self._client = _client(address)
        self._closing = threading.Lock()
        self._is_closed = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="assist-remote", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Close all connections and end the thread; called from another thread."""
        with self._closing:
            if not self._is_closed:
                self._loop.call_soon_threadsafe(self._loop.stop)
            self._is_closed = True
        self._thread.join()

    def get(self, path: str) -> Json:
        """Return a JSON object of the server.

        Raises:
            ModelError: there is none; a ModelServerError if it makes sense to try again.
        """
        work = self._fetch("GET", path, None, is_quoted=True, limit_ms=self._timeout_ms)
        return self._wait_for(work)

    def find(self, path: str) -> Json | None:
        """Return a JSON object of the server; None if it has none there, or refuses to say.

        Raises:
            ModelServerError: the server cannot be used now.
        """
        try:
            return self.get(path)
        except UnexpectedAnswerError:
            return None
        except ModelServerError:
            raise
        except ModelError:  # it refuses this request
            return None

    def post(
        self, path: str, body: Json, *, is_quoted: bool = False, timeout_ms: int | None = None
    ) -> Json:
        """Return the JSON object that answers another one.

        Args:
            path: Below the server's address.
            body: What to send.
            is_quoted: Quote the server's message in an error. A message may repeat what was sent,
                so this is for requests without the user's text.
            timeout_ms: A time limit below that of the settings.

        Raises:
            ModelError: as for `get`.
        """
        limit_ms = min(self._timeout_ms, timeout_ms or self._timeout_ms)
        work = self._fetch("POST", path, body, is_quoted=is_quoted, limit_ms=limit_ms)
        return self._wait_for(work)

    def stream(self, path: str, body: Json) -> Generator[Json | None, None, None]:
        """Yield the events of a streamed answer; None while there is nothing new.

        Closing the iterator closes the stream.

        Raises:
            ModelError: as for `get`.
        """
        answers: SimpleQueue[Json | Exception | None] = SimpleQueue()
        pumping = self._start(self._pump(path, body, answers))
        try:
            while True:
                try:
                    answer = answers.get(timeout=_POLL_S)
                except Empty:
                    if pumping.cancelled():
                        raise ModelError(_UNLOADED) from None
                    yield None
                    continue
                if isinstance(answer, Exception):
                    raise answer
                if answer is None:
                    return
                yield answer
        finally:
            pumping.cancel()

    def _wait_for(self, work: Coroutine[Any, Any, Json]) -> Json:
        try:
            return self._start(work).result()
        except CancelledError:
            raise ModelError(_UNLOADED) from None

    def _start(self, work: Coroutine[Any, Any, _T]) -> "Future[_T]":
        """Run a coroutine on the connection's thread.

        Raises:
            ModelError: the connection is closed.
        """
        with self._closing:  # what is begun before the loop has to stop is ended by it
            if not self._is_closed:
                return asyncio.run_coroutine_threadsafe(work, self._loop)
        work.close()
        raise ModelError(_UNLOADED)

    async def _fetch(
        self, method: str, path: str, body: Json | None, *, is_quoted: bool, limit_ms: int
    ) -> Json:
        try:
            # The limits of a request are those of each part that comes.
            async with (
                asyncio.timeout(limit_ms / 1000),
                self._answer(method, path, body, limit_ms, is_quoted=is_quoted) as response,
            ):
                content = await _read(response, _MAX_BODY_BYTES)
        except TimeoutError as error:
            raise transport_failure(self.address, limit_ms, error) from None
        try:
            answer = json.loads(content or b"")
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise unreadable(self.address)
        return answer

    async def _pump(
        self, path: str, body: Json, answers: "SimpleQueue[Json | Exception | None]"
    ) -> None:
        """Put the events of a stream into a queue, and None or an error at the end."""
        try:
            limit_ms = self._timeout_ms
            async with self._answer("POST", path, body, limit_ms, is_quoted=False) as response:
                async for event in httpx2.EventSource(response, _MAX_EVENT_BYTES):
                    # Read to its end, a connection can be used again.
                    if event.data.strip() not in {"", "[DONE]"}:
                        answers.put(self._parsed(event.data))
        except Exception as error:  # noqa: BLE001 - it is raised in the reader
            answers.put(error)
        else:
            answers.put(None)

    def _parsed(self, data: str) -> Json:
        try:
            event = json.loads(data)
        except (ValueError, RecursionError):
            event = None
        if not isinstance(event, dict):
            raise unreadable(self.address)
        if event.get("error"):
            raise refusal(self.address, 500, "")
        return event

    def _request(self, method: str, path: str, body: Json | None, limit_ms: int) -> httpx2.Request:
        limit_s = limit_ms / 1000
        timeout = httpx2.Timeout(limit_s, connect=min(_CONNECT_S, limit_s))
        url, key = self.address.url + path, self.address.key
        headers = {"Authorization": f"Bearer {key}"} if key else None
        return self._client.build_request(method, url, json=body, headers=headers, timeout=timeout)

    @asynccontextmanager
    async def _answer(
        self, method: str, path: str, body: Json | None, limit_ms: int, *, is_quoted: bool
    ) -> AsyncIterator[httpx2.Response]:
        """Send a request, and yield its answer if the server accepts it."""
        try:
            response = await self._send(self._request(method, path, body, limit_ms))
            try:
                if response.status_code != httpx2.codes.OK:
                    content = await _read(response, _MAX_ERROR_BYTES)
                    said = server_message(content, is_quoted=is_quoted)
                    if is_quoted and response.has_redirect_location:
                        said = said or redirected_host(response.headers["location"])
                    raise refusal(self.address, response.status_code, said)
                yield response
            finally:
                await response.aclose()
        except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeEncodeError) as error:
            raise transport_failure(self.address, limit_ms, error) from None

    async def _send(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request; a connection that fails before anything is sent is tried twice."""
        with suppress(httpx2.ConnectError):
            return await self._client.send(request, stream=True)
        return await self._client.send(request, stream=True)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(_ended(tasks, self._client))
        self._loop.close()


def _client(address: ServerAddress) -> httpx2.AsyncClient:
    """Return a client without connections yet.

    Raises:
        ModelError: what the environment says about proxies or certificates cannot be used.
    """
    try:
        return httpx2.AsyncClient(
            limits=httpx2.Limits(max_connections=_MAX_CONNECTIONS, keepalive_expiry=_KEPT_S),
            follow_redirects=False,  # the key and the text are for this server only
            trust_env=not address.is_loopback,  # a proxy would see what should stay here
        )
    except (ImportError, OSError, ValueError, httpx2.InvalidURL):
        # The error may repeat a proxy's password.
        raise ModelError(
            "the proxy or the certificates that the environment names cannot be used; correct "
            "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR where "
            "assist-server is started; SOCKS is not supported"
        ) from None


async def _ended(tasks: Sequence[Any] | set[Any], client: httpx2.AsyncClient) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)
    await client.aclose()


async def _read(response: httpx2.Response, limit: int) -> bytes | None:
    """Return the body of an answer; None if it is longer than the limit."""
    content = bytearray()
    async for part in response.aiter_bytes():
        content += part
        if len(content) > limit:
            return None
    return bytes(content)
