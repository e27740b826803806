"""Our decoding gives, token for token, what transformers' own `generate` gives."""

import pytest
import torch
from tiny_models import FAMILIES, build_model

from assist_server.engine import decode
from assist_server.engine.decode import Decoder
from assist_server.engine.request import Sampling

PROMPT = tuple(range(40, 75))
NEW_TOKENS = 24


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: f"{family.name}-{family.config}")
@pytest.mark.parametrize("chunk_tokens", [512, 7])
def test_greedy_equals_generate(family, chunk_tokens, monkeypatch):
    monkeypatch.setattr(decode, "PREFILL_CHUNK_TOKENS", chunk_tokens)
    model = build_model(family, vocabulary=300)
    steps = Decoder(model).steps(PROMPT, Sampling(), is_cancelled=lambda: False)
    ours = [next(steps).token_id for _ in range(NEW_TOKENS)]

    prompt = torch.tensor([PROMPT])
    theirs = model.generate(
        prompt,
        attention_mask=torch.ones_like(prompt),
        max_new_tokens=NEW_TOKENS,
        do_sample=False,
        pad_token_id=0,
    )
    assert ours == theirs[0, len(PROMPT) :].tolist()


@pytest.mark.parametrize("family", FAMILIES[:2], ids=lambda family: family.config)
def test_log_probs_are_those_of_one_full_forward_pass(family):
    model = build_model(family, vocabulary=300)
    steps = Decoder(model).steps(PROMPT, Sampling(), is_cancelled=lambda: False)
    taken = [next(steps) for _ in range(8)]

    ids = torch.tensor([[*PROMPT, *(step.token_id for step in taken)]])
    with torch.inference_mode():
        full = torch.log_softmax(model(ids).logits[0].float(), dim=-1)
    for place, step in enumerate(taken, start=len(PROMPT) - 1):
        assert step.log_prob == pytest.approx(float(full[place, step.token_id]), abs=1e-4)


def test_cancelling_ends_before_the_next_forward_pass():
    model = build_model(FAMILIES[0], vocabulary=300)
    is_cancelled = False
    steps = Decoder(model).steps(PROMPT, Sampling(), lambda: is_cancelled)
    assert next(steps) is not None
    is_cancelled = True
    assert list(steps) == []


def test_sampling_with_a_seed_repeats_itself():
    model = build_model(FAMILIES[0], vocabulary=300)

    def draw(seed: int) -> list[int]:
        sampling = Sampling(temperature=1.5, top_p=0.95, seed=seed)
        steps = Decoder(model).steps(PROMPT, sampling, is_cancelled=lambda: False)
        return [next(steps).token_id for _ in range(16)]

    assert draw(1) == draw(1)
    assert len({tuple(draw(seed)) for seed in range(5)}) > 1
