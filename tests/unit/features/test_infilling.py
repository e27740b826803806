from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from assist_server.context.cursor import CursorContext
from assist_server.context.snapshot import Snapshot
from assist_server.engine.backend import NullBackend
from assist_server.engine.loading.locate import EMBEDDED_FOLDER
from assist_server.engine.tokens.codec import TokenCodec
from assist_server.features.infilling import Gap, build_prompt
from assist_server.prompts.fim import LEFT_TO_RIGHT, TEMPLATES, Slot
from assist_server.settings import CompletionSettings, Settings

ALL = (*TEMPLATES, LEFT_TO_RIGHT)
EMBEDDED = TokenCodec(AutoTokenizer.from_pretrained(EMBEDDED_FOLDER))


def backend_for(template, cls=NullBackend):
    return cls(special_ids={token: 1 << 21 | i for i, token in enumerate(template.control_tokens)})


@dataclass
class EmbeddedTokens(NullBackend):
    """The embedded model's tokens, without the model."""

    def encode(self, text, client=""):
        return EMBEDDED.encode(text, client)


def at(prefix, suffix, **more):
    return CursorContext(Snapshot("f:/a", "a.py", prefix + suffix), len(prefix), **more)


def prompt_ids(context, template, *, max_tokens=896, backend=None):
    limits = CompletionSettings(max_prompt_tokens=max_tokens)
    wanted = Settings(completion=limits, fim_template=template.family)
    return build_prompt(Gap.at(context), backend or backend_for(template), wanted, 8).ids


def common_length(first, second):
    pairs = zip(first, second, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(first), len(second)))


# Typing

CODE = st.lists(st.sampled_from(["x = 1", "    return x", "", "def f(a):", "y " * 30]), max_size=60)
TEXTS = CODE.map("\n".join)
TYPED = st.lists(st.sampled_from([*"ab1:.\n", "\n    ", "def "]), max_size=40).map("".join)


def behind_the_text(template):
    """How many tokens of a layout follow the text that typing appends to."""
    places = [i for i, part in enumerate(template.layout) if part in {Slot.PREFIX, Slot.TYPED}]
    return len(template.layout) - 1 - places[-1]


@pytest.mark.parametrize(
    "template", [one for one in ALL if one.family != "incoder"], ids=lambda one: one.family
)
@settings(max_examples=20, deadline=None)
@given(TEXTS, TYPED, TEXTS, st.sampled_from([256, 896]))
def test_typing_appends_to_the_prompt(template, before, typed, behind, max_tokens):
    prompts = [
        prompt_ids(at(before + typed[:length], "\n" + behind), template, max_tokens=max_tokens)
        for length in range(len(typed) + 1)
    ]
    last = behind_the_text(template)
    anew = sum(common_length(old, new) < len(old) - last for old, new in pairwise(prompts))
    # The window moves, the suffix gets shorter, and prefixes are frozen anew: each seldom.
    step = max_tokens / (16 if template.freezes_prefix else 4)
    assert anew <= len(typed) / step + 8


@pytest.mark.parametrize(
    ("family", "most"), [("assist", 4), ("codestral", 4), ("qwen2.5-coder", 45)]
)
def test_how_often_a_prompt_begins_anew_in_a_thousand_characters(family, most):
    template = next(one for one in TEMPLATES if one.family == family)
    line = "    total = total + value\n"
    behind = "\nprint(total)\n" * 50
    prompts = [prompt_ids(at(line * 60 + (line * 40)[:n], behind), template) for n in range(1001)]
    anew = sum(common_length(old, new) < len(old) for old, new in pairwise(prompts))
    # A tokenizer that takes a character for a token has windows of a fourth of the usual length.
    assert 0 < anew <= most


@settings(max_examples=20, deadline=None)
@example("y y y y y \n", "x = f(a, b)", "")
@given(TEXTS, st.sampled_from(["x = f(a, b)", "    def method(self):", "return 1"]), TEXTS)
def test_only_the_tokens_of_the_line_change(before, line, behind):
    template = next(one for one in TEMPLATES if one.family == "assist")
    backend = backend_for(template, EmbeddedTokens)
    for length in range(1, len(line) + 1):
        old, new = (
            prompt_ids(at(f"{before}\n{line[:n]}", behind), template, backend=backend)
            for n in (length - 1, length)
        )
        breaks = before[len(before.rstrip()) :] + "\n"  # part of its tokens
        line_tokens = len(backend.encode(breaks + line[: length - 1]))
        assert common_length(old, new) >= len(old) - line_tokens


@given(TEXTS, TYPED, TEXTS)
@settings(max_examples=20, deadline=None)
def test_deleting_takes_tokens_away(before, typed, behind):
    template = next(one for one in TEMPLATES if one.family == "assist")
    whole = prompt_ids(at(before + typed, behind), template, max_tokens=4000)
    shorter = prompt_ids(at(before, behind), template, max_tokens=4000)
    assert whole[: len(shorter)] == shorter


@pytest.mark.parametrize("template", ALL, ids=lambda one: one.family)
@pytest.mark.parametrize(
    ("before", "closers"), [("print(", ")"), ('x = d["', '"]'), ("f(g(a, [b", "]))")]
)
def test_closers_that_come_and_go_change_nothing(template, before, closers):
    without = prompt_ids(at(f"# above\n{before}", "\nbelow"), template)
    assert prompt_ids(at(f"# above\n{before}", f"{closers}\nbelow"), template) == without


def test_a_closer_of_a_call_that_began_above_is_shown():
    template = next(one for one in TEMPLATES if one.family == "codestral")
    suffix, prefix = (1 << 21 | number for number in range(2))
    ids = prompt_ids(at("f(\n  g(", "))\n"), template)
    assert ids == (suffix, *map(ord, ")\n"), prefix, *map(ord, " f(\n  g("))


# Layout


@pytest.mark.parametrize(
    "template", [one for one in TEMPLATES if one.freezes_prefix], ids=lambda one: one.family
)
def test_the_end_of_the_prefix_stands_behind_the_middle_token(template):
    before = "".join(f"line {number}\n" for number in range(60)) + "typ"
    prefix, suffix, middle = (1 << 21 | number for number in range(3))
    ids = list(prompt_ids(at(before, "behind"), template))
    assert (ids[0], ids.count(suffix), ids.count(middle)) == (prefix, 1, 1)
    frozen, typed = ids[1 : ids.index(suffix)], ids[ids.index(middle) + 1 :]
    shown = "".join(map(chr, frozen + typed)).removeprefix(template.prefix_lead)
    assert shown == before
    assert frozen[-1] == ord("\n")
    assert len("typ") <= len(typed) <= len(before) / 4


@pytest.mark.parametrize(
    "template", [one for one in TEMPLATES if one.freezes_prefix], ids=lambda one: one.family
)
def test_at_the_freeze_point_the_layout_is_the_documented_one(template):
    before = "x = 10\n\n" * 32  # 256 characters: a multiple of what is frozen at a time
    prefix, suffix, middle = (1 << 21 | number for number in range(3))
    documented = (prefix, *map(ord, template.prefix_lead + before), suffix, *b"behind", middle)
    assert prompt_ids(at(before, "behind"), template) == documented


def test_other_cells_of_a_notebook_are_shown():
    context = at("x = ", "\n", cells_above="import a\n", cells_below="print(x)\n")
    assert bytes(prompt_ids(context, LEFT_TO_RIGHT)) == b"import a\nx = "
    gap = Gap.at(context)
    assert gap.text[gap.end :] == "\nprint(x)\n"


def test_a_place_between_two_texts():
    gap = Gap.between("a", "before", "behind")
    assert (gap.text[: gap.start], gap.text[gap.end :]) == ("before", "behind")
