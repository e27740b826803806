"""On a CUDA device: graph = eager, static = dynamic, drafts = plain, cached = cold."""

import gc

import pytest
import torch
from sequences import continue_prompt, make_decoder
from tiny_models import FAMILIES, TinyFamily, build_model, build_tokenizer

from assist_server.engine.device import plan_device
from assist_server.engine.models.cuda_graph_model import CudaGraphModel
from assist_server.engine.models.torchscript_model import covers
from assist_server.engine.models.transformers_model import TransformersModel
from assist_server.engine.request import GenerationRequest, collect
from assist_server.engine.transformers_backend import TransformersBackend, probe_device_facts

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device"),
]
COVERED = [family for family in FAMILIES if covers(build_model(family, 300))]
PROMPT = tuple(40 + number % 7 for number in range(50))
TYPED = (44, 41, 43)


def on_gpu(family):
    return build_model(family, 300).to("cuda")


@pytest.mark.parametrize("family", COVERED, ids=lambda family: f"{family.name}-{family.config}")
def test_graphs_are_the_same_kernels(family):
    model = on_gpu(family)
    captured, eager = CudaGraphModel(model), CudaGraphModel(model, is_captured=False)
    one, other = captured.new_cache(), eager.new_cache()
    for _ in range(2):  # recorded, and then replayed
        for count in (20, 1, 3, 8, 1, 13):
            ids = list(PROMPT[:count])
            assert torch.equal(one.extend(ids, count), other.extend(ids, count))
        one.truncate(5)
        other.truncate(5)


@pytest.mark.parametrize("family", COVERED, ids=lambda family: f"{family.name}-{family.config}")
def test_the_ways_give_the_same_tokens(family):
    model = on_gpu(family)
    expected = continue_prompt(make_decoder(TransformersModel(model), drafts=False), PROMPT, 12)
    graphed = CudaGraphModel(model)
    assert continue_prompt(make_decoder(graphed, drafts=False), PROMPT, 12) == expected
    used = make_decoder(graphed)
    assert continue_prompt(used, PROMPT, 12) == expected
    for end in range(len(TYPED) + 1):
        longer = (*PROMPT, *TYPED[:end])
        fresh = make_decoder(TransformersModel(model), drafts=False)
        assert continue_prompt(used, longer, 5) == continue_prompt(fresh, longer, 5)


def test_the_desk_grows_and_other_models_come_and_go():
    """Neither takes from the graphs that are left what they know the address of."""
    long = TinyFamily("long", "LlamaConfig", (), options={"max_position_embeddings": 4096})
    models = {name: on_gpu(long) for name in ("large", "small")}
    captured = {name: CudaGraphModel(model) for name, model in models.items()}
    eager = {name: CudaGraphModel(model, is_captured=False) for name, model in models.items()}
    ids = [40 + number % 17 for number in range(3000)]
    caches = {name: (captured[name].new_cache(), eager[name].new_cache()) for name in models}

    def agree(name, *pieces):
        one, other = caches[name]
        for start, end in pieces:
            assert torch.equal(one.extend(ids[start:end], 1), other.extend(ids[start:end], 1))

    agree("large", (0, 100), (100, 101), (101, 104))
    agree("small", (0, 100), (100, 101), (101, 104))
    agree("large", (104, 1500), (1500, 1501), (1501, 1504), (1504, 1505))  # a larger desk
    agree("small", (104, 105), (105, 108))
    del captured["large"], eager["large"], caches["large"], models["large"]
    gc.collect()
    torch.cuda.empty_cache()
    agree("small", (108, 109), (109, 112), (112, 1600), (1600, 1601))


def test_a_model_leaves_nothing_behind_when_it_is_closed():
    family = COVERED[0]

    def used_bytes():
        tokenizer = build_tokenizer(family)
        model = build_model(family, len(tokenizer)).to("cuda")
        backend = TransformersBackend(
            "tiny", model, tokenizer, plan_device(probe_device_facts(), "cuda", "float32")
        )
        del model
        collect(backend.generate(GenerationRequest(PROMPT, 4)))
        backend.close()
        del backend
        gc.collect()
        torch.cuda.synchronize()
        return torch.cuda.memory_allocated()

    first = used_bytes()  # libraries keep workspaces of their own
    assert used_bytes() <= first
