"""Making language models and decoders for tests of the engine."""

from typing import Any

from assist_server.engine.decoding.decoder import Decoder
from assist_server.engine.decoding.ngram_drafts import MakeDrafter, NgramDrafting
from assist_server.engine.decoding.prefix_cache import PrefixCache
from assist_server.engine.models.protocol import LanguageModel
from assist_server.engine.models.torchscript_model import TorchScriptModel
from assist_server.engine.request import Sampling

GREEDY = Sampling()
NO_LIMIT_BYTES = 1 << 40


def direct(model: Any) -> TorchScriptModel:
    """Our own forward pass, in float32."""
    return TorchScriptModel(model, "float32", has_bfloat16=False)


def make_decoder(
    model: LanguageModel,
    *,
    drafts: bool = True,
    limit_bytes: int = NO_LIMIT_BYTES,
    drafting: MakeDrafter | None = None,
) -> Decoder:
    """A decoder that has read nothing yet; `drafting` where it is not the usual one."""
    make_drafter = drafting or (NgramDrafting() if drafts else None)
    return Decoder(model, PrefixCache(model, limit_bytes), make_drafter)


def continue_prompt(
    decoder: Decoder, prompt: tuple[int, ...], count: int, sampling: Sampling = GREEDY
) -> list[int]:
    """The next tokens."""
    steps = decoder.steps(prompt, sampling)
    tokens: list[int] = []
    while len(tokens) < count:
        step = next(steps)
        if step is not None:
            tokens.append(step.token_id)
    steps.close()
    return tokens
