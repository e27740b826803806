"""A completion in the middle of a token is the completion of the token, less what is there."""

import pytest
import torch

from assist_server.engine.backend import ModelChoice, ignore_progress
from assist_server.engine.device import DevicePlan
from assist_server.engine.loading.checkpoint import read_model
from assist_server.engine.loading.locate import EMBEDDED_FOLDER
from assist_server.engine.loading.open_backend import open_backend
from assist_server.engine.request import GenerationRequest, collect

TEXT = (
    "import os\nimport json\n\n\ndef load(path):\n    with open(path) as stream:\n        return "
)
HEALED = ["im", "import o", "import ", "with open(", "with open(path) as str", "as ", "    retur"]
NEW_TOKENS = 4


@pytest.fixture(scope="module")
def backend():
    backend = open_backend(ModelChoice("embedded", dtype="float32"))
    yield backend
    backend.close()


@pytest.fixture(scope="module")
def plain_model():
    """The weights of the package in transformers' own forward pass."""
    plan = DevicePlan("cpu", "float32", ())
    return read_model(str(EMBEDDED_FOLDER), plan, ignore_progress)[1].float().eval()


def spelled_out(backend, model, prompt_ids, wanted: str) -> str:
    """Greedy tokens chosen one by one among all whose text agrees with `wanted`."""
    decode = backend._codec.decode
    ids, text = list(prompt_ids), ""
    while len(text) < len(wanted):
        with torch.inference_mode():
            order = model(torch.tensor([ids])).logits[0, -1].argsort(descending=True).tolist()
        pieces = ((token_id, decode([token_id])) for token_id in order)
        rest = wanted[len(text) :]
        fitting = ((i, p) for i, p in pieces if p and (rest.startswith(p) or p.startswith(rest)))
        token_id, piece = next(fitting)
        ids.append(token_id)
        text += piece
    return text


@pytest.mark.parametrize("prefix", [TEXT[: TEXT.index(end) + len(end)] for end in HEALED])
@pytest.mark.parametrize("healed_chars", [1, 2, 5])
def test_healed_equals_spelled_out(backend, plain_model, prefix, healed_chars):
    healed = prefix[-healed_chars:].split("\n")[-1]
    prompt_ids = backend.encode("# a.py\n" + prefix)
    request = GenerationRequest(tuple(prompt_ids), NEW_TOKENS, healed_text=healed)
    found = collect(backend.generate(request)).text

    kept = len(prompt_ids)
    while len("".join(map(decode_one(backend), prompt_ids[kept:]))) < len(healed):
        kept -= 1
    cut_off = "".join(map(decode_one(backend), prompt_ids[kept:]))
    first = spelled_out(backend, plain_model, prompt_ids[:kept], cut_off)
    assert first.startswith(cut_off)
    assert found.startswith(first[len(cut_off) :])


def decode_one(backend):
    return lambda token_id: backend._codec.decode([token_id])


def test_without_anything_to_heal_the_prompt_is_continued_as_it_is(backend):
    prompt = tuple(backend.encode(TEXT))
    plain = collect(backend.generate(GenerationRequest(prompt, NEW_TOKENS)))
    request = GenerationRequest(prompt, NEW_TOKENS, healed_text="no end of it")
    other = collect(backend.generate(request))
    assert plain.token_ids == other.token_ids
