"""llama.cpp's server by its own interface, which takes and returns token ids.

So prompts are the same as for a model in this process: the family's template, exact ids, and no
control token from the user's text. Token healing is done with a grammar.

Source: llama.cpp, tools/server/README.md.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from assist_server.engine.backend import ModelInfo
from assist_server.engine.device import DevicePlan
from assist_server.engine.remote.connection import Json, ServerConnection
from assist_server.engine.remote.failures import unreadable
from assist_server.engine.remote.llama_tokens import LlamaTokens
from assist_server.engine.remote.served_model import Call, Piece, log_prob_of
from assist_server.engine.request import FinishReason, GenerationRequest, Sampling
from assist_server.engine.tokens.cut_back import cut_back
from assist_server.errors import ModelError

_MARK = re.compile("\ue000(\\d+)\ue001")
"""Stands for a message's content in a rendered chat template; private-use characters."""
_CHATML = "<|im_start|>"
"""A template with it is llama-server's own if the vocabulary does not have it."""
_FIELDS = ["content", "tokens", "stop", "stop_type", "completion_probabilities"]


class LlamaServer:
    """A model on a llama-server."""

    def __init__(self, connection: ServerConnection, model: str, properties: Json) -> None:
        """Ask for what `properties`, the answer of `/props`, does not say.

        Args:
            connection: To the server.
            model: The name of the model to ask for; empty for the only one.
            properties: What the server says about itself.

        Raises:
            ModelError: the server does not answer as it should.
        """
        self._connection = connection
        self._named = {"model": model} if model else {}
        self._tokens = LlamaTokens(connection, self._named, properties)
        self._info = _describe(connection, model, properties, self._tokens)
        self._rendered: dict[tuple[str, ...], list[list[int] | int]] = {}

    @property
    def info(self) -> ModelInfo:
        """Return the facts about the model."""
        return self._info

    def encode(self, text: str, client: str) -> list[int]:
        """Return the ids of a text; control tokens spelled in it stay text."""
        return self._tokens.encode(text, client)

    def encode_chat(self, messages: Sequence[Mapping[str, str]], client: str) -> list[int]:
        """Return the ids of a conversation up to the answer.

        Raises:
            ModelError: the model has no chat format, or the server failed.
        """
        if not self._info.has_chat_template:
            raise ModelError("this model has no chat format; choose an instruction-tuned model")
        roles = tuple(message["role"] for message in messages)
        if roles not in self._rendered:
            self._rendered[roles] = self._render(roles)
        ids: list[int] = []
        for part in self._rendered[roles]:
            if isinstance(part, int):
                ids += self.encode(messages[part]["content"], client)
            else:
                ids += part
        bos_id = self._info.bos_id
        return ids if bos_id is None or ids[:1] == [bos_id] else [bos_id, *ids]

    def decode_prompt(self, ids: Sequence[int]) -> str:
        """Return a prompt as readable text."""
        return self._tokens.decode(ids)

    def call(self, request: GenerationRequest) -> Call:
        """Return what to send for a request."""
        prompt_ids, cut_off = cut_back(
            self._tokens.bytes_of, request.prompt_ids, request.healed_text
        )
        forced = cut_off.decode()
        body: Json = {
            **self._named,
            **_samplers(request.sampling),
            "prompt": list(prompt_ids),
            # Each byte of the forced text may be a token.
            "n_predict": request.max_new_tokens + len(cut_off),
            "stream": True,
            "cache_prompt": True,
            "n_probs": 1,
            "return_tokens": True,
            "response_fields": _FIELDS,
        }
        if forced:
            body["grammar"] = f"root ::= {_literal(forced)} .*"
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

    def _render(self, roles: Sequence[str]) -> list[list[int] | int]:
        """Return the ids of a conversation's control parts, and the numbers of its contents.

        The server renders the template with marks in place of the contents, which are encoded
        apart, so that they stay text.

        Raises:
            ModelError: the template leaves out, repeats or moves a content, or the server failed.
        """
        messages = [
            {"role": role, "content": f"\ue000{number}\ue001"} for number, role in enumerate(roles)
        ]
        body = {**self._named, "messages": messages}
        prompt = self._connection.post("/apply-template", body, is_quoted=True).get("prompt")
        if not isinstance(prompt, str):
            raise unreadable(self._connection.address)
        parts = _MARK.split(prompt)  # every other one is the number in a mark
        if parts[1::2] != [str(number) for number in range(len(roles))]:
            raise ModelError(
                "the model's chat template does not keep each message once and in order; choose "
                "another model or template on the server"
            )
        return [
            int(part) if index % 2 else self._tokens.encode_trusted(part)
            for index, part in enumerate(parts)
        ]


def _describe(
    connection: ServerConnection, model: str, properties: Json, tokens: LlamaTokens
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
        special_ids=tokens.control_ids,
        end_ids=frozenset({tokens.end_id}),
        bos_id=tokens.bos_id,
        plan=DevicePlan(
            host,
            str(properties.get("model_ftype") or "the server's format"),
            (f"Your text goes to {host}, a llama-server, as remote.url says",),
        ),
        has_chat_template=bool(template)
        and (_CHATML not in template or _CHATML in tokens.control_ids),
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


def _literal(text: str) -> str:
    r"""Return a text as a literal of llama.cpp's grammars, GBNF: ASCII, or `\U` and 8 digits."""
    escaped = (
        character if character.isalnum() and character.isascii() else f"\\U{ord(character):08X}"
        for character in text
    )
    return f'"{"".join(escaped)}"'
