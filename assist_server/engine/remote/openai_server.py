"""Servers with OpenAI's interface, which take texts: Ollama, vLLM, LM Studio, TabbyAPI and others.

A completion is asked for with prefix and suffix, which the server puts into the model's format, or,
where the server does not take a suffix, with the prefix alone. Text is asked for as a chat.

Source: OpenAI's API reference, completions and chat completions.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from assist_server.engine.backend import ModelInfo
from assist_server.engine.device import DevicePlan
from assist_server.engine.remote import text_ids
from assist_server.engine.remote.connection import Json, ServerConnection
from assist_server.engine.remote.served_model import Call, Piece, log_prob_of
from assist_server.engine.request import FinishReason, GenerationRequest
from assist_server.errors import ModelError, ModelServerError

_CONTEXT_TOKENS = 4096
"""Assumed, as servers do not say: Ollama's default, and less than that of newer models."""
_REASONS = {"length": FinishReason.MAX_NEW_TOKENS}
_MAX_NAMES, _MAX_NAME_CHARS = 8, 80
_SAMPLE: Json = {"prompt": "def add(a, b):\n    return", "max_tokens": 1, "temperature": 0}
"""A text that tells nothing of the user's, to find out what a server takes."""
_SUFFIX = "\n\n\ntotal = add(1, 2)\n"


class OpenAiServer:
    """A model on a server with OpenAI's interface."""

    def __init__(self, connection: ServerConnection, model: str) -> None:
        """Find the model, and find out whether the server infills.

        Args:
            connection: To the server.
            model: The model's name; empty for the server's only one.

        Raises:
            ModelError: the server has several models or none, or does not complete text.
        """
        self._model = model or _only_model(connection)
        options = _accepted_options(connection, self._model)
        infills = "suffix" in options
        self._tells_log_probs = "logprobs" in options
        host = connection.address.host
        self._info = ModelInfo(
            name=self._model,
            model_type="",
            context_tokens=_CONTEXT_TOKENS,
            special_ids=text_ids.MARKS if infills else {},
            end_ids=frozenset({text_ids.MARKS[text_ids.END]}),
            bos_id=None,
            plan=DevicePlan(
                host,
                "the server's format",
                (f"Your text goes to {host}, as remote.url says",),
            ),
            has_chat_template=True,
            fim_template=text_ids.TEMPLATE if infills else None,
            host=host,
            learns=False,
            prefills=connection.address.is_loopback,  # elsewhere, a prompt may cost money
        )

    @property
    def info(self) -> ModelInfo:
        """Return the facts about the model."""
        return self._info

    def is_still_served(self) -> bool:
        """Return True: the server refuses requests that name a model it does not have."""
        return True

    def encode(self, text: str, client: str) -> list[int]:
        """Return ids that stand for a text."""
        del client
        return text_ids.encode(text)

    def encode_chat(self, messages: Sequence[Mapping[str, str]], client: str) -> list[int]:
        """Return ids that stand for a conversation."""
        del client
        return text_ids.encode_chat(messages)

    def decode_prompt(self, ids: Sequence[int]) -> str:
        """Return a prompt as readable text."""
        return text_ids.decode(ids)

    def call(self, request: GenerationRequest) -> Call:
        """Return what to send for a request."""
        parts = text_ids.parts_of(request.prompt_ids)
        body: Json = {
            "model": self._model,
            "max_tokens": request.max_new_tokens,
            "temperature": request.sampling.temperature,
            "top_p": request.sampling.top_p,
            "stream": True,
        }
        if request.sampling.seed is not None:
            body["seed"] = request.sampling.seed
        messages = [
            {"role": role, "content": part.text}
            for part in parts
            if (role := text_ids.role_of(part))
        ]
        if messages:
            tells = {"logprobs": True} if self._tells_log_probs else {}
            return Call("/v1/chat/completions", {**body, **tells, "messages": messages})
        suffix = "".join(part.text for part in parts if part.mark == text_ids.SUFFIX)
        prefix = "".join(part.text for part in parts if part.mark != text_ids.SUFFIX)
        # A blank is part of the token of the next word, and a prompt rarely ends in one. A server
        # cannot be made to begin with it, but what does not is right after it, too.
        blank = " " if request.healed_text == " " and prefix.endswith(" ") else ""
        body["prompt"] = prefix.removesuffix(blank)
        if self._tells_log_probs:
            body["logprobs"] = 1
        if suffix:
            body["suffix"] = suffix
        return Call("/v1/completions", body, blank)

    def read(self, event: Mapping[str, Any]) -> Piece:
        """Return the piece in an event, of either kind of completion."""
        if not event["choices"]:
            return Piece()  # what was used, at the end
        [choice] = event["choices"]
        text = choice["delta"].get("content") if "delta" in choice else choice["text"]
        text = text or ""
        reason = choice.get("finish_reason")
        return Piece(
            text,
            (text_ids.id_of(text),) if text else (),
            _log_probs(choice.get("logprobs")) if text else (),
            _REASONS.get(reason, FinishReason.END_OF_TEXT) if reason else None,
        )


def _log_probs(found: Mapping[str, Any] | None) -> tuple[float, ...]:
    """Return the log-probabilities of the chosen tokens, in either form."""
    if not found:
        return ()
    if found.get("content"):
        return tuple(log_prob_of(each["logprob"]) for each in found["content"])
    return tuple(map(log_prob_of, found.get("token_logprobs") or ()))


def _only_model(connection: ServerConnection) -> str:
    listed = connection.get("/v1/models").get("data")
    listed = listed if isinstance(listed, list) else []
    names = [str(each["id"]) for each in listed if isinstance(each, dict) and each.get("id")]
    host = connection.address.host
    if not names:
        raise ModelServerError(f"{host} has no model; load one there, or set remote.model")
    if len(names) > 1:
        more = ", ..." if len(names) > _MAX_NAMES else ""
        raise ModelError(
            f"{host} has several models; set remote.model to one of them: "
            f"{', '.join(repr(name[:_MAX_NAME_CHARS]) for name in names[:_MAX_NAMES])}{more}"
        )
    return names[0]


def _accepted_options(connection: ServerConnection, model: str) -> Json:
    """Return the optional parts of a completion that a server takes, the most of them.

    Raises:
        ModelError: it takes no completion at all.
    """
    suffix, log_probs = {"suffix": _SUFFIX}, {"logprobs": 1}
    bare = {"model": model, **_SAMPLE}
    for options in (suffix | log_probs, suffix, log_probs):
        try:
            answer = connection.post("/v1/completions", bare | options, is_quoted=True)
        except ModelServerError:
            raise
        except ModelError:  # it refuses this request
            continue
        if "suffix" in options and not _infills(
            answer, connection.post("/v1/completions", bare, is_quoted=True)
        ):
            return {key: value for key, value in options.items() if key != "suffix"}
        return options
    connection.post("/v1/completions", bare, is_quoted=True)
    return {}


def _infills(with_suffix: Json, without: Json) -> bool:
    """Return whether a suffix was shown to the model: not only ignored, or put after the answer.

    Where a server tells the length of its prompts, that of a suffix shows in it.
    """
    try:
        lengths = [int(answer["usage"]["prompt_tokens"]) for answer in (with_suffix, without)]
    except (ValueError, TypeError, LookupError):
        lengths = []
    try:
        is_repeated = str(with_suffix["choices"][0]["text"]).endswith(_SUFFIX)
    except (TypeError, LookupError):
        is_repeated = False
    return not is_repeated and (not lengths or lengths[0] > lengths[1])
