"""A model's perplexity on text, in bits per byte, and its memorization of text.

Bits per byte are comparable between tokenizers. Text is recited where each token of a long run is
the model's likeliest (Carlini et al., "Quantifying Memorization Across Neural Language Models",
2023): more recited text in the training set than elsewhere shows memorization.
"""

import math
from collections.abc import Sequence
from itertools import groupby, pairwise

import torch

from assist_server.engine.backend import ignore_progress
from assist_server.engine.device import DevicePlan
from assist_server.engine.loading.checkpoint import read_model
from assist_server.engine.models.transformers_model import TransformersModel
from assist_server.engine.tokens.codec import TokenCodec
from assist_server.engine.transformers_backend import context_length
from assist_server.evaluation.figures import Estimate, Figures
from assist_server.evaluation.tasks import Source
from assist_server.prompts.fim import path_comment

_MAX_CONTEXT_TOKENS = 1024
_STEP_TOKENS = 512
"""Tokens that each window predicts; the rest of the context is before them."""


_RECITED_TOKENS = 50


def perplexity_figures(model: str, sources: Sequence[Source]) -> Figures:
    """Return bits per byte, and the share of tokens in recited runs, over all files.

    Args:
        model: A folder, a GGUF file, or a hub id.
        sources: Files, read left to right after their paths.

    Raises:
        ModelError: the model cannot be loaded.
    """
    plan = DevicePlan("cpu", "float32", ())
    tokenizer, loaded = read_model(model, plan, ignore_progress)
    language_model, codec = TransformersModel(loaded.float().eval()), TokenCodec(tokenizer)
    separator = [codec.special_ids[name] for name in ("<|file_sep|>",) if name in codec.special_ids]
    context = min(_MAX_CONTEXT_TOKENS, context_length(loaded.config))
    bits, recited = [], []
    for source in sources:
        lead = [*separator, *codec.encode(path_comment(source.path))] or sorted(codec.end_ids)[:1]
        ids = codec.encode(source.text)
        file_bits, is_likeliest = _bits(language_model, lead, ids, context)
        bits.append((file_bits, len(source.text.encode())))
        recited.append((_tokens_in_long_runs(is_likeliest), len(ids)))
    return {"bits per byte": Estimate.ratio(bits), "recited": Estimate.ratio(recited)}


@torch.inference_mode()
def _bits(
    model: TransformersModel, lead: list[int], ids: list[int], context_tokens: int
) -> tuple[float, list[bool]]:
    """Return the bits of `ids` after `lead`, and for each id whether it was the likeliest."""
    total, is_likeliest = 0.0, []
    step = min(_STEP_TOKENS, context_tokens // 2)
    room = max(0, context_tokens - step - len(lead))
    starts = [*range(0, len(ids), step), len(ids)]
    for start, end in pairwise(starts):
        before = [*lead, *ids[max(0, start - room) : start]]
        asked = [*before, *ids[start : end - 1]]
        logits = model.new_cache().extend(asked, end - start)
        log_probs = torch.log_softmax(logits.float(), -1)
        wanted = torch.tensor(ids[start:end])
        total -= float(log_probs.gather(1, wanted[:, None]).sum()) / math.log(2)
        is_likeliest += (log_probs.argmax(-1) == wanted).tolist()
    return total, is_likeliest


def _tokens_in_long_runs(is_likeliest: Sequence[bool]) -> int:
    runs = [len(list(run)) for is_right, run in groupby(is_likeliest) if is_right]
    return sum(length for length in runs if length >= _RECITED_TOKENS)
