"""Bodies of requests, and the generation requests that they ask for.

Sources: OpenAI's API reference, completions and chat completions; llama.cpp's server, `/infill`.
Fields that are not listed are ignored, as clients send many that have no effect here.
"""

import time
from abc import abstractmethod
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, model_validator

from assist_server.engine.backend import Backend
from assist_server.engine.request import GenerationRequest, Priority, Sampling, StopRule
from assist_server.errors import InputError
from assist_server.features.infilling import Gap, build_prompt, choose_model_template
from assist_server.http.answers import AnswerForm, ChatForm, CompletionForm, InfillForm
from assist_server.settings import Settings
from assist_server.text.identifiers import text_to_heal

_DEFAULT_TOKENS = 16
"""Of a completion, as OpenAI's reference says."""
_MAX_STOPS = 32


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _only_one(value: Any) -> Any:
    """Return the only prompt of a list."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _joined(value: Any) -> Any:
    """Return the text of a content that is a list of parts."""
    if not isinstance(value, list):
        return value
    if all(isinstance(part, dict) and isinstance(part.get("text"), str) for part in value):
        return "".join(part["text"] for part in value)
    raise ValueError("only text is possible")


class Body(BaseModel):
    """The fields that all requests have in common."""

    stream: bool = False
    stop: Annotated[
        list[Annotated[str, Field(min_length=1)]],
        BeforeValidator(_listed),
        Field(max_length=_MAX_STOPS),
    ] = []
    temperature: float = Field(default=1.0, ge=0, le=2)
    top_p: float = Field(default=1.0, gt=0, le=1)
    seed: int | None = Field(default=None, ge=0, lt=2**64)
    n: Literal[1] = 1

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, values: Any) -> Any:
        """Take a null for a missing value, as OpenAI's server does."""
        if not isinstance(values, dict):
            return values
        return {name: value for name, value in values.items() if value is not None}

    @abstractmethod
    def request_of(self, backend: Backend, settings: Settings) -> GenerationRequest:
        """Return the generation that is asked for.

        Raises:
            AssistError: the model cannot do it.
        """

    @abstractmethod
    def form_of(self, model: str, prompt_tokens: int) -> AnswerForm:
        """Return the form of the answers."""

    @property
    def sampling(self) -> Sampling:
        """Return how tokens are chosen."""
        return Sampling(self.temperature, self.top_p, self.seed)

    def stop_rules(self) -> tuple[StopRule, ...]:
        """Return what ends a text early."""
        return tuple(map(_stop_before, self.stop))

    def infill(
        self, gap: Gap, max_new_tokens: int, backend: Backend, settings: Settings
    ) -> GenerationRequest:
        """Return the request for the text in a gap.

        Raises:
            InputError: the model does not infill.
        """
        info = backend.info
        if not choose_model_template(backend, settings).uses_suffix:
            raise InputError(
                f"{info.name} does not infill; choose a model for code, or leave out the suffix"
            )
        tokens = min(max_new_tokens, info.context_tokens // 2)
        prompt = build_prompt(gap, backend, settings, tokens)
        return GenerationRequest(
            prompt.ids,
            tokens,
            info.end_ids | prompt.end_ids,
            self.stop_rules(),
            self.sampling,
            priority=Priority.INTERACTIVE,
            healed_text=text_to_heal(gap.text[: gap.start].rpartition("\n")[2]),
        )


class CompletionBody(Body):
    """A request to `/v1/completions`."""

    prompt: Annotated[str, BeforeValidator(_only_one)]
    suffix: str = ""
    max_tokens: int = Field(default=_DEFAULT_TOKENS, ge=1)

    def request_of(self, backend: Backend, settings: Settings) -> GenerationRequest:
        """Return the request for what follows the prompt, or for the text before the suffix."""
        if self.suffix:
            gap = Gap.between("", self.prompt, self.suffix)
            return self.infill(gap, self.max_tokens, backend, settings)
        info = backend.info
        tokens = min(self.max_tokens, info.context_tokens // 2)
        begin = [] if info.bos_id is None else [info.bos_id]
        ids = backend.encode(self.prompt)
        ids = ids[max(0, len(ids) + len(begin) + tokens - info.context_tokens) :]
        return GenerationRequest(
            tuple(begin + ids or sorted(info.end_ids)[:1]),  # any end token begins a text
            tokens,
            info.end_ids,
            self.stop_rules(),
            self.sampling,
            priority=Priority.INTERACTIVE,
        )

    def form_of(self, model: str, prompt_tokens: int) -> AnswerForm:
        """Return the form of the answers."""
        return CompletionForm(model, prompt_tokens)


class InfillBody(Body):
    """A request to `/infill`."""

    input_prefix: str = ""
    prompt: str = ""
    """The end of the prefix."""
    input_suffix: str = ""
    n_predict: int = Field(default=128, ge=-1)
    t_max_predict_ms: float | None = Field(default=None, gt=0)
    temperature: float = Field(default=0.0, ge=0, le=2)
    """Clients of this interface leave it out, and want the likeliest code."""
    response_fields: list[str] | None = None

    def request_of(self, backend: Backend, settings: Settings) -> GenerationRequest:
        """Return the request for the text between prefix and suffix."""
        gap = Gap.between("", self.input_prefix + self.prompt, self.input_suffix)
        # With 0, a client has its prompt prefilled.
        limit = settings.completion.max_new_tokens if self.n_predict < 0 else self.n_predict
        return self.infill(gap, max(1, limit), backend, settings)

    def stop_rules(self) -> tuple[StopRule, ...]:
        """Return what ends a text early: the time, too."""
        late = [] if self.t_max_predict_ms is None else [_stop_when_late(self.t_max_predict_ms)]
        return (*super().stop_rules(), *late)

    def form_of(self, model: str, prompt_tokens: int) -> AnswerForm:
        """Return the form of the answers."""
        return InfillForm(model, prompt_tokens, self.response_fields)


class _Message(BaseModel):
    role: Literal["system", "user", "assistant"]
    content: Annotated[str, BeforeValidator(_joined)]


class ChatBody(Body):
    """A request to `/v1/chat/completions`."""

    messages: list[_Message] = Field(min_length=1)
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)

    def request_of(self, backend: Backend, settings: Settings) -> GenerationRequest:
        """Return the request for the assistant's answer."""
        del settings
        info = backend.info
        if not info.has_chat_template:
            raise InputError(f"{info.name} has no chat format; choose an instruction-tuned model")
        ids = backend.encode_chat([message.model_dump() for message in self.messages])
        room = info.context_tokens - len(ids)
        if room < 1:
            raise InputError(
                f"{info.name} takes {info.context_tokens} tokens, and the conversation has "
                f"{len(ids)}; shorten it"
            )
        limit = min(self.max_completion_tokens or self.max_tokens or room, room)
        return GenerationRequest(tuple(ids), limit, info.end_ids, self.stop_rules(), self.sampling)

    def form_of(self, model: str, prompt_tokens: int) -> AnswerForm:
        """Return the form of the answers."""
        return ChatForm(model, prompt_tokens)


def _stop_before(stop: str) -> StopRule:
    def rule(text: str) -> int | None:
        found = text.find(stop)
        return found if found >= 0 else None

    return rule


def _stop_when_late(limit_ms: float) -> StopRule:
    """Return a rule that ends a text of several lines some time after its first token."""
    started_s: list[float] = []

    def rule(text: str) -> int | None:
        started_s.append(time.monotonic())
        is_late = "\n" in text and (started_s[-1] - started_s[0]) * 1000 > limit_ms
        return len(text) if is_late else None

    return rule
