"""What can be seen without a GPU: the same passes, run kernel by kernel."""

import functools

import pytest
import torch
from tiny_models import FAMILIES, TinyFamily, build_model

from assist_server.engine.models import cuda_graph_model
from assist_server.engine.models.cuda_graph_model import CudaGraphModel
from assist_server.engine.models.torchscript_model import covers
from assist_server.engine.models.transformers_model import TransformersModel

COVERED = [family for family in FAMILIES if covers(build_model(family, 300))]
LLAMA = next(family for family in COVERED if family.config == "LlamaConfig")
LONG = TinyFamily("long", "LlamaConfig", (), options={"max_position_embeddings": 4096})
IDS = [40 + number % 17 for number in range(3000)]

assert_close = functools.partial(torch.testing.assert_close, atol=1e-3, rtol=1e-3)


def static(family):
    return CudaGraphModel(build_model(family, 300), is_captured=False)


@pytest.mark.parametrize("family", COVERED, ids=lambda family: f"{family.name}-{family.config}")
def test_logits_are_those_of_transformers(family):
    ours, theirs = (
        static(family).new_cache(),
        TransformersModel(build_model(family, 300)).new_cache(),
    )
    for start, end in ((0, 30), (30, 31), (31, 36), (36, 49), (49, 60)):
        ids, wanted = IDS[start:end], end - start
        assert_close(ours.extend(ids, wanted), theirs.extend(ids, wanted))
    assert ours.length == theirs.length == 60


def test_sequences_take_turns_on_the_desk():
    model = static(LLAMA)
    ids = {0: IDS[:20], 1: IDS[5:40], 2: []}
    caches = {number: model.new_cache() for number in ids}
    for number, cache in caches.items():
        if ids[number]:
            cache.extend(ids[number], 1)
    for number in (0, 1, 2, 1, 0, 0, 2):
        ids[number] = [*ids[number], 70 + number]
        found = caches[number].extend(ids[number][-1:], 1)
        assert_close(found, model.new_cache().extend(ids[number], 1))


@pytest.mark.parametrize("is_lying", [True, False])
def test_a_fork_and_its_origin_go_their_own_ways(is_lying):
    model = static(LLAMA)
    origin = model.new_cache()
    origin.extend(IDS[:50], 1)
    if not is_lying:
        model.new_cache().extend([7], 1)
    fork = origin.fork(30)
    fork.extend([77, 78], 1)
    assert (origin.length, fork.length) == (50, 32)
    assert_close(origin.extend([7], 1), model.new_cache().extend([*IDS[:50], 7], 1))
    assert_close(fork.extend([9], 1), model.new_cache().extend([*IDS[:30], 77, 78, 9], 1))


def test_what_was_taken_back_is_not_seen():
    model = static(LLAMA)
    cache = model.new_cache()
    cache.extend(IDS[:50], 1)
    cache.truncate(20)
    found = cache.extend([7], 1)
    assert torch.equal(found, cache_of(model, IDS[:20]).extend([7], 1))


def cache_of(model, ids):
    cache = model.new_cache()
    cache.extend(ids, 1)
    return cache


def test_the_desk_grows_under_a_sequence():
    model, stock = static(LONG), TransformersModel(build_model(LONG, 300))
    kept, growing = cache_of(model, IDS[:10]), cache_of(model, IDS[:1000])
    theirs = cache_of(stock, IDS[:1000])
    assert_close(growing.extend(IDS[1000:1012], 12), theirs.extend(IDS[1000:1012], 12))
    assert_close(growing.extend(IDS[1012:2100], 1), theirs.extend(IDS[1012:2100], 1))
    assert_close(growing.extend([7], 1), theirs.extend([7], 1))
    assert_close(kept.extend([7], 1), cache_of(stock, IDS[:10]).extend([7], 1))


def test_a_sequence_that_nobody_has_any_more_is_not_put_aside(monkeypatch):
    model = static(LLAMA)
    cache = cache_of(model, IDS[:50])
    assert cache.nbytes == 50 * model.bytes_per_token
    copied = []
    monkeypatch.setattr(model, "copy_of", lambda cache, length: copied.append(length))
    del cache
    other = cache_of(model, IDS[:5])
    assert not copied
    cache_of(model, IDS[:6])
    assert copied == [5]
    assert other.length == 5


def test_what_cannot_be_captured_is_run_kernel_by_kernel(monkeypatch, caplog):
    def fail(self, start, capturing):
        raise RuntimeError("operation not permitted when stream is capturing")

    monkeypatch.setattr(cuda_graph_model, "_CaptureContext", object)
    monkeypatch.setattr(cuda_graph_model._Pass, "capture", fail)
    model = CudaGraphModel(build_model(LLAMA, 300))
    stock = TransformersModel(build_model(LLAMA, 300))
    assert_close(cache_of(model, IDS[:3]).extend([7], 1), cache_of(stock, IDS[:3]).extend([7], 1))
    assert "a pass of 4 tokens cannot be captured" in caplog.text


@pytest.mark.parametrize("tokens", [1, 2, 3, 16, 17, 40])
def test_logits_are_not_overwritten_by_the_next_pass(tokens):
    cache = cache_of(static(LLAMA), IDS[:10])
    found = cache.extend(IDS[:tokens], 1)
    before = found.clone()
    cache.extend(IDS[20 : 20 + tokens], 1)
    assert torch.equal(found, before)
