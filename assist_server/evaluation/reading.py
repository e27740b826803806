"""How well a model predicts text, in bits per byte, and whether it knows it by heart.

Bits per byte are comparable between any two tokenizers. A text is recited where a model would write
a long run of it by itself, token for token (Carlini et al., "Quantifying Memorization Across Neural
Language Models", 2023): more often in what it was trained on than elsewhere is a leak.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import torch

from assist_server.engine.device import DevicePlan
from assist_server.engine.healing import ByteTrie
from assist_server.engine.loading import read_model
from assist_server.engine.stock_model import StockModel
from assist_server.engine.tokenization import TokenCodec
from assist_server.engine.transformers_backend import context_length
from assist_server.evaluation.figures import Estimate, Figures
from assist_server.evaluation.places import Source
from assist_server.prompts.fim import path_comment

_MOST_CONTEXT_TOKENS = 1024
_STEP_TOKENS = 512
"""Each window predicts this many tokens, with what is left of the context before them."""

_RECITED_TOKENS = 50


@dataclass(frozen=True)
class Reading:
    """A piece of a file as a model reads it."""

    before: list[int]
    """The ids that it stands behind."""
    ids: list[int]
    log_probs: torch.Tensor
    """What the model expected in the place of each of them, [ids, vocabulary]."""

    @property
    def bits(self) -> float:
        """What it takes to tell the ids."""
        wanted = torch.tensor(self.ids)
        return -float(self.log_probs.gather(1, wanted[:, None]).sum()) / math.log(2)

    @property
    def is_likeliest(self) -> list[bool]:
        """Which ids the model would have written by itself."""
        likeliest: list[bool] = (self.log_probs.argmax(-1) == torch.tensor(self.ids)).tolist()
        return likeliest


class Reader:
    """A model that reads files, left to right, behind their paths."""

    def __init__(self, model: str) -> None:
        """Load a model from a folder or hub id.

        Raises:
            ModelError: nothing loadable is there.
        """
        plan = DevicePlan("cpu", "float32", ())
        tokenizer, loaded = read_model(model, plan, lambda _, __: None)
        self.codec = TokenCodec(tokenizer)
        self._model = StockModel(loaded.float().eval())
        self.trie = ByteTrie(self.codec.token_bytes())
        self._context_tokens = min(_MOST_CONTEXT_TOKENS, context_length(loaded.config))

    def read(self, source: Source) -> Iterator[Reading]:
        """The file in pieces, each behind as much of it as there is room for."""
        special_ids = self.codec.special_ids
        separator = [special_ids[name] for name in ("<|file_sep|>",) if name in special_ids]
        lead = [*separator, *self.codec.encode(path_comment(source.path))]
        lead = lead or sorted(self.codec.end_ids)[:1]
        ids = self.codec.encode(source.text)
        step = min(_STEP_TOKENS, self._context_tokens // 2)
        yield from read_ids(self._model, lead, ids, self._context_tokens, step)

    def read_behind(self, prompt_ids: list[int], text: str, tokens: int) -> Iterator[Reading]:
        """The first tokens of a text that a prompt should be continued with."""
        ids = self.codec.encode(text)[:tokens]
        yield from read_ids(self._model, prompt_ids, ids, self._context_tokens, step=len(ids))


@torch.inference_mode()
def read_ids(
    model: StockModel, lead: list[int], ids: list[int], context_tokens: int, step: int
) -> Iterator[Reading]:
    """All of `ids`, the first of which stand behind `lead`, in pieces of `step` tokens."""
    room = max(0, context_tokens - step - len(lead))
    for start, end in pairwise([*range(0, len(ids), step), len(ids)]):
        before = [*lead, *ids[max(0, start - room) : start]]
        asked = [*before, *ids[start : end - 1]]
        logits = model.new_cache().extend(asked, end - start)
        yield Reading(before, ids[start:end], torch.log_softmax(logits.float(), -1))


def read_figures(model: str, sources: Sequence[Source]) -> Figures:
    """Bits per byte, and the share of tokens within recited runs, over all bytes of the files.

    Raises:
        ModelError: nothing loadable is there.
    """
    reader = Reader(model)
    bits, recited = [], []
    for source in sources:
        total, is_likeliest = 0.0, []
        for reading in reader.read(source):
            total += reading.bits
            is_likeliest += reading.is_likeliest
        bits.append((total, len(source.text.encode())))
        recited.append((_tokens_in_long_runs(is_likeliest), len(is_likeliest)))
    return {"bits per byte": Estimate.ratio(bits), "recited": Estimate.ratio(recited)}


def _tokens_in_long_runs(is_likeliest: Sequence[bool]) -> int:
    runs = [len(list(run)) for is_right, run in groupby(is_likeliest) if is_right]
    return sum(length for length in runs if length >= _RECITED_TOKENS)
