"""What a file becomes, compared with the model that it was written from."""

import json

import gguf
import pytest
import torch
from tiny_gguf import GGUF_FAMILIES, save_gguf, tiny_tokenizer

from assist_server.engine.backend import ModelChoice, ignore_progress
from assist_server.engine.loading.gguf.model import read_gguf
from assist_server.engine.loading.open_backend import open_backend
from assist_server.engine.request import GenerationRequest, collect
from assist_server.errors import ModelError

KINDS = gguf.GGMLQuantizationType
PROMPT = (40, 41, 42, 43, 44, 45)


def logits(model):
    with torch.inference_mode():
        return model(torch.tensor([PROMPT])).logits


@pytest.mark.parametrize("name", GGUF_FAMILIES)
def test_a_file_gives_the_model_that_it_was_written_from(name, tmp_path):
    _, expected = save_gguf(name, tmp_path / "a.gguf")
    _, found = read_gguf(tmp_path / "a.gguf", torch.float32, ignore_progress)
    # Adding 1 to norms, and taking it away, rounds them.
    torch.testing.assert_close(logits(found), logits(expected), rtol=1e-4, atol=1e-4)
    assert found.config.model_type == expected.config.model_type
    assert found.config.max_position_embeddings == 512


@pytest.mark.parametrize("is_tied", [True, False])
def test_an_output_matrix_is_the_embedding_where_the_file_has_none(is_tied, tmp_path):
    _, expected = save_gguf("llama", tmp_path / "a.gguf", tie_word_embeddings=is_tied)
    _, found = read_gguf(tmp_path / "a.gguf", torch.float32, ignore_progress)
    assert found.config.tie_word_embeddings is is_tied
    assert (found.lm_head.weight is found.model.embed_tokens.weight) is is_tied
    torch.testing.assert_close(logits(found), logits(expected))


@pytest.mark.parametrize("bias", ["attention_bias", "mlp_bias"])
def test_biases_are_read(bias, tmp_path):
    _, expected = save_gguf("llama", tmp_path / "a.gguf", **{bias: True})
    _, found = read_gguf(tmp_path / "a.gguf", torch.float32, ignore_progress)
    torch.testing.assert_close(logits(found), logits(expected))


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [
        (KINDS.F32, torch.float32),
        (KINDS.F16, torch.float16),
        (KINDS.BF16, torch.bfloat16),
        (KINDS.Q4_0, torch.float16),
        (KINDS.Q8_0, torch.float16),
    ],
)
def test_weights_have_the_smallest_dtype_for_their_precision(kind, dtype, tmp_path):
    save_gguf("qwen2", tmp_path / "a.gguf", kind)
    _, exact = read_gguf(tmp_path / "a.gguf", torch.float32, ignore_progress)
    _, found = read_gguf(tmp_path / "a.gguf", None, ignore_progress)
    assert {weight.dtype for weight in found.parameters()} == {dtype}
    for one, other in zip(found.parameters(), exact.parameters(), strict=True):
        torch.testing.assert_close(one.float(), other, rtol=1e-2, atol=1e-3)


def test_quantized_weights_are_near_those_that_were_written(tmp_path):
    _, expected = save_gguf("qwen3", tmp_path / "a.gguf", KINDS.Q8_0)
    _, found = read_gguf(tmp_path / "a.gguf", torch.float32, ignore_progress)
    pairs = list(zip(found.parameters(), expected.parameters(), strict=True))
    assert any((one != other).any() for one, other in pairs)
    for one, other in pairs:
        torch.testing.assert_close(one, other, rtol=0, atol=0.02)


def llama3_factors(factor, low, high, *, original=8192, pairs=16, theta=500_000.0):
    """As llama.cpp's converter computes them."""
    found = []
    for pair in range(pairs):
        wave_length = 2 * torch.pi * theta ** (pair / pairs)
        if wave_length < original / high:
            found.append(1.0)
        elif wave_length > original / low:
            found.append(factor)
        else:
            smooth = (original / wave_length - low) / (high - low)
            found.append(1 / ((1 - smooth) / factor + smooth))
    return found


LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 500_000.0,
    "factor": 32.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}


def add_factors(monkeypatch, factors):
    """Write the factors into the next file."""
    write = gguf.GGUFWriter.write_header_to_file

    def write_with_factors(writer):
        writer.add_tensor("rope_freqs.weight", torch.tensor(factors).numpy())
        write(writer)

    monkeypatch.setattr(gguf.GGUFWriter, "write_header_to_file", write_with_factors)


def test_llama_3_keeps_its_scaled_positions(tmp_path, monkeypatch):
    add_factors(monkeypatch, llama3_factors(32.0, 1.0, 4.0))
    _, expected = save_gguf("llama", tmp_path / "a.gguf", head_dim=32, rope_parameters=LLAMA3)
    _, found = read_gguf(tmp_path / "a.gguf", torch.float32, ignore_progress)
    assert found.config.rope_parameters == LLAMA3
    torch.testing.assert_close(found.model.rotary_emb.inv_freq, expected.model.rotary_emb.inv_freq)


def test_positions_scaled_in_another_way_are_refused(tmp_path, monkeypatch):
    add_factors(monkeypatch, llama3_factors(32.0, 1.0, 8.0))
    save_gguf("llama", tmp_path / "a.gguf", head_dim=32, rope_parameters=LLAMA3)
    with pytest.raises(ModelError, match="scaled in an unknown way"):
        read_gguf(tmp_path / "a.gguf", None, ignore_progress)


@pytest.mark.parametrize(
    "rope",
    [
        {"rope_type": "linear", "factor": 2.0},
        {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 128},
    ],
)
def test_scaled_positions_are_read(rope, tmp_path):
    more = {
        "qwen2.rope.scaling.type": rope["rope_type"],
        "qwen2.rope.scaling.factor": rope["factor"],
    }
    if original := rope.get("original_max_position_embeddings"):
        more["qwen2.rope.scaling.original_context_length"] = original
    parameters = {"rope_theta": 10_000.0, **rope}
    _, expected = save_gguf("qwen2", tmp_path / "a.gguf", more=more, rope_parameters=parameters)
    _, found = read_gguf(tmp_path / "a.gguf", torch.float32, ignore_progress)
    torch.testing.assert_close(logits(found), logits(expected))


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"qwen2.rope.scaling.type": "longrope"}, "scaled by 'longrope'"),
        ({"qwen2.rope.dimension_count": 4}, "a part of each head"),
        ({"qwen2.expert_count": 8}, "a mixture of experts"),
        ({"qwen2.block_count": 3}, "lacks layers"),
        ({"qwen2.block_count": None}, "no usable num_hidden_layers"),
        ({"qwen2.attention.head_count": 0}, "no usable num_attention_heads"),
        ({"qwen2.context_length": 2**30}, "no usable max_position_embeddings"),
        ({"qwen2.embedding_length": 1024}, "differ, such as model.embed_tokens.weight"),
        ({"qwen2.feed_forward_length": 2**20}, "differ, such as model.layers.0.mlp"),
        ({"tokenizer.ggml.model": "rwkv"}, "tokenizer of the kind 'rwkv'"),
        ({"tokenizer.ggml.pre": "novel"}, "the unknown rule 'novel'"),
        ({"tokenizer.ggml.merges": None}, "without merges"),
        ({"tokenizer.ggml.tokens": None}, "no tokenizer"),
    ],
)
def test_a_variant_that_is_not_supported_is_one_sentence(more, reason, tmp_path):
    save_gguf("qwen2", tmp_path / "a.gguf", more=more)
    with pytest.raises(ModelError, match=reason) as caught:
        open_backend(ModelChoice(str(tmp_path / "a.gguf"), device="cpu"))
    assert "\n" not in str(caught.value)


def test_tensors_without_a_place_in_the_model_are_refused(tmp_path, monkeypatch):
    write = gguf.GGUFWriter.write_header_to_file

    def write_with_another(writer):
        writer.add_tensor("blk.0.ffn_gate_exps.weight", torch.ones(2, 32).numpy())
        write(writer)

    monkeypatch.setattr(gguf.GGUFWriter, "write_header_to_file", write_with_another)
    save_gguf("llama", tmp_path / "a.gguf")
    with pytest.raises(ModelError, match=r"'blk\.0\.ffn_gate_exps\.weight'"):
        read_gguf(tmp_path / "a.gguf", None, ignore_progress)


@pytest.mark.parametrize("dtype", ["auto", "float32", "float16", "bfloat16", "int8", "int4"])
def test_a_file_answers_in_every_dtype(dtype, tmp_path):
    save_gguf("qwen2", tmp_path / "a.gguf", KINDS.Q8_0)
    choice = ModelChoice(str(tmp_path / "a.gguf"), device="cpu", dtype=dtype)
    backend = open_backend(choice)
    written = collect(backend.generate(GenerationRequest(PROMPT, 4, may_draft=False)))
    backend.close()
    assert len(written.token_ids) == 4
    if dtype == "float32":
        _, exact = read_gguf(tmp_path / "a.gguf", torch.float32, ignore_progress)
        expected = exact.generate(torch.tensor([PROMPT]), max_new_tokens=4, do_sample=False)
        assert list(written.token_ids) == expected[0, len(PROMPT) :].tolist()


def test_facts_about_the_model_are_those_of_its_folder(tmp_path):
    tokenizer, model = save_gguf(
        "qwen2", tmp_path / "a.gguf", more={"tokenizer.chat_template": "{{ messages }}"}
    )
    tokenizer.chat_template = "{{ messages }}"
    tokenizer.save_pretrained(tmp_path / "folder")
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.save_pretrained(tmp_path / "folder")
    facts = []
    for name in ("a.gguf", "folder"):
        backend = open_backend(ModelChoice(str(tmp_path / name), device="cpu"))
        facts.append(
            {**vars(backend.info), "name": "", "plan": backend.info.plan.dtype}
            | {"special_ids": dict(backend.info.special_ids)}
        )
        backend.close()
    assert facts[0] == facts[1]


def test_a_calibration_is_read_from_beside_the_file(tmp_path):
    save_gguf("llama", tmp_path / "a.gguf")
    (tmp_path / "a.calibration.json").write_text(json.dumps({"weights": {"bias": -1.5}}))
    (tmp_path / "calibration.json").write_text(json.dumps({"weights": {"bias": 3}}))
    backend = open_backend(ModelChoice(str(tmp_path / "a.gguf"), device="cpu"))
    assert backend.info.calibration == {"bias": -1.5}
    backend.close()


def test_progress_is_reported(tmp_path):
    said = []
    save_gguf("llama", tmp_path / "a.gguf")
    choice = ModelChoice(str(tmp_path / "a.gguf"), device="cpu")
    open_backend(choice, lambda *told: said.append(told)).close()
    percents = [percent for _, percent in said]
    assert percents == sorted(percents)
    assert any("weights" in message for message, _ in said)


def test_the_tiny_tokenizers_merge():
    assert len(tiny_tokenizer("llama")("return").input_ids) == 5


INFINITE, NOTHING = float("inf"), float("nan")


@pytest.mark.parametrize(
    "key",
    ["llama.rope.freq_base", "llama.rope.scaling.factor", "llama.attention.layer_norm_rms_epsilon"],
)
@pytest.mark.parametrize("value", [INFINITE, NOTHING, -1.0, "x" * 999])
def test_numbers_that_no_model_has_are_refused(key, value, tmp_path):
    save_gguf("llama", tmp_path / "a.gguf", more={key: value})
    with pytest.raises(ModelError, match="has no usable") as refused:
        read_gguf(tmp_path / "a.gguf", None, ignore_progress)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("value", [0.0, INFINITE, NOTHING, -1.0])
def test_divisors_that_no_model_has_are_refused(value, tmp_path, monkeypatch):
    add_factors(monkeypatch, [value] * 4)
    save_gguf("llama", tmp_path / "a.gguf")
    with pytest.raises(ModelError, match="has no usable rope_freqs"):
        read_gguf(tmp_path / "a.gguf", None, ignore_progress)


@pytest.mark.parametrize(
    "key",
    [
        "general.architecture",
        "tokenizer.ggml.model",
        "tokenizer.ggml.pre",
        "llama.rope.scaling.type",
    ],
)
def test_a_long_name_is_not_quoted_whole(key, tmp_path):
    save_gguf("llama", tmp_path / "a.gguf", more={key: "x" * 999})
    with pytest.raises(ModelError, match="xxx") as refused:
        read_gguf(tmp_path / "a.gguf", None, ignore_progress)
    assert "x" * 81 not in str(refused.value)
