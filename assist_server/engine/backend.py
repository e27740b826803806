"""The `Backend` protocol, a client's view of a backend, and a scripted backend for tests."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from assist_server.engine.device import DevicePlan
from assist_server.engine.request import Chunk, FinishReason, GenerationRequest
from assist_server.settings import RemoteSettings, Settings

_FIRST_DELAY_S, _LONGEST_DELAY_S = 1.0, 30.0


class ProgressCallback(Protocol):
    """Called with the progress while a model loads; an error that it raises ends the loading."""

    def __call__(self, message: str, percent: int, /, *, is_download: bool = False) -> None:
        """Report a step, and how far the download or what follows it has come."""


def ignore_progress(message: str, percent: int, *, is_download: bool = False) -> None:
    """Ignore progress: a `ProgressCallback` that does nothing."""


TroubleCallback = Callable[[str], None]
"""Called with the reason when a backend stops answering, and with "" when it answers again."""


@dataclass(frozen=True)
class ModelChoice:
    """Which model to load, and how: the settings of the same names."""

    model: str
    device: str = "auto"
    dtype: str = "auto"
    drafts: str = "ngram"
    remote: RemoteSettings = field(default_factory=RemoteSettings)
    is_second: bool = field(default=False, compare=False)
    """True if it is loaded beside another model, and only if it fits."""

    @classmethod
    def of(cls, settings: Settings) -> "ModelChoice":
        """Return the choice that the settings make for all but summaries and tasks.

        That for those is the choice of `settings.for_text()`.
        """
        remote = RemoteSettings() if settings.remote.used_for == "text" else settings.remote
        return cls(settings.model, settings.device, settings.dtype, settings.drafts, remote)

    @property
    def label(self) -> str:
        """Return the model's name for the user; for a model on a server, with its host."""
        if not self.remote.url:
            return self.model
        return f"{self.remote.model or 'model'} at {host_of(self.remote.url)}"


def retry_delay_s(failures: int) -> float:
    """Return the time until a server is tried again, after a number of failures in a row."""
    return min(_LONGEST_DELAY_S, _FIRST_DELAY_S * 2.0 ** min(failures - 1, 10))


def host_of(url: str) -> str:
    """Return the host and port of an address, without a password that it may contain."""
    authority = url.partition("://")[2].partition("/")[0] or url
    return authority.rpartition("@")[2]


@dataclass(frozen=True)
class ModelInfo:
    """Facts about a loaded model that need no torch."""

    name: str
    model_type: str
    """The architecture's name in `config.json`, such as `qwen2`."""
    context_tokens: int
    """Longest prompt plus completion, in tokens."""
    special_ids: Mapping[str, int]
    """Text of each control token in the vocabulary, and its id."""
    end_ids: frozenset[int]
    """Tokens with which the model ends its output."""
    bos_id: int | None
    """The token that the model expects first; None if it expects none."""
    plan: DevicePlan
    parameters: int = 0
    has_chat_template: bool = False
    fim_template: str | None = None
    """Name of the infilling template that the model's `config.json` requests."""
    calibration: Mapping[str, float] | None = None
    """Weights of the signals that tell how likely a completion is right, where it was measured."""
    languages: tuple[str, ...] | None = None
    """LSP ids of the languages that the model's `config.json` names; None for any language."""
    writes_phrases: bool = True
    """False if the model's `config.json` says that its phrases are of no use in documentation."""
    host: str = ""
    """The server that text goes to; empty for a model in this process."""
    learns: bool = True
    """True if `learn` has an effect; otherwise callers need not encode text for it."""
    prefills: bool = True
    """True if a generation makes later ones with the same prompt faster."""


class Backend(Protocol):
    """A loaded model; every method may be called from any thread."""

    @property
    def info(self) -> ModelInfo:
        """Return the facts about the loaded model."""
        ...

    def encode(self, text: str, client: str = "") -> list[int]:
        """Return the ids of `text`; control tokens spelled in the text stay text.

        Nothing is added: no leading blank, no begin-of-text token. Cached encodings are shared by
        calls with the same `client` only.
        """
        ...

    def encode_chat(self, messages: Sequence[Mapping[str, str]], client: str = "") -> list[int]:
        """Return the ids of a conversation in the model's chat format, up to the answer.

        The contents of messages are encoded as by `encode`.

        Raises:
            ModelError: the model has no chat template.
        """
        ...

    def decode_prompt(self, ids: Sequence[int]) -> str:
        """Return a prompt as readable text, with its control tokens."""
        ...

    def generate(self, request: GenerationRequest) -> Iterator[Chunk]:
        """Continue a prompt; the last chunk has the finish reason.

        Closing the iterator ends the generation after the current step.

        Raises:
            ModelError: the prompt does not fit, or the device failed.
        """
        ...

    def learn(self, name: str, parts: Sequence[Sequence[int]]) -> None:
        """Index the `parts` of a text for drafting, in place of those last given for `name`.

        Generation gets faster where it repeats them; its output does not change.
        """
        ...

    def forget(self, name: str) -> None:
        """Remove the text that `learn` indexed under `name`."""
        ...

    def watch(self, on_trouble: TroubleCallback) -> None:
        """Call `on_trouble`, on any thread, when the backend stops answering and answers again."""
        ...

    def close(self) -> None:
        """End all generations and free the model; later calls of `generate` raise ModelError."""
        ...


@dataclass
class NullBackend:
    """A backend without a model: one token per character, and a scripted answer.

    Every generation returns `answer`; `requests` records the requests.
    """

    answer: str = ""
    special_ids: Mapping[str, int] = field(default_factory=dict)
    model_type: str = "null"
    calibration: Mapping[str, float] | None = None
    languages: tuple[str, ...] | None = None
    requests: list[GenerationRequest] = field(default_factory=list)

    @property
    def info(self) -> ModelInfo:
        """Return the facts about a model without weights."""
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
        """Return the code point of each character."""
        del client
        return [ord(character) for character in text]

    def encode_chat(self, messages: Sequence[Mapping[str, str]], client: str = "") -> list[int]:
        """Encode the contents of the messages, joined by line feeds."""
        return self.encode("\n".join(message["content"] for message in messages), client)

    def decode_prompt(self, ids: Sequence[int]) -> str:
        """Return the characters with these code points."""
        return "".join(map(chr, ids))

    def generate(self, request: GenerationRequest) -> Iterator[Chunk]:
        """Yield the scripted answer by character, within the request's limits."""
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
        """Do nothing."""

    def forget(self, name: str) -> None:
        """Do nothing."""

    def watch(self, on_trouble: TroubleCallback) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""
