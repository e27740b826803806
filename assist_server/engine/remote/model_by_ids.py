"""Models on servers that take and return token ids: what does not depend on the server's kind."""

from collections.abc import Mapping, Sequence

from assist_server.engine.backend import ModelInfo
from assist_server.engine.remote.chat_format import ChatFormat
from assist_server.engine.remote.vocabulary import Vocabulary
from assist_server.engine.request import GenerationRequest
from assist_server.engine.tokens.cut_back import cut_back
from assist_server.errors import ModelError


class ModelByIds:
    """A model whose texts are encoded here, with the server's vocabulary and chat template.

    Subclasses set the attributes; they complete the protocol `ServedModel`.
    """

    _vocabulary: Vocabulary
    _chat: ChatFormat
    _info: ModelInfo

    @property
    def info(self) -> ModelInfo:
        """Return the facts about the model."""
        return self._info

    def encode(self, text: str, client: str) -> list[int]:
        """Return the ids of a text; control tokens spelled in it stay text."""
        return self._vocabulary.encode(text, client)

    def encode_chat(self, messages: Sequence[Mapping[str, str]], client: str) -> list[int]:
        """Return the ids of a conversation up to the answer.

        Raises:
            ModelError: the model has no chat format, or the server failed.
        """
        if not self._info.has_chat_template:
            raise ModelError("this model has no chat format; choose an instruction-tuned model")
        return self._chat.encode(messages, client)

    def decode_prompt(self, ids: Sequence[int]) -> str:
        """Return a prompt as readable text."""
        return self._vocabulary.decode(ids)

    def _split(self, request: GenerationRequest) -> tuple[list[int], str, int]:
        """Return the ids to send, the text that the answer must begin with, and its most tokens."""
        ids, cut_off = cut_back(self._vocabulary.bytes_of, request.prompt_ids, request.healed_text)
        # Each byte of the forced text may be a token; beyond the context, servers refuse or drop.
        room = self._info.context_tokens - len(ids)
        return list(ids), cut_off.decode(), min(request.max_new_tokens + len(cut_off), room)
