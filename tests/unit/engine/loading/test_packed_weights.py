"""Weights in groups: what comes back, how large it is, and that the engine loads it."""

import json

import pytest
import torch
import transformers
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file
from tiny_models import FAMILIES, save_family

from assist_server.engine.backend import ModelChoice, ignore_progress
from assist_server.engine.loading.checkpoint import export_model
from assist_server.engine.loading.open_backend import open_backend
from assist_server.engine.loading.packed_weights import GROUP, PACKED_FILE, pack, unpack
from assist_server.errors import InputError, ModelError

ASSIST = next(family for family in FAMILIES if family.name == "assist")


def read_by_hand(packed, name):
    """What the layout says, one weight after the other."""
    codes, scale, least = (packed[f"{name}.{part}"] for part in ("codes", "scale", "least"))
    ranges = packed[f"{name}.range"].tolist()
    is_narrow = codes.size(1) * 2 == scale.size(1) * GROUP
    found = []
    for row, (scale_step, lowest, least_step) in enumerate(ranges):
        values = codes[row].tolist()
        if is_narrow:
            values = [half for byte in values for half in (byte & 15, byte >> 4)]
        found.append([
            lowest + least[row, n // GROUP].item() * least_step
            + scale[row, n // GROUP].item() * scale_step * value
            for n, value in enumerate(values)
        ])  # fmt: skip
    return torch.tensor(found)


@given(
    rows=st.integers(1, 5),
    groups=st.integers(1, 4),
    bits=st.sampled_from([4, 8]),
    seed=st.integers(0, 999),
    kind=st.tuples(st.sampled_from([0.0, 1e-6, 0.02, 3.0]), st.sampled_from([0.0, -1.0, 40.0])),
)
def test_what_comes_back_is_near_and_what_the_layout_says(rows, groups, bits, seed, kind):
    torch.manual_seed(seed)
    spread, offset = kind
    weight = torch.randn(rows, groups * GROUP) * spread + offset
    packed = pack({"w": weight}, lambda _: bits)
    assert packed["w.codes"].numel() * 8 == weight.numel() * bits
    found = unpack(packed)["w"]
    torch.testing.assert_close(found.float(), read_by_hand(packed, "w"), atol=1e-5, rtol=2e-3)
    # No weight is farther off than a step of the coarsest group and the rounding of its ends.
    parts = weight.view(rows, groups, GROUP)
    widest = (parts.amax(-1) - parts.amin(-1)).amax(-1, keepdim=True)
    ends = parts.amin(-1).amax(-1, keepdim=True) - parts.amin(-1).amin(-1, keepdim=True)
    allowed = widest * (0.1 + 1 / 2**bits) + ends / 255 + weight.abs() * 1e-3 + 1e-6
    assert ((found.float() - weight).abs() <= allowed).all()


def test_weights_that_are_on_a_grid_of_four_bits_come_back_as_they_were():
    torch.manual_seed(0)
    weight = torch.randint(0, 16, (7, 3 * GROUP)).float()
    weight[:, ::GROUP], weight[:, 1::GROUP] = 0, 15
    assert torch.equal(unpack(pack({"w": weight}, lambda _: 4))["w"].float(), weight)


def test_vectors_and_odd_matrices_are_kept():
    weights = {"norm": torch.ones(5), "odd": torch.ones(2, GROUP + 1)}
    found = unpack(pack(weights, lambda _: 4))
    assert found.keys() == weights.keys()
    assert all(torch.equal(found[name].float(), weights[name]) for name in weights)


@pytest.fixture
def folder(tmp_path):
    return save_family(ASSIST, tmp_path)


def test_a_packed_model_is_loaded_by_the_engine(folder, tmp_path):
    export_model(str(folder), tmp_path / "packed", ignore_progress, is_packed=True)
    assert (tmp_path / "packed" / PACKED_FILE).exists()
    assert not (tmp_path / "packed" / "model.safetensors").exists()
    backend = open_backend(ModelChoice(str(tmp_path / "packed"), device="cpu"))
    assert backend.info.fim_template == "assist"
    plain = open_backend(ModelChoice(str(folder), device="cpu"))
    assert backend.info.end_ids == plain.info.end_ids
    assert backend.info.context_tokens == plain.info.context_tokens
    backend.close()
    plain.close()


def test_an_exported_packed_model_is_loaded_by_transformers(folder, tmp_path):
    export_model(str(folder), tmp_path / "packed", ignore_progress, is_packed=True)
    export_model(str(tmp_path / "packed"), tmp_path / "plain", ignore_progress, is_packed=False)
    model, found = transformers.AutoModelForCausalLM.from_pretrained(
        tmp_path / "plain", output_loading_info=True
    )
    assert not any(found.values())
    assert model.dtype == torch.bfloat16
    packed = unpack(load_file(tmp_path / "packed" / PACKED_FILE))
    for name, weight in model.state_dict().items():
        if name in packed:
            assert torch.equal(weight, packed[name].to(torch.bfloat16))
    assert transformers.AutoTokenizer.from_pretrained(tmp_path / "plain")("def")["input_ids"]


def test_packed_weights_of_another_model_are_refused(folder, tmp_path):
    export_model(str(folder), tmp_path / "packed", ignore_progress, is_packed=True)
    file = tmp_path / "packed" / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"num_hidden_layers": 3}))
    with pytest.raises(ModelError, match="lack 9 tensors"):
        open_backend(ModelChoice(str(tmp_path / "packed"), device="cpu"))


def test_nothing_is_written_over(folder, tmp_path):
    before = sorted(file.name for file in folder.iterdir())
    with pytest.raises(InputError, match="not an empty folder"):
        export_model(str(folder), folder, ignore_progress, is_packed=True)
    assert sorted(file.name for file in folder.iterdir()) == before
    assert not (tmp_path / "packed").exists()
