"""How well a model predicts text, in bits per byte: comparable between any two tokenizers."""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch

from assist_server.engine.device import DevicePlan
from assist_server.engine.loading import read_model
from assist_server.engine.stock_model import StockModel
from assist_server.engine.tokenization import TokenCodec
from assist_server.evaluation.places import Source
from assist_server.prompts.fim import path_comment

_CONTEXT_TOKENS = 1024
_STEP_TOKENS = 512
"""Each window predicts this many tokens, with what is left of the context before them."""


def bits_per_byte(model: str, sources: Sequence[Source]) -> float:
    """The mean over all bytes of the files, read left to right behind their paths.

    Args:
        model: A folder or hub id.
        sources: Files that the model was not trained on.

    Raises:
        ModelError: nothing loadable is there.
    """
    plan = DevicePlan("cpu", "float32", ())
    tokenizer, loaded = read_model(model, plan, lambda _, __: None)
    language_model, codec = StockModel(loaded.float().eval()), TokenCodec(tokenizer)
    separator = [codec.special_ids[name] for name in ("<|file_sep|>",) if name in codec.special_ids]
    bits, size_bytes = 0.0, 0
    for source in sources:
        lead = [*separator, *codec.encode(path_comment(source.path))] or sorted(codec.end_ids)[:1]
        bits += _bits(language_model, lead, codec.encode(source.text))
        size_bytes += len(source.text.encode())
    return bits / size_bytes if size_bytes else math.nan


@torch.inference_mode()
def _bits(model: StockModel, lead: list[int], ids: list[int]) -> float:
    """Bits for `ids`, the first of which stand behind `lead`."""
    total = 0.0
    room = _CONTEXT_TOKENS - _STEP_TOKENS - len(lead)
    starts = [*range(0, len(ids), _STEP_TOKENS), len(ids)]
    for start, end in pairwise(starts):
        before = [*lead, *ids[max(0, start - room) : start]]
        asked = [*before, *ids[start : end - 1]]
        logits = model.new_cache().extend(asked, end - start)
        log_probs = torch.log_softmax(logits.float(), -1)
        wanted = torch.tensor(ids[start:end])
        total -= float(log_probs.gather(1, wanted[:, None]).sum()) / math.log(2)
    return total
