"""Models whose weights are read on use compute as those whose weights are read at once."""

import pytest
import torch
from tiny_gguf import save_gguf
from tiny_models import FAMILIES, HYBRIDS, SLIDING, save_family
from torch.nn.utils.parametrize import is_parametrized
from transformers import LlamaForCausalLM

from assist_server.engine.backend import ignore_progress
from assist_server.engine.device import DeviceFacts, plan_device
from assist_server.engine.loading.checkpoint import read_model
from assist_server.engine.loading.deferred import held_bytes, read_deferred
from assist_server.engine.models.selection import plan_execution

LLAMA = next(family for family in FAMILIES if family.config == "LlamaConfig")
TIED = next(family for family in FAMILIES if family.config == "GemmaConfig")
CONVERTED = HYBRIDS[1]
"""Its experts are one tensor in the model, and several in the folder."""


def read(source, dtype="auto", *, is_deferred=True):
    plan = plan_device(DeviceFacts(), "cpu", dtype)
    read = read_model(str(source), plan, ignore_progress, dtype, is_deferred=is_deferred)[1]
    return read.eval(), plan


def logits(model, plan, dtype):
    return plan_execution(model, plan, dtype)[0].new_cache().extend(range(40, 60), 20)


@pytest.mark.parametrize("dtype", ["auto", "bfloat16", "int8", "int4"])
@pytest.mark.parametrize(
    "family",
    [LLAMA, TIED, FAMILIES[0], HYBRIDS[0], CONVERTED, SLIDING[1]],
    ids=lambda family: family.config,
)
@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor:UserWarning")
def test_a_folder_computes_the_same(family, dtype, tmp_path):
    folder = save_family(family, tmp_path)
    deferred, plan = read(folder, dtype)
    whole, _ = read(folder, dtype, is_deferred=False)
    assert any(map(is_parametrized, deferred.modules())) == (family is not CONVERTED)
    counts = [sum(each.numel() for each in model.parameters()) for model in (deferred, whole)]
    assert counts[0] == counts[1]
    assert torch.equal(logits(deferred, plan, dtype), logits(whole, plan, dtype))


def test_little_is_held_before_the_weights_are_packed(tmp_path):
    save_gguf("qwen2", tmp_path / "a.gguf")
    for source in (save_family(LLAMA, tmp_path), tmp_path / "a.gguf"):
        model, _ = read(source)
        whole_bytes = held_bytes(read(source, is_deferred=False)[0])
        assert 0 < held_bytes(model) < whole_bytes / 20
        read_deferred(model)
        assert held_bytes(model) == whole_bytes
        assert all(each.isfinite().all() for each in model.parameters())


def test_tied_weights_stay_one(tmp_path):
    model, _ = read(save_family(TIED, tmp_path))
    read_deferred(model)
    assert model.lm_head.weight is model.model.embed_tokens.weight


def test_weights_that_the_model_wants_in_another_format_are_read_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(LlamaForCausalLM, "_keep_in_fp32_modules_strict", {"o_proj"})
    folder = save_family(LLAMA, tmp_path)
    read(folder, is_deferred=False)[0].bfloat16().save_pretrained(folder)
    model, _ = read(folder)
    layer = model.model.layers[0].self_attn
    assert not is_parametrized(layer.o_proj)
    assert is_parametrized(layer.q_proj)
    assert layer.o_proj.weight.dtype == torch.float32
    assert layer.o_proj.weight.isfinite().all()
