"""A backend as one of its clients sees it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from assist_server.engine.backend import Backend, ModelInfo
from assist_server.engine.request import Chunk, GenerationRequest


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
