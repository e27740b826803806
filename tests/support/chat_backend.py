"""A model with a chat format and a scripted answer."""

from dataclasses import dataclass, replace

from assist_server.engine.backend import ModelInfo, NullBackend


@dataclass
class ChatBackend(NullBackend):
    """A `NullBackend` that can be talked to, of a context that a test chooses."""

    context_tokens: int = 8192

    @property
    def info(self) -> ModelInfo:
        return replace(super().info, has_chat_template=True, context_tokens=self.context_tokens)

    def prompts(self) -> list[str]:
        """What it was asked."""
        return ["".join(map(chr, request.prompt_ids)) for request in self.requests]
