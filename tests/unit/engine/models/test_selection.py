import pytest
import torch
from tiny_models import FAMILIES, TinyFamily, build_model

from assist_server.engine.device import DeviceFacts, plan_device
from assist_server.engine.models import selection
from assist_server.engine.models.cuda_graph_model import CudaGraphModel
from assist_server.engine.models.selection import cache_limit_bytes, plan_execution
from assist_server.engine.models.torchscript_model import TorchScriptModel
from assist_server.engine.models.transformers_model import TransformersModel
from assist_server.errors import ModelError

BY_CONFIG = {family.config: family for family in FAMILIES}


def plan_for(config: str, dtype: str):
    plan = plan_device(DeviceFacts(), "auto", dtype)
    return plan_execution(build_model(BY_CONFIG[config], 300), plan, dtype)


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        ("auto", "float16"),
        ("float16", "float16"),
        ("float32", "float32"),
        ("int8", "int8"),
        ("int4", "int4"),
    ],
)
def test_llamas_shape_is_run_directly_on_a_cpu(dtype, expected):
    model, plan = plan_for("LlamaConfig", dtype)
    assert isinstance(model, TorchScriptModel)
    assert (plan.device, plan.dtype) == ("cpu", expected)
    assert any(reason.startswith(expected) for reason in plan.reasons)
    assert any("threads for a single token" in reason for reason in plan.reasons)


@pytest.mark.parametrize(
    ("config", "dtype", "expected"),
    [
        ("GPT2Config", "auto", torch.float32),
        ("LlamaConfig", "bfloat16", torch.bfloat16),
    ],
)
def test_everything_else_is_run_by_transformers(config, dtype, expected):
    model, plan = plan_for(config, dtype)
    assert isinstance(model, TransformersModel)
    logits = model.new_cache().extend([40, 41], 1)
    assert logits.dtype == expected
    assert plan.dtype == str(expected).removeprefix("torch.")


@pytest.mark.parametrize(("dtype", "tolerance"), [("int8", 0.05), ("int4", 0.5)])
def test_few_bits_are_for_every_architecture(dtype, tolerance):
    model, plan = plan_for("GPT2Config", dtype)
    assert isinstance(model, TransformersModel)
    assert plan.dtype == dtype
    assert plan.reasons[1].startswith(f"{dtype}: chosen by the setting")
    exact, _ = plan_for("GPT2Config", "float32")
    found, expected = (each.new_cache().extend([40, 41, 42], 3) for each in (model, exact))
    assert 0 < float((found - expected).norm() / expected.norm()) < tolerance


@pytest.mark.parametrize(
    ("config", "free_bytes", "expected"),
    [
        ("LlamaConfig", 60_000, "int8"),
        ("LlamaConfig", 40_000, "int4"),
        ("LlamaConfig", 20_000, "int4"),  # the smallest, even if it may not fit either
        ("GPT2Config", 60_000, "int8"),
        ("GPT2Config", 40_000, "int4"),
        ("GPT2Config", 30_000, "bfloat16"),  # its embeddings grow in int4, too
        ("MixtralConfig", 150_000, "bfloat16"),  # its experts are no linear layers
    ],
)
def test_what_does_not_fit_is_run_in_fewer_bits(monkeypatch, config, free_bytes, expected):
    class Memory:
        available = free_bytes

    monkeypatch.setattr(selection.psutil, "virtual_memory", Memory)
    monkeypatch.setattr(selection, "has_native_bfloat16", lambda: False)
    plan = plan_device(DeviceFacts(), "auto", "auto")
    family = BY_CONFIG.get(config, TinyFamily("", config, ()))
    model = build_model(family, 300).to(torch.bfloat16)
    fast, plan = plan_execution(model, plan, "auto")
    assert plan.dtype == expected
    assert "0.0 GB are free" in plan.reasons[1]
    assert fast.new_cache().extend([40, 41], 1).isfinite().all()


@pytest.mark.parametrize("config", ["LlamaConfig", "GPT2Config"])
def test_a_format_that_was_chosen_is_kept(config):
    assert plan_for(config, "float32")[1].dtype == "float32"


def test_a_model_that_does_not_run_in_8_bits_is_refused_in_a_sentence(monkeypatch):
    def fail(self, *_arguments):
        raise AttributeError("no attribute 'weight'")

    monkeypatch.setattr(TransformersModel, "forward", fail)
    with pytest.raises(ModelError, match=r"does not run in int8 \(no attribute 'weight'\); set"):
        plan_for("GPT2Config", "int8")


@pytest.mark.parametrize(("has_vnni", "expected"), [(True, "int8"), (False, "float16")])
def test_weights_made_for_8_bits_are_run_in_them(monkeypatch, has_vnni, expected):
    monkeypatch.setattr(selection, "has_vnni", lambda: has_vnni)
    model = build_model(BY_CONFIG["LlamaConfig"], 300)
    model.config.suits_int8 = True
    for dtype, format_ in (("auto", expected), ("float32", "float32")):
        plan = plan_device(DeviceFacts(), "auto", dtype)
        assert plan_execution(model, plan, dtype)[1].dtype == format_


def test_caches_take_a_part_of_the_free_memory():
    assert 1 << 20 < cache_limit_bytes("cpu", 0) <= 192 << 20
    assert cache_limit_bytes("cpu", 0) <= cache_limit_bytes("cpu", 400 << 20) <= 200 << 20
    assert cache_limit_bytes("cpu", 1 << 40) <= 1 << 30


LLAMA = build_model(BY_CONFIG["LlamaConfig"], 300)


def chosen(monkeypatch, make, *, slower="stock"):
    """What is chosen between transformers' passes and those that `make` gives."""
    tried = selection._timed_step

    def with_a_handicap(model):
        ms, logits = tried(model)
        is_slower = isinstance(model, TransformersModel) == (slower == "stock")
        return ms + 1000 * is_slower, logits

    monkeypatch.setattr(selection, "_timed_step", with_a_handicap)
    monkeypatch.setattr(selection, "CudaGraphModel", make)
    return selection._with_graphs(LLAMA, TransformersModel(LLAMA))


def static(model):
    return CudaGraphModel(model, is_captured=False)


def test_graphs_are_used_where_they_are_faster(monkeypatch):
    model, reason = chosen(monkeypatch, static)
    assert isinstance(model, CudaGraphModel)
    assert reason.startswith("with CUDA graphs: a step takes")
    model, reason = chosen(monkeypatch, static, slower="graphs")
    assert isinstance(model, TransformersModel)
    assert reason.startswith("without CUDA graphs: a step takes")


def test_graphs_that_give_other_numbers_are_not_used(monkeypatch):
    other = build_model(BY_CONFIG["LlamaConfig"], 300, seed=1)
    model, reason = chosen(monkeypatch, lambda _: static(other))
    assert isinstance(model, TransformersModel)
    assert "results differ" in reason


def test_a_device_that_captures_nothing_is_used_without(monkeypatch):
    def fail(model):
        raise RuntimeError("operation not permitted when stream is capturing\nmore")

    model, reason = chosen(monkeypatch, fail)
    assert isinstance(model, TransformersModel)
    assert reason == "without CUDA graphs: operation not permitted when stream is capturing"


class Slow:
    """A model whose steps take a second each, by a clock of its own."""

    narrow_threads = 1
    now_s = 0.0
    steps = 0

    def new_cache(self):
        return self

    def extend(self, ids, _wanted):
        self.now_s += 1
        self.steps += len(ids) == 1


def test_trying_out_a_slow_machine_is_cut_short(monkeypatch):
    model = Slow()
    monkeypatch.setattr(selection.time, "perf_counter", lambda: model.now_s)
    assert selection._step_ms(model, [2, 1]) == {2: 1000.0, 1: 1000.0}
    assert model.steps == 2 * (selection._WARMUP_PASSES + 1)
