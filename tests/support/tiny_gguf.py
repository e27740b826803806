"""Tiny random models as GGUF files, written by the package `gguf` as llama.cpp's converter does."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import gguf
import torch
from tiny_models import FAMILIES, TinyFamily, build_model, build_tokenizer

_BY_CONFIG = {(one.name, one.config): one for one in FAMILIES}
_WIDER = {"intermediate_size": 64}  # whole blocks of 32

GGUF_FAMILIES = {
    "llama": replace(_BY_CONFIG["mellum", "LlamaConfig"], options=_WIDER),
    "llama-sentencepiece": replace(_BY_CONFIG["codellama", "LlamaConfig"], options=_WIDER),
    "qwen2": replace(_BY_CONFIG["qwen2.5-coder", "Qwen2Config"], options=_WIDER),
    "qwen3": replace(_BY_CONFIG["qwen2.5-coder", "Qwen3Config"], options=_WIDER | {"head_dim": 16}),
    "gemma": replace(
        _BY_CONFIG["codegemma", "GemmaConfig"], options=_WIDER | {"tie_word_embeddings": True}
    ),
    "starcoder2": replace(
        _BY_CONFIG["starcoder2", "Starcoder2Config"], options=_WIDER | {"sliding_window": None}
    ),
    "granite": TinyFamily(
        "granite",
        "GraniteConfig",
        FAMILIES[1].special_tokens,
        options=_WIDER
        | {
            "embedding_multiplier": 2.0,
            "residual_multiplier": 0.5,
            "attention_multiplier": 0.3,
            "logits_scaling": 4.0,
        },
    ),
}
MERGES = ["Ġ r", "Ġr e", "e t", "1 2"]


def tiny_tokenizer(name: str) -> Any:
    """The family's tokenizer; a byte-level one has merges, as GGUF files must have some."""
    return build_tokenizer(GGUF_FAMILIES[name], MERGES)


def tiny_model(name: str, vocabulary: int, **options: Any) -> Any:
    """A random model of the family, with biases and norms that are not trivial."""
    family = GGUF_FAMILIES[name]
    model = build_model(replace(family, options=family.options | options), vocabulary)
    torch.manual_seed(1)
    for parameter in model.parameters():
        if parameter.ndim == 1:
            torch.nn.init.normal_(parameter, mean=0.5, std=0.2)
    return model


def save_gguf(
    name: str,
    file: Path,
    kind: gguf.GGMLQuantizationType = gguf.GGMLQuantizationType.F32,
    more: dict[str, Any] | None = None,
    **options: Any,
) -> tuple[Any, Any]:
    """Write a tiny model; return its tokenizer and it.

    Args:
        name: Of a family above.
        file: The file to write.
        kind: The number format of matrices whose rows are whole blocks.
        more: Metadata in place of what would be written.
        options: In place of the family's.
    """
    tokenizer = tiny_tokenizer(name)
    model = tiny_model(name, len(tokenizer), **options)
    architecture = name.partition("-")[0]
    writer = gguf.GGUFWriter(file, architecture)
    _write_shape(writer, model.config, architecture)
    _write_tokens(writer, tokenizer, GGUF_FAMILIES[name])
    for key, value in (more or {}).items():
        _replace(writer, key, value)
    _write_tensors(writer, model, architecture, kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return tokenizer, model


def _replace(writer: gguf.GGUFWriter, key: str, value: Any) -> None:
    writer.kv_data[0].pop(key, None)
    if value is not None:
        writer.add_key_value(key, value, gguf.GGUFValueType.get_type(value))


def _write_shape(writer: gguf.GGUFWriter, config: Any, architecture: str) -> None:
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(head_dim)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    if architecture == "starcoder2":
        writer.add_layer_norm_eps(config.norm_epsilon)
    else:
        writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    if architecture == "granite":
        writer.add_attention_scale(config.attention_multiplier)
        writer.add_embedding_scale(config.embedding_multiplier)
        writer.add_residual_scale(config.residual_multiplier)
        writer.add_logit_scale(config.logits_scaling)


def _write_tokens(writer: gguf.GGUFWriter, tokenizer: Any, family: TinyFamily) -> None:
    spelled = {token_id: token for token, token_id in tokenizer.get_vocab().items()}
    added = tokenizer.added_tokens_decoder
    tokens = [spelled[token_id] for token_id in range(len(spelled))]
    kinds = [
        gguf.TokenType.NORMAL
        if index not in added
        else gguf.TokenType.CONTROL
        if added[index].special
        else gguf.TokenType.USER_DEFINED
        for index in range(len(tokens))
    ]
    if family.is_sentencepiece:
        writer.add_tokenizer_model("llama")
        writer.add_token_scores([0.0] * len(tokens))
    else:
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("gpt-2")
        writer.add_token_merges(MERGES)
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_eos_token_id(tokenizer.eos_token_id)
    if family.bos:
        writer.add_bos_token_id(tokenizer.bos_token_id)
    writer.add_add_bos_token(family.bos is not None)


def _write_tensors(
    writer: gguf.GGUFWriter, model: Any, architecture: str, kind: gguf.GGMLQuantizationType
) -> None:
    config = model.config
    known = next(arch for arch, name in gguf.MODEL_ARCH_NAMES.items() if name == architecture)
    names = gguf.get_tensor_name_map(known, config.num_hidden_layers)
    block, _ = gguf.GGML_QUANT_SIZES[kind]
    for name, weight in model.state_dict().items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        values = weight.float().numpy()
        if architecture in {"llama", "granite"} and re.search(r"[qk]_proj", name):
            heads = "num_attention_heads" if "q_proj" in name else "num_key_value_heads"
            shape = (getattr(config, heads), 2, -1, *values.shape[1:])
            values = values.reshape(shape).swapaxes(1, 2).reshape(values.shape)
        if architecture == "gemma" and "norm" in name:
            values = values + 1
        path, _, ending = name.rpartition(".")
        new_name = f"{names.get_name(path)}.{ending}"
        if values.ndim == 1 or values.shape[-1] % block:
            writer.add_tensor(new_name, values)
        else:
            writer.add_tensor(new_name, gguf.quants.quantize(values, kind), raw_dtype=kind)
