"""A `Backend` whose model runs on a server."""

import contextlib
import os
import threading
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from itertools import islice, takewhile
from typing import Any

from assist_server.engine.backend import ModelInfo, TroubleCallback
from assist_server.engine.remote.address import read_address
from assist_server.engine.remote.connection import ServerConnection
from assist_server.engine.remote.failures import KeyRefusedError, broken_off, unreadable
from assist_server.engine.remote.health import Health
from assist_server.engine.remote.open_model import open_model
from assist_server.engine.remote.served_model import Piece, ServedModel
from assist_server.engine.request import Chunk, FinishReason, GenerationRequest, kept_length
from assist_server.errors import ModelError, ModelServerError
from assist_server.settings import RemoteSettings

_MAX_EVENTS_AFTER_END = 8
"""A server may say what was used; one that goes on is not listened to."""
_OWN_ENDS = frozenset({FinishReason.CANCELLED, FinishReason.DEADLINE})
"""They come without a word from the server."""
_UNSURE_S = 2.0
"""Time after which a server may have been started again with another model, unnoticed."""


class RemoteBackend:
    """A model on a server, which is opened again by itself after a failure."""

    @classmethod
    def open(cls, settings: RemoteSettings) -> "RemoteBackend":
        """Connect to the server in the settings.

        Raises:
            ModelError: as for the constructor, or the settings cannot be used.
        """
        address = read_address(settings, os.environ)
        connection = ServerConnection(address, settings.timeout_ms)
        try:
            return cls(settings, connection)
        except BaseException:
            connection.close()
            raise

    def __init__(self, settings: RemoteSettings, connection: ServerConnection) -> None:
        """Ask the server for its model.

        Raises:
            ModelError: there is none; a ModelServerError if the server may have it later.
        """
        self._settings = settings
        self._connection = connection
        self._health = Health(self._reopen_later)
        self._is_key_lost = False
        """True after the server has refused the key and no other key could be read."""
        self._model: ServedModel = open_model(connection, settings)
        self._closed = threading.Event()
        self._checking = threading.Lock()
        self._heard_s = time.monotonic()
        """When the server had this model for sure."""

    @property
    def info(self) -> ModelInfo:
        """Return the facts about the model, as of when it was opened last."""
        return self._model.info

    def encode(self, text: str, client: str = "") -> list[int]:
        """Return the ids of `text`."""
        with self._noting_failures():
            self._check_model()
            return self._model.encode(text, client)

    def encode_chat(self, messages: Sequence[Mapping[str, str]], client: str = "") -> list[int]:
        """Return the ids of a conversation in the model's chat format."""
        with self._noting_failures():
            self._check_model()
            return self._model.encode_chat(messages, client)

    def decode_prompt(self, ids: Sequence[int]) -> str:
        """Return a prompt as readable text."""
        return self._model.decode_prompt(ids)

    def generate(self, request: GenerationRequest) -> Iterator[Chunk]:
        """Continue a prompt on the server; nothing is sent before the first chunk is taken.

        Raises:
            ModelError: the prompt does not fit, or the server failed.
        """
        info = self._model.info
        room = info.context_tokens - request.max_new_tokens
        if not 0 < len(request.prompt_ids) <= room:
            raise ModelError(
                f"a prompt of {len(request.prompt_ids)} tokens does not fit {info.name}: "
                f"between 1 and {room} are possible; lower max_prompt_tokens or max_new_tokens"
            )
        return self._generate(request, time.monotonic())

    def learn(self, name: str, parts: Sequence[Sequence[int]]) -> None:
        """Do nothing: drafting is the server's."""

    def forget(self, name: str) -> None:
        """Do nothing, as nothing was learned."""

    def watch(self, on_trouble: TroubleCallback) -> None:
        """Call `on_trouble` when the server stops answering and when it answers again."""
        self._health.watch(on_trouble)

    def close(self) -> None:
        """End all requests and close the connections."""
        self._closed.set()
        self._connection.close()

    def _check_model(self) -> None:
        """Ask for the model after a pause, as a server started meanwhile may have another one.

        What a caller knows of the model and has encoded is then out of date, so its request ends.

        Raises:
            ModelError: there is another model.
        """
        with self._checking:
            if time.monotonic() - self._heard_s < _UNSURE_S:
                return
            is_same = self._model.is_still_served()
            if not is_same:
                self._model = open_model(self._connection, self._settings)
            self._heard_s = time.monotonic()
        if not is_same:
            self._health.recover()  # the same to those who watch
            host = self._connection.address.host
            raise ModelError(f"{host} has another model now, {self.info.name!r}; try again")

    def _generate(self, request: GenerationRequest, started_s: float) -> Iterator[Chunk]:
        model = self._model
        call = model.call(request)
        with (
            self._noting_failures(),
            contextlib.closing(self._pieces(call.path, call.body)) as pieces,
        ):
            is_answered = False
            for chunk in _chunks(
                _until_over(pieces, request, started_s), request, call.leading_text
            ):
                is_answered = is_answered or chunk.finish_reason not in _OWN_ENDS
                yield chunk
        if is_answered:
            self._health.succeed()

    def _pieces(self, path: str, body: dict[str, object]) -> Generator[Piece, None, None]:
        """Yield the pieces of an answer, and empty ones while the server is silent."""
        with contextlib.closing(self._connection.stream(path, body)) as events:
            for event in events:
                piece = Piece() if event is None else self._read(event)
                self._heard_s = self._heard_s if event is None else time.monotonic()
                if piece.finish_reason is not None:
                    break
                yield piece
            else:
                raise broken_off(self._connection.address)
            # Read to its end, a connection can be used again; but some servers do not close it.
            for event in islice(events, _MAX_EVENTS_AFTER_END):
                if event is None:
                    break
        yield piece

    def _read(self, event: dict[str, Any]) -> Piece:
        try:
            return self._model.read(event)
        except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError):
            raise unreadable(self._connection.address) from None

    @contextlib.contextmanager
    def _noting_failures(self) -> Iterator[None]:
        if self._closed.is_set():
            raise ModelError("the model was unloaded; try again")
        self._health.check()
        try:
            yield
        except ModelServerError as error:
            self._health.fail(error)
            raise

    def _reopen_later(self, delay_s: float) -> None:
        work = threading.Thread(
            target=self._reopen, args=(delay_s,), name="assist-reopening", daemon=True
        )
        work.start()

    def _reopen(self, delay_s: float) -> None:
        """Ask the server for its model again, which may be another one now."""
        if self._closed.wait(delay_s):
            return
        try:
            self._model = self._open_again()
            self._heard_s = time.monotonic()
        except Exception as error:  # noqa: BLE001 - the last thing that tries the server again
            address = self._connection.address
            trouble = error if isinstance(error, ModelError) else unreadable(address)
            if not self._closed.is_set():
                self._health.fail_again(trouble)
        else:
            self._health.recover()

    def _open_again(self) -> ServedModel:
        """Open the model; if the server refuses the key, the user may have stored another one."""
        try:
            return open_model(self._connection, self._settings)
        except KeyRefusedError:
            if self._is_key_lost:
                raise
            self._is_key_lost = True  # a keyring that is locked is asked once, not at each attempt
            address = read_address(self._settings, os.environ)
            self._is_key_lost = False
            if address == self._connection.address:
                raise
            self._connection.address = address
            return open_model(self._connection, self._settings)


def _until_over(
    pieces: Iterator[Piece], request: GenerationRequest, started_s: float
) -> Iterator[Piece]:
    """Yield pieces until the request is cancelled or its time is over."""
    limit_s = None if request.max_latency_ms is None else started_s + request.max_latency_ms / 1000
    for piece in pieces:
        if request.cancel.is_cancelled:
            yield Piece(finish_reason=FinishReason.CANCELLED)
            return
        if limit_s is not None and time.monotonic() >= limit_s:
            yield Piece(finish_reason=FinishReason.DEADLINE)
            return
        yield piece


def _chunks(
    pieces: Iterator[Piece], request: GenerationRequest, leading_text: str
) -> Iterator[Chunk]:
    """Yield the chunks of a request: stopped, and without the leading text."""
    text, count = "", 0
    for piece in pieces:
        if not request.end_ids.isdisjoint(piece.token_ids):
            yield Chunk("", finish_reason=FinishReason.END_OF_TEXT)
            return
        hidden = _shared_chars(piece.text, leading_text)
        new = piece.text[hidden:]
        leading_text = "" if new else leading_text[hidden:]
        text += new
        count += len(piece.token_ids) if not leading_text else 0
        kept = kept_length(text, request.stop_rules) if new else None
        reason = piece.finish_reason
        if kept is not None:
            reason = FinishReason.STOP_RULE
        elif reason is None and count >= request.max_new_tokens:
            reason = FinishReason.MAX_NEW_TOKENS
        if new or piece.token_ids or reason is not None:
            yield Chunk(new, piece.token_ids, piece.log_probs, reason, kept)
        if reason is not None:
            return


def _shared_chars(one: str, other: str) -> int:
    """Return the number of first characters in which two texts agree."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
