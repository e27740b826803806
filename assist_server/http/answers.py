"""Answers of each interface: a whole one, the events of a stream, and an error."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from assist_server.engine.request import Chunk, FinishReason

Json = dict[str, Any]

_REASONS = {FinishReason.MAX_NEW_TOKENS: "length", FinishReason.DEADLINE: "length"}


@dataclass
class AnswerText:
    """The text of an answer as it grows."""

    held_chars: int
    """Characters at the end that are not sent yet, as a stop text may begin with them."""
    text: str = ""
    sent_chars: int = 0
    tokens: int = 0
    reason: FinishReason | None = None

    def add(self, chunk: Chunk) -> str:
        """Add a chunk; return what can be sent."""
        self.text += chunk.text
        self.tokens += len(chunk.token_ids)
        self.reason = chunk.finish_reason
        end = len(self.text) - self.held_chars
        if self.reason is not None:
            self.text = self.text[: chunk.kept_chars]
            end = len(self.text)
        new = self.text[self.sent_chars : max(end, self.sent_chars)]
        self.sent_chars += len(new)
        return new


@dataclass(frozen=True)
class CompletionForm:
    """The answers of `/v1/completions`."""

    model: str
    prompt_tokens: int
    created_s: int = field(default_factory=lambda: int(time.time()))
    id: str = field(default_factory=lambda: uuid4().hex)
    end: str = "data: [DONE]\n\n"

    def whole(self, answer: AnswerText) -> Json:
        """Return an answer that comes at once."""
        return self._with_usage("text_completion", {"text": answer.text}, answer)

    def piece(self, new: str, answer: AnswerText) -> Json:
        """Return the content of an event of a stream."""
        return self._described("text_completion", {"text": new}, answer)

    def _with_usage(self, kind: str, said: Json, answer: AnswerText) -> Json:
        used = {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": answer.tokens,
            "total_tokens": self.prompt_tokens + answer.tokens,
        }
        return self._described(kind, said, answer) | {"usage": used}

    def _described(self, kind: str, said: Json, answer: AnswerText) -> Json:
        reason = answer.reason and _REASONS.get(answer.reason, "stop")
        choice = {"index": 0, **said, "logprobs": None, "finish_reason": reason}
        made = {"id": self.id, "object": kind, "created": self.created_s}
        return {**made, "model": self.model, "choices": [choice]}


class ChatForm(CompletionForm):
    """The answers of `/v1/chat/completions`."""

    def whole(self, answer: AnswerText) -> Json:
        """Return an answer that comes at once."""
        message = {"role": "assistant", "content": answer.text}
        return self._with_usage("chat.completion", {"message": message}, answer)

    def piece(self, new: str, answer: AnswerText) -> Json:
        """Return the content of an event of a stream."""
        first = {"role": "assistant"} if answer.sent_chars == len(new) else {}
        said = {"delta": {**first, "content": new}}
        return self._described("chat.completion.chunk", said, answer)


@dataclass(frozen=True)
class InfillForm:
    """The answers of `/infill`."""

    model: str
    prompt_tokens: int
    wanted: Sequence[str] | None
    """The fields that the client asked for; None for all."""
    end: str = ""

    def whole(self, answer: AnswerText) -> Json:
        """Return an answer that comes at once."""
        return self.piece(answer.text, answer)

    def piece(self, new: str, answer: AnswerText) -> Json:
        """Return the content of an event of a stream."""
        found = {
            "content": new,
            "stop": answer.reason is not None,
            "model": self.model,
            "tokens_predicted": answer.tokens,
            "tokens_evaluated": self.prompt_tokens,
        }
        wanted = found if self.wanted is None else self.wanted
        return {key: found[key] for key in wanted if key in found}


AnswerForm = CompletionForm | InfillForm


def event(content: Json) -> str:
    """Return one event of a stream."""
    return f"data: {json.dumps(content)}\n\n"


def error_of(message: str, kind: str = "invalid_request_error", param: str | None = None) -> Json:
    """Return an error in OpenAI's form."""
    return {"error": {"message": message, "type": kind, "param": param, "code": None}}
