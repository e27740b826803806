"""llama.cpp's server by its own interface, which takes and returns token ids.

So prompts are the same as for a model in this process: the family's template, exact ids, and no
control token from the user's text. Token healing is done with a grammar.

Source: llama.cpp, tools/server/README.md.
"""

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from assist_server.engine.backend import ModelInfo
from assist_server.engine.device import DevicePlan
from assist_server.engine.remote.chat_format import ChatFormat
from assist_server.engine.remote.connection import Json, ServerConnection
from assist_server.engine.remote.failures import unreadable
from assist_server.engine.remote.model_by_ids import ModelByIds
from assist_server.engine.remote.served_model import Call, Piece, literal, log_prob_of
from assist_server.engine.remote.vocabulary import MAX_TOKENIZE_MS, Vocabulary
from assist_server.engine.request import FinishReason, GenerationRequest, Sampling

_CHATML = "<|im_start|>"
"""A template with it is llama-server's own if the vocabulary does not have it."""
_FIELDS = ["content", "tokens", "stop", "stop_type", "completion_probabilities"]


class LlamaServer(ModelByIds):
    """A model on a llama-server."""

    def __init__(self, connection: ServerConnection, model: str, properties: Json) -> None:
        """Ask for what `properties`, from `get_properties`, does not say.

        Args:
            connection: To the server.
            model: The name of the model to ask for; empty for the only one.
            properties: What the server says about itself.

        Raises:
            ModelError: the server does not answer as it should.
        """
        self._connection = connection
        self._model = model
        self._named = {"model": model} if model else {}
        self._identity = _identify(properties)
        end = str(properties.get("eos_token") or "")
        self._vocabulary = Vocabulary(self._tokenize, end, connection.address)
        self._chat = ChatFormat(self._apply_template, self._vocabulary)
        self._info = _describe(connection, model, properties, self._vocabulary)

    def is_still_served(self) -> bool:
        """Ask the server whether it has this model."""
        return _identify(get_properties(self._connection, self._model)) == self._identity

    def call(self, request: GenerationRequest) -> Call:
        """Return what to send for a request."""
        prompt_ids, forced, max_tokens = self._split(request)
        body: Json = {
            **self._named,
            **_samplers(request.sampling),
            "prompt": prompt_ids,
            "n_predict": max_tokens,
            "stream": True,
            "cache_prompt": True,
            "n_probs": 1,
            "return_tokens": True,
            "response_fields": _FIELDS,
        }
        if forced:
            body["grammar"] = f"root ::= {literal(forced)} .*"
        return Call("/completion", body, forced)

    def read(self, event: Mapping[str, Any]) -> Piece:
        """Return the piece in an event."""
        ids = tuple(map(int, event["tokens"]))
        log_probs = tuple(
            log_prob_of(each["logprob"]) for each in event.get("completion_probabilities") or ()
        )
        reason = None
        if event["stop"]:
            is_limit = event.get("stop_type") == "limit"
            reason = FinishReason.MAX_NEW_TOKENS if is_limit else FinishReason.END_OF_TEXT
        return Piece(str(event["content"]), ids, log_probs, reason)

    def _tokenize(
        self, content: Sequence[str | int], *, is_trusted: bool, is_begun: bool = False
    ) -> list[tuple[int, bytes]]:
        body: Json = {
            **self._named,
            "content": list(content),
            "parse_special": is_trusted,
            "add_special": is_begun,
            "with_pieces": True,
        }
        answer = self._connection.post("/tokenize", body, timeout_ms=MAX_TOKENIZE_MS)
        try:
            return [(int(each["id"]), _bytes_of(each["piece"])) for each in answer["tokens"]]
        except (ValueError, TypeError, LookupError, ArithmeticError):
            raise unreadable(self._connection.address) from None

    def _apply_template(self, messages: list[dict[str, str]]) -> str:
        body = {**self._named, "messages": messages}
        prompt = self._connection.post("/apply-template", body, is_quoted=True).get("prompt")
        if not isinstance(prompt, str):
            raise unreadable(self._connection.address)
        return prompt


def get_properties(connection: ServerConnection, model: str) -> Json:
    """Ask a llama-server about itself and a model; it may have several.

    Raises:
        ModelError: there is no answer, or the server is another one.
    """
    return connection.get(_properties_path(model))


def find_properties(connection: ServerConnection, model: str) -> Json | None:
    """Return what a llama-server says about itself; None if the server is another one.

    Raises:
        ModelServerError: the server cannot be used now.
    """
    properties = connection.find(_properties_path(model)) or {}
    return properties if "default_generation_settings" in properties else None


def _properties_path(model: str) -> str:
    return "/props" + (f"?model={quote(model, safe='')}" if model else "")


def _identify(properties: Json) -> tuple[str, ...]:
    """Return what tells one model on a server from another; the rest may change at any time."""
    keys = ("model_path", "model_alias", "model_ftype", "eos_token", "chat_template")
    return tuple(str(properties.get(key)) for key in keys)


def _bytes_of(piece: object) -> bytes:
    """Return a token's bytes, which JSON has as text if they are whole characters.

    Raises:
        TypeError, ValueError: it is something else; of a number, `bytes` would make as many zeros.
    """
    if isinstance(piece, str):
        return piece.encode()
    if not isinstance(piece, list):
        raise TypeError
    return bytes(piece)


def _describe(
    connection: ServerConnection, model: str, properties: Json, vocabulary: Vocabulary
) -> ModelInfo:
    settings = properties.get("default_generation_settings")
    context = settings.get("n_ctx") if isinstance(settings, dict) else None
    template = str(properties.get("chat_template") or "")
    named = model or str(properties.get("model_alias") or properties.get("model_path") or "model")
    host = connection.address.host
    return ModelInfo(
        name=PurePath(named).name,
        model_type="",
        context_tokens=context if isinstance(context, int) and context > 0 else 2048,
        special_ids=vocabulary.control_ids,
        end_ids=frozenset({vocabulary.end_id}),
        bos_id=vocabulary.bos_id,
        plan=DevicePlan(
            host,
            str(properties.get("model_ftype") or "the server's format"),
            (f"Your text goes to {host}, a llama-server, as remote.url says",),
        ),
        has_chat_template=bool(template)
        and (_CHATML not in template or _CHATML in vocabulary.control_ids),
        host=host,
        learns=False,
    )


def _samplers(sampling: Sampling) -> Json:
    """Return the sampling of models in this process: temperature, then the nucleus, no more."""
    if not sampling.temperature:
        return {"samplers": ["temperature"], "temperature": 0}
    seed = {} if sampling.seed is None else {"seed": sampling.seed}
    return {
        "samplers": ["temperature", "top_p"],
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        **seed,
    }
