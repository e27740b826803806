"""vLLM by its own interface, which takes and returns token ids.

So prompts are the same as for a model in this process, as with llama-server: the family's template,
exact ids, and no control token from the user's text. vLLM's tokenizer finds control tokens in every
text, so texts are cut within each token that may be one.

Source: vLLM's documentation, "OpenAI-Compatible Server": completions and tokenizer.
"""

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from assist_server.engine.backend import ModelInfo
from assist_server.engine.device import DevicePlan
from assist_server.engine.remote.chat_format import ChatFormat
from assist_server.engine.remote.connection import Json, ServerConnection
from assist_server.engine.remote.failures import UnexpectedAnswerError, unreadable
from assist_server.engine.remote.model_by_ids import ModelByIds
from assist_server.engine.remote.served_model import Call, Piece, literal, log_prob_of
from assist_server.engine.remote.vocabulary import MAX_TOKENIZE_MS, Vocabulary
from assist_server.engine.request import FinishReason, GenerationRequest
from assist_server.engine.tokens.codec import byte_level_bytes, sentencepiece_bytes
from assist_server.errors import ModelError

_END_TOKENS = (
    *("<|endoftext|>", "<|im_end|>", "<|end_of_text|>", "</s>", "<eos>"),
    *("<｜end▁of▁sentence｜>", "<|eot_id|>", "<|return|>"),
)
"""Ends of texts in the vocabularies of model families; the server does not tell its own."""
_SAMPLE = " def \N{LATIN SMALL LETTER E WITH ACUTE}(x):\n\t  return '\N{SNAKE}' "
_REASONS = {"length": FinishReason.MAX_NEW_TOKENS}


class VllmServer(ModelByIds):
    """A model on a vLLM server."""

    def __init__(self, connection: ServerConnection, described: Json) -> None:
        """Ask for what `described`, from `find_vllm_model`, does not say.

        Raises:
            ModelError: the server does not answer as it should, or its tokenizer cannot be used.
        """
        self._connection = connection
        self._described = described
        self._named = {"model": str(described["id"])}
        self._bytes_of = byte_level_bytes
        if all("\u0120" not in token for token, _ in self._ask({"prompt": " a a"})):
            self._bytes_of = sentencepiece_bytes
        found = {token for token, _ in self._ask({"prompt": "\n".join(_END_TOKENS)})}
        ends = [token for token in _END_TOKENS if token in found]
        if not ends:
            raise unreadable(connection.address)
        self._end = ends[0]
        self._vocabulary = Vocabulary(self._tokenize, self._end, connection.address)
        if self._vocabulary.decode(self._vocabulary.encode(_SAMPLE, "")) != _SAMPLE:
            raise unreadable(connection.address)  # such as one that drops blanks
        self._chat = ChatFormat(self._apply_template, self._vocabulary)
        self._info = _describe(connection, described, self._vocabulary, has_chat=self._has_chat())

    def is_still_served(self) -> bool:
        """Ask the server whether it has this model."""
        return find_vllm_model(self._connection, self._named["model"]) == self._described

    def call(self, request: GenerationRequest) -> Call:
        """Return what to send for a request."""
        prompt_ids, forced, max_tokens = self._split(request)
        body: Json = {
            **self._named,
            "prompt": prompt_ids,
            "max_tokens": max_tokens,
            "temperature": request.sampling.temperature,
            "top_p": request.sampling.top_p,
            "stop_token_ids": sorted(request.end_ids),
            "stream": True,
            "logprobs": 0,  # of the chosen token alone
            "return_token_ids": True,
        }
        if request.sampling.seed is not None:
            body["seed"] = request.sampling.seed
        if forced:
            body["structured_outputs"] = {"grammar": f"root ::= {literal(forced)} [^\\0]*"}
        return Call("/v1/completions", body, forced)

    def read(self, event: Mapping[str, Any]) -> Piece:
        """Return the piece in an event."""
        if not event["choices"]:
            return Piece()  # what was used, at the end
        [choice] = event["choices"]
        ids = tuple(map(int, choice.get("token_ids") or ()))
        told = (choice.get("logprobs") or {}).get("token_logprobs") or ()
        log_probs = tuple(map(log_prob_of, told))
        reason = choice.get("finish_reason")
        if reason == "stop":  # by the last token, which has no text; others may come with it
            ids, log_probs = ids[:-1], log_probs[: len(ids) - 1]
        return Piece(
            str(choice["text"]),
            ids,
            log_probs,
            _REASONS.get(reason, FinishReason.END_OF_TEXT) if reason else None,
        )

    def _tokenize(
        self, content: Sequence[str | int], *, is_trusted: bool, is_begun: bool = False
    ) -> list[tuple[int, bytes]]:
        del is_trusted  # control tokens are always found
        # The only ids between texts are those of the end.
        text = "".join(part if isinstance(part, str) else self._end for part in content)
        found = self._ask({"prompt": text, "add_special_tokens": is_begun})
        return [(token_id, self._bytes_of(token)) for token, token_id in found]

    def _apply_template(self, messages: list[dict[str, str]]) -> str:
        found = self._ask({"messages": messages, "add_generation_prompt": True})
        return b"".join(self._bytes_of(token) for token, _ in found).decode(errors="replace")

    def _has_chat(self) -> bool:
        try:
            self._chat.encode([{"role": "user", "content": ""}], "")
        except UnexpectedAnswerError:
            raise
        except ModelError:
            return False
        return True

    def _ask(self, body: Json) -> list[tuple[str, int]]:
        """Return the tokens of a text or a conversation, as the vocabulary spells them."""
        body = {"add_special_tokens": False, **self._named, **body, "return_token_strs": True}
        answer = self._connection.post("/tokenize", body, timeout_ms=MAX_TOKENIZE_MS)
        try:
            return [
                (str(token), int(token_id))
                for token, token_id in zip(answer["token_strs"], answer["tokens"], strict=True)
            ]
        except (ValueError, TypeError, LookupError, ArithmeticError):
            raise unreadable(self._connection.address) from None


def find_vllm_model(connection: ServerConnection, name: str) -> Json | None:
    """Return what a vLLM server says about a model; None if it is another server.

    Args:
        connection: To the server.
        name: The model's name; empty for the server's only one.

    Raises:
        ModelServerError: the server cannot be used now.
    """
    listed = (connection.find("/v1/models") or {}).get("data")  # some servers have no list
    found = [
        {key: each.get(key) for key in ("id", "root", "max_model_len")}
        for each in (listed if isinstance(listed, list) else ())
        if isinstance(each, dict)
        and each.get("owned_by") == "vllm"
        and name in {"", each.get("id")}
    ]
    return found[0] if len(found) == 1 else None


def _describe(
    connection: ServerConnection, described: Json, vocabulary: Vocabulary, *, has_chat: bool
) -> ModelInfo:
    context, host = described["max_model_len"], connection.address.host
    return ModelInfo(
        name=PurePath(str(described["id"])).name,
        model_type="",
        context_tokens=context if isinstance(context, int) and context > 0 else 2048,
        special_ids=vocabulary.control_ids,
        end_ids=frozenset({vocabulary.end_id}),
        bos_id=vocabulary.bos_id,
        plan=DevicePlan(
            host,
            "the server's format",
            (f"Your text goes to {host}, a vLLM server, as remote.url says",),
        ),
        has_chat_template=has_chat,
        host=host,
        learns=False,
    )
