"""Every fast way of decoding gives, token for token, what the plain one gives."""

from itertools import islice

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sequences import GREEDY, NO_LIMIT_BYTES, continue_prompt, direct, make_decoder
from tiny_models import FAMILIES, build_model

from assist_server.engine.decoding.decoder import Decoder
from assist_server.engine.decoding.ngram_drafts import NgramDrafting
from assist_server.engine.decoding.prefix_cache import PrefixCache
from assist_server.engine.models.cuda_graph_model import CudaGraphModel
from assist_server.engine.models.protocol import LanguageModel
from assist_server.engine.models.torchscript_model import covers
from assist_server.engine.models.transformers_model import TransformersModel
from assist_server.engine.request import Sampling

PROMPT = tuple(range(40, 75))
NEW_TOKENS = 24
ROOM = 100
VOCABULARY = 300

MODELS = {f"{f.name}-{f.config}": build_model(f, VOCABULARY) for f in FAMILIES}
WAYS: dict[str, LanguageModel] = {
    f"{name}-stock": TransformersModel(m) for name, m in MODELS.items()
}
WAYS |= {f"{name}-direct": direct(m) for name, m in MODELS.items() if covers(m)}
WAYS |= {
    f"{name}-static": CudaGraphModel(m, is_captured=False)
    for name, m in MODELS.items()
    if covers(m)
}


def generate(model, prompt: tuple[int, ...], count: int) -> list[int]:
    """What transformers' own `generate` gives."""
    ids = torch.tensor([prompt])
    options = {"max_new_tokens": count, "do_sample": False, "pad_token_id": 0}
    found = model.generate(ids, attention_mask=torch.ones_like(ids), **options)
    return found[0, len(prompt) :].tolist()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("piece", [512, 7])
@pytest.mark.parametrize("drafts", [False, True])
def test_greedy_equals_generate(way, piece, drafts, monkeypatch):
    monkeypatch.setattr(f"{Decoder.__module__}.PREFILL_PIECE_TOKENS", piece)
    decoder = make_decoder(WAYS[way], drafts=drafts)
    theirs = generate(MODELS[way.rpartition("-")[0]], PROMPT, NEW_TOKENS)
    assert continue_prompt(decoder, PROMPT, NEW_TOKENS) == theirs
    assert continue_prompt(decoder, PROMPT, NEW_TOKENS) == theirs  # now that it has been read


def test_the_families_of_llamas_shape_are_run_directly():
    direct_ones = {way.removesuffix("-direct") for way in WAYS if way.endswith("-direct")}
    assert {name.split("-")[-1] for name in direct_ones} == {
        "LlamaConfig",
        "Qwen2Config",
        "Qwen3Config",
    }


# Few different tokens, so that prompts share beginnings and repeat themselves.
prompts = st.lists(st.integers(40, 43), min_size=1, max_size=60).map(tuple)
cached_ways = st.sampled_from(sorted(WAYS))


@settings(max_examples=60, deadline=None)
@given(
    way=cached_ways,
    requests=st.lists(st.tuples(prompts, st.integers(1, 12)), min_size=2, max_size=5),
    limit_sequences=st.integers(0, 3),
)
def test_what_was_read_before_changes_nothing(way, requests, limit_sequences):
    """Prompts one after the other, each left after some tokens, against each read afresh."""
    model = WAYS[way]
    used = make_decoder(model, limit_bytes=limit_sequences * 200_000)
    for prompt, count in requests:
        fresh = make_decoder(model, drafts=False)
        assert continue_prompt(used, prompt, count) == continue_prompt(fresh, prompt, count)


@settings(max_examples=40, deadline=None)
@given(way=cached_ways, prompt=prompts, typed=st.lists(st.integers(40, 45), max_size=6))
def test_typing_on_equals_reading_afresh(way, prompt, typed):
    used = make_decoder(WAYS[way])
    for end in range(len(typed) + 1):
        longer = (*prompt, *typed[:end])
        fresh = make_decoder(WAYS[way], drafts=False)
        assert continue_prompt(used, longer, 5) == continue_prompt(fresh, longer, 5)


@settings(max_examples=40, deadline=None)
@given(way=cached_ways, prompt=prompts, seed=st.integers(0, 1000))
def test_drafts_do_not_change_what_is_drawn(way, prompt, seed):
    """With a seed the very same tokens are drawn, hence the distribution is the same too."""
    sampling = Sampling(temperature=1.5, top_p=0.95, seed=seed)
    plain = continue_prompt(make_decoder(WAYS[way], drafts=False), prompt, 10, sampling)
    assert continue_prompt(make_decoder(WAYS[way]), prompt, 10, sampling) == plain


LEARNED = st.lists(st.integers(40, 45), max_size=80)


@settings(max_examples=40, deadline=None)
@given(way=cached_ways, prompt=prompts, learned=st.lists(LEARNED, min_size=1, max_size=6))
def test_drafts_from_other_texts_change_nothing(way, prompt, learned):
    drafting = NgramDrafting()
    for number, ids in enumerate(learned):
        drafting.learn(str(number), [ids])
    plain = continue_prompt(make_decoder(WAYS[way], drafts=False), prompt, 10)
    assert continue_prompt(make_decoder(WAYS[way], drafting=drafting), prompt, 10) == plain


@pytest.mark.parametrize("way", sorted(WAYS)[:4])
def test_log_probs_are_those_of_one_full_forward_pass(way):
    steps = make_decoder(WAYS[way]).steps(PROMPT, GREEDY)
    taken = list(islice((step for step in steps if step is not None), 8))
    ids = torch.tensor([[*PROMPT, *(step.token_id for step in taken)]])
    with torch.inference_mode():
        model = MODELS[way.rpartition("-")[0]]
        full = torch.log_softmax(model(ids).logits[0].float(), dim=-1)
    for place, step in enumerate(taken, start=len(PROMPT) - 1):
        assert step.log_prob == pytest.approx(float(full[place, step.token_id]), abs=1e-4)


class CountingToSeven:
    """A model that says the numbers from 0 to 6 over and over, and counts its passes."""

    device = torch.device("cpu")
    nbytes = 0
    passes = 0
    length = 0

    def new_cache(self):
        return self

    def extend(self, ids, wanted):
        self.passes += 1
        self.length += len(ids)
        following = (torch.tensor(ids[-wanted:]) + 1) % 7
        return torch.nn.functional.one_hot(following, 7).float()

    def truncate(self, length):
        self.length = length


class Tireless:
    """Always guesses many tokens."""

    def propose(self, room):
        return [40] * min(room, 12)

    def update(self, ids, accepted, proposed):
        pass


@pytest.mark.parametrize("way", sorted(way for way in WAYS if not way.endswith("-stock")))
def test_nothing_is_guessed_behind_the_last_position(way):
    model = WAYS[way]
    context_tokens = MODELS[way.rpartition("-")[0]].config.max_position_embeddings
    prompt = (40, 41) * ((context_tokens - 6) // 2)
    prefixes = PrefixCache(model, NO_LIMIT_BYTES)
    decoder = Decoder(model, prefixes, lambda *_: Tireless(), context_tokens)
    count = context_tokens - len(prompt)
    plain = continue_prompt(make_decoder(model, drafts=False), prompt, count)
    assert continue_prompt(decoder, prompt, count) == plain


SLIDING = sorted(way for way in WAYS if "Mistral" in way and way.endswith("-stock"))


@pytest.mark.parametrize("way", SLIDING)
def test_a_window_that_has_slid_takes_drafts_back(way):
    window = MODELS[way.removesuffix("-stock")].config.sliding_window
    prompt = PROMPT[:window]
    decoder = make_decoder(WAYS[way], drafting=lambda *_: Tireless())
    plain = continue_prompt(make_decoder(WAYS[way], drafts=False), prompt, 2 * window)
    assert continue_prompt(decoder, prompt, 2 * window) == plain


def test_a_full_context_ends_the_text():
    model = CountingToSeven()
    decoder = Decoder(model, PrefixCache(model, NO_LIMIT_BYTES), None, context_tokens=10)
    steps = [step.token_id for step in decoder.steps((1, 2, 3), GREEDY) if step is not None]
    assert steps == [4, 5, 6, 0, 1, 2, 3, 4]


def test_drafts_save_passes():
    plain, drafting = CountingToSeven(), CountingToSeven()
    expected = [number % 7 for number in range(100)]
    assert continue_prompt(make_decoder(plain, drafts=False), (6,), 100) == expected
    assert continue_prompt(make_decoder(drafting), (6,), 100) == expected
    assert plain.passes == 100
    assert drafting.passes < 30


def test_nothing_is_guessed_for_a_request_that_does_not_want_it():
    model = CountingToSeven()
    steps = make_decoder(model).steps((6,), GREEDY, may_draft=False)
    assert [next(steps).token_id for _ in range(100)] == [number % 7 for number in range(100)]
    assert model.passes == 100
