"""The one interface behind which every model lies, and a scripted one that proves it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from assist_server.engine.device import DevicePlan
from assist_server.engine.request import Chunk, FinishReason, GenerationRequest
from assist_server.settings import Settings

ProgressCallback = Callable[[str, int], None]
"""Is told what is being done to load a model, and the part of it that is over, in percent."""


def ignore_progress(message: str, percent: int) -> None:
    """A `ProgressCallback` without a reader."""


@dataclass(frozen=True)
class ModelChoice:
    """What decides which model is loaded, and how; the settings of the same names."""

    model: str
    device: str = "auto"
    dtype: str = "auto"
    drafts: str = "ngram"

    @classmethod
    def of(cls, settings: Settings) -> "ModelChoice":
        """What the user has chosen."""
        return cls(settings.model, settings.device, settings.dtype, settings.drafts)


@dataclass(frozen=True)
class ModelInfo:
    """What the text side may know about a model."""

    name: str
    model_type: str
    """The architecture's name in `config.json`, such as `qwen2`."""
    context_tokens: int
    """Longest prompt plus completion, in tokens."""
    special_ids: Mapping[str, int]
    """Text of each control token in the vocabulary, and its id."""
    end_ids: frozenset[int]
    """Tokens by which the model says that it has finished."""
    bos_id: int | None
    """The token that this model expects first, where it expects one."""
    plan: DevicePlan
    parameters: int = 0
    has_chat_template: bool = False
    fim_template: str | None = None
    """Name of the infilling template that the model's own `config.json` asks for."""
    calibration: Mapping[str, float] | None = None
    """Weights of the signals that tell how likely a completion is right, where it was measured."""
    languages: tuple[str, ...] | None = None
    """Ids, as in LSP, of the languages that the model's `config.json` says it knows; None: any."""


class Backend(Protocol):
    """A loaded model. Every method may be called from any thread."""

    @property
    def info(self) -> ModelInfo:
        """What is loaded."""
        ...

    def encode(self, text: str, client: str = "") -> list[int]:
        """Ids of `text`, all of them ordinary: control tokens spelled in the text stay text.

        Nothing is added: no leading blank, no begin-of-text token. What is remembered of it makes
        it faster for the same `client` only.
        """
        ...

    def encode_chat(self, messages: Sequence[Mapping[str, str]], client: str = "") -> list[int]:
        """Ids of a conversation in the model's own chat format, ready for the answer.

        Contents of messages become ordinary ids, as in `encode`.

        Raises:
            ModelError: the model has no chat template.
        """
        ...

    def decode_prompt(self, ids: Sequence[int]) -> str:
        """A prompt as people read it, control tokens spelled out."""
        ...

    def generate(self, request: GenerationRequest) -> Iterator[Chunk]:
        """Continue a prompt; the last chunk carries the finish reason.

        Closing the iterator ends the generation after the current step.

        Raises:
            ModelError: the prompt does not fit, or the device failed.
        """
        ...

    def learn(self, name: str, parts: Sequence[Sequence[int]]) -> None:
        """Expect text to repeat what stands in some parts, instead of the last ones of that name.

        It makes writing faster where that is so, and changes nothing else.
        """
        ...

    def forget(self, name: str) -> None:
        """Keep nothing of what was learned under a name."""
        ...

    def close(self) -> None:
        """End running generations and free the model; later calls of `generate` raise."""
        ...


@dataclass
class NullBackend:
    """A backend without a model: one token per character, and scripted answers.

    Every generation answers with `answer`; `requests` records what was asked.
    """

    answer: str = ""
    special_ids: Mapping[str, int] = field(default_factory=dict)
    model_type: str = "null"
    calibration: Mapping[str, float] | None = None
    languages: tuple[str, ...] | None = None
    requests: list[GenerationRequest] = field(default_factory=list)

    @property
    def info(self) -> ModelInfo:
        """A model of unlimited patience and no weights."""
        return ModelInfo(
            name="null",
            model_type=self.model_type,
            context_tokens=4096,
            special_ids=self.special_ids,
            end_ids=frozenset(),
            bos_id=None,
            plan=DevicePlan("cpu", "float32", ("no model",)),
            calibration=self.calibration,
            languages=self.languages,
        )

    def encode(self, text: str, client: str = "") -> list[int]:
        """One id per character: its code point."""
        del client
        return [ord(character) for character in text]

    def encode_chat(self, messages: Sequence[Mapping[str, str]], client: str = "") -> list[int]:
        """The contents of the messages, one after the other."""
        return self.encode("\n".join(message["content"] for message in messages), client)

    def decode_prompt(self, ids: Sequence[int]) -> str:
        """The characters of the ids."""
        return "".join(map(chr, ids))

    def generate(self, request: GenerationRequest) -> Iterator[Chunk]:
        """The scripted answer, a character at a time, under the request's own conditions."""
        self.requests.append(request)
        text = ""
        for character in self.answer[: request.max_new_tokens]:
            if request.cancel.is_cancelled:
                yield Chunk("", finish_reason=FinishReason.CANCELLED)
                return
            text += character
            kept = [length for rule in request.stop_rules if (length := rule(text)) is not None]
            yield Chunk(
                character,
                (ord(character),),
                (-0.1,),
                FinishReason.STOP_RULE if kept else None,
                min(kept, default=None),
            )
            if kept:
                return
        ended = len(self.answer) <= request.max_new_tokens
        yield Chunk(
            "",
            finish_reason=FinishReason.END_OF_TEXT if ended else FinishReason.MAX_NEW_TOKENS,
        )

    def learn(self, name: str, parts: Sequence[Sequence[int]]) -> None:
        """Nothing to expect."""

    def forget(self, name: str) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """Nothing to free."""


@dataclass(frozen=True)
class ClientBackend:
    """Tells the model whose each request and each learned text is."""

    shared: Backend
    """The backend of all clients."""
    client: str
    """A name that no other client has, nor the beginning of one."""
    shares_caches: bool
    """Whether what others had read may make answers faster."""

    @property
    def info(self) -> ModelInfo:
        """What is loaded."""
        return self.shared.info

    @property
    def _cache_owner(self) -> str:
        """Whose caches are used; everybody's where it is empty."""
        return "" if self.shares_caches else self.client

    def encode(self, text: str, client: str = "") -> list[int]:
        """Ordinary ids of `text`."""
        return self.shared.encode(text, client or self._cache_owner)

    def encode_chat(self, messages: Sequence[Mapping[str, str]], client: str = "") -> list[int]:
        """Ids of a conversation in the model's own chat format."""
        return self.shared.encode_chat(messages, client or self._cache_owner)

    def decode_prompt(self, ids: Sequence[int]) -> str:
        """A prompt as people read it."""
        return self.shared.decode_prompt(ids)

    def generate(self, request: GenerationRequest) -> Iterator[Chunk]:
        """Continue a prompt for the client."""
        return self.shared.generate(replace(request, client=self._cache_owner))

    def learn(self, name: str, parts: Sequence[Sequence[int]]) -> None:
        """Expect text to repeat what stands in the client's document of that name."""
        self.shared.learn(self.client + name, parts)

    def forget(self, name: str) -> None:
        """Keep nothing of the client's document of that name."""
        self.shared.forget(self.client + name)

    def close(self) -> None:
        """Do nothing: others may use the model."""
