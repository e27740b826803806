"""What is kept of a recurrent state, or of a sliding window, changes nothing but the speed.

A document is edited as people do, in the layouts of the families; after each key the answer is
compared, token for token, with that of a decoder that has read nothing before.
"""

import random
from dataclasses import dataclass

import pytest
from sequences import NO_LIMIT_BYTES, continue_prompt, make_decoder
from tiny_models import FAMILIES, HYBRIDS, SLIDING, build_model

from assist_server.engine.decoding.checkpoints import LineStarts
from assist_server.engine.decoding.decoder import Decoder
from assist_server.engine.decoding.ngram_drafts import NgramDrafting
from assist_server.engine.decoding.prefix_cache import PrefixCache, shared_length
from assist_server.engine.models.transformers_model import TransformersModel

VOCABULARY = 300
LINE_END = 10
PREFIX, SUFFIX, MIDDLE = CONTROLS = (290, 291, 292)
LINE_STARTS = LineStarts(frozenset([LINE_END]), frozenset(CONTROLS))
LAYOUTS = ("prefix first", "suffix first")
LINE_TOKENS = 12
"""The longest line, its end included."""

MISTRAL = [family for family in FAMILIES if family.config == "MistralConfig"]
RECURRENT = {
    family.name: TransformersModel(build_model(family, VOCABULARY, spread=0.2))
    for family in HYBRIDS
}
MODELS = RECURRENT | {
    family.name: TransformersModel(build_model(family, VOCABULARY))
    for family in (*SLIDING, *MISTRAL)
}


class CountedModel:
    """A model that counts the tokens of its passes."""

    def __init__(self, model):
        self._model = model
        self.device = model.device
        self.tokens = 0

    def new_cache(self):
        cache = self._model.new_cache()
        extend = cache.extend

        def counted(ids, wanted):
            self.tokens += len(ids)
            return extend(ids, wanted)

        cache.extend = counted
        return cache


@dataclass
class Document:
    """Lines of tokens, each but the last with a line end, and a cursor."""

    generator: random.Random
    lines: list[list[int]]
    line: int
    column: int = 0

    @classmethod
    def of(cls, seed: int, count: int) -> "Document":
        generator = random.Random(seed)  # noqa: S311 - any numbers do
        lines = [generator.choices(range(40, 60), k=generator.randrange(9)) for _ in range(count)]
        return cls(generator, lines, line=count // 2)

    def press_a_key(self) -> None:
        line = self.lines[self.line]
        key = self.generator.choice("aaaaaa<<\n")
        if key == "a" and len(line) < LINE_TOKENS - 1:
            line.insert(self.column, self.generator.randrange(40, 60))
            self.column += 1
        elif key == "\n":
            self.lines.insert(self.line + 1, line[self.column :])
            del line[self.column :]
            self.line, self.column = self.line + 1, 0
        elif key == "<" and self.column:
            self.column -= 1
            del line[self.column]
        elif key == "<" and self.line and len(line) + len(self.lines[self.line - 1]) < LINE_TOKENS:
            self.line -= 1
            self.column = len(self.lines[self.line])
            self.lines[self.line] += self.lines.pop(self.line + 1)

    def prompt(self, layout: str) -> tuple[int, ...]:
        above = [token for line in self.lines[: self.line] for token in (*line, LINE_END)]
        line = self.lines[self.line]
        typed, rest = line[: self.column], line[self.column :]
        below = [token for line in self.lines[self.line + 1 :] for token in (LINE_END, *line)]
        if layout == "prefix first":
            return (PREFIX, *above, SUFFIX, *rest, *below, MIDDLE, *typed)
        return (SUFFIX, *below, PREFIX, *above, *typed, MIDDLE)


def decoder_of(model, *, drafts=True, limit_bytes=NO_LIMIT_BYTES) -> Decoder:
    drafting = NgramDrafting() if drafts else None
    return Decoder(model, PrefixCache(model, limit_bytes), drafting, 512, LINE_STARTS)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", MODELS)
def test_cached_answers_equal_cold_ones(name, layout):
    model = MODELS[name]
    used = decoder_of(model)
    document = Document.of(seed=1, count=14)
    for _ in range(12):
        document.press_a_key()
        prompt = document.prompt(layout)
        count = document.generator.choice([1, 4, 12])
        cold = continue_prompt(make_decoder(model, drafts=False), prompt, count)
        assert continue_prompt(used, prompt, count) == cold


@pytest.mark.parametrize("limit_bytes", [0, 40_000, 150_000])
def test_few_checkpoints_change_nothing(limit_bytes):
    model = RECURRENT["granite4"]
    used = decoder_of(model, limit_bytes=limit_bytes)
    document = Document.of(seed=2, count=30)
    for _ in range(12):
        document.press_a_key()
        prompt = document.prompt("prefix first")
        cold = continue_prompt(make_decoder(model, drafts=False), prompt, 4)
        assert continue_prompt(used, prompt, 4) == cold
        assert used._prefixes.nbytes <= limit_bytes


def prefilled_again(model: CountedModel, decoder: Decoder, last: tuple, prompt: tuple) -> int:
    """The tokens of a prompt that were prefilled although the last prompt has them, too."""
    model.tokens = 0
    continue_prompt(decoder, prompt, 3)
    known = min(shared_length(list(last), list(prompt)), len(prompt) - 1)
    return model.tokens - 2 - (len(prompt) - known)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_key_prefills_a_line_again_at_most(layout):
    model = CountedModel(RECURRENT["lfm2"])
    decoder = decoder_of(model, drafts=False)
    document = Document.of(seed=3, count=30)
    prompt = document.prompt(layout)
    prefilled_again(model, decoder, (), prompt)
    for _ in range(60):
        last = prompt
        document.press_a_key()
        prompt = document.prompt(layout)
        assert prefilled_again(model, decoder, last, prompt) <= LINE_TOKENS


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_cursor_that_jumps_prefills_a_piece_again_at_most(layout, monkeypatch):
    piece = 40
    monkeypatch.setattr(f"{Decoder.__module__}.PREFILL_PIECE_TOKENS", piece)
    model = CountedModel(RECURRENT["lfm2"])
    decoder = decoder_of(model, drafts=False)
    document = Document.of(seed=4, count=60)
    prompt = document.prompt(layout)
    prefilled_again(model, decoder, (), prompt)
    for _ in range(10):
        document.line, document.column = document.generator.randrange(len(document.lines)), 0
        last, prompt = prompt, document.prompt(layout)
        assert prefilled_again(model, decoder, last, prompt) <= piece
        for _ in range(5):
            document.press_a_key()
            last, prompt = prompt, document.prompt(layout)
            assert prefilled_again(model, decoder, last, prompt) <= LINE_TOKENS


class Tireless:
    """A drafter whose drafts are long and wrong, or right for one token."""

    def __init__(self, expected):
        self._expected = expected
        self._done = 0

    def propose(self, room):
        right = self._expected[self._done : self._done + 1]
        return [*right, *[63] * 6][:room]

    def update(self, ids, _accepted, _proposed):
        self._done += len(ids)


@pytest.mark.parametrize("name", MODELS)
def test_rejected_drafts_leave_no_trace(name):
    model = MODELS[name]
    prompt = Document.of(seed=5, count=10).prompt("prefix first")
    plain = continue_prompt(make_decoder(model, drafts=False), prompt, 30)
    decoder = make_decoder(model, drafting=lambda *_: Tireless(plain))
    assert continue_prompt(decoder, prompt, 30) == plain
