"""Conversion of a Llama or Qwen3 model from Hugging Face to GGUF in f32, f16 or q8_0.

    python benchmarks/peers/convert_to_gguf.py MODEL_FOLDER OUT.gguf f16

The tokens are written so that llama.cpp can decode its output. The file does not support encoding
text, as the benchmarks send prompts as token ids.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

QUANTIZATIONS = {
    "f32": (gguf.GGMLQuantizationType.F32, gguf.LlamaFileType.ALL_F32),
    "f16": (gguf.GGMLQuantizationType.F16, gguf.LlamaFileType.MOSTLY_F16),
    "q8_0": (gguf.GGMLQuantizationType.Q8_0, gguf.LlamaFileType.MOSTLY_Q8_0),
}
LAYER_NAMES = {
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
OTHER_NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
}
TURNS_NEIGHBOURS = {"llama": True, "qwen3": False}
"""Supported families, and whether llama.cpp uses adjacent rotary pairs for them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Convert a model."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("quantization", choices=QUANTIZATIONS)
    options = parser.parse_args(arguments)
    convert(options.model, options.out, options.quantization)
    return 0


def convert(folder: Path, out: Path, quantization: str) -> None:
    """Write the model in `folder` to the file `out`."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    family = model.config.model_type
    if family not in TURNS_NEIGHBOURS:
        known = " and ".join(TURNS_NEIGHBOURS)
        raise SystemExit(f"only {known} models can be converted, not {family}")
    tensor_type, file_type = QUANTIZATIONS[quantization]
    writer = gguf.GGUFWriter(out, family)
    write_shape(writer, model.config)
    writer.add_file_type(file_type)
    write_tokens(writer, AutoTokenizer.from_pretrained(folder), model.config)
    for name, tensor in renamed_tensors(model):
        if tensor.ndim == 1:  # norms are few and are never quantized
            writer.add_tensor(name, tensor)
        else:
            data = gguf.quants.quantize(tensor, tensor_type)
            writer.add_tensor(name, data, raw_dtype=tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_shape(writer: gguf.GGUFWriter, config: Any) -> None:
    """Write the sizes of the model."""
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(head_dim)
    writer.add_value_length(head_dim)
    writer.add_rope_dimension_count(head_dim)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)


def write_tokens(writer: gguf.GGUFWriter, tokenizer: Any, config: Any) -> None:
    """Write the text and the kind of every token; none is added to a prompt."""
    spelled = {token_id: token for token, token_id in tokenizer.get_vocab().items()}
    added = tokenizer.added_tokens_decoder
    tokens, kinds = [], []
    for token_id in range(config.vocab_size):
        tokens.append(spelled.get(token_id, f"[unused {token_id}]"))
        is_unused = token_id not in spelled
        kinds.append(
            gguf.TokenType.UNUSED
            if is_unused
            else gguf.TokenType.CONTROL
            if token_id in added
            else gguf.TokenType.NORMAL
        )
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    # llama.cpp refuses a byte-pair vocabulary without merges; any merge will do here.
    letters = [token for token in tokens if len(token) == 1]
    writer.add_token_merges([f"{letters[0]} {letters[1]}"])
    writer.add_eos_token_id(tokenizer.eos_token_id)
    writer.add_add_bos_token(False)


def renamed_tensors(model: Any) -> list[tuple[str, np.ndarray]]:
    """Return every tensor under llama.cpp's name, in its order of rows."""
    config, tensors = model.config, []
    heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}
    for name, parameter in model.state_dict().items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        array = parameter.numpy()
        path, _, kind = name.rpartition(".")
        if path in OTHER_NAMES:
            tensors.append((f"{OTHER_NAMES[path]}.{kind}", array))
            continue
        _, _, layer, part = path.split(".", 3)
        new = LAYER_NAMES[part]
        if new in heads and TURNS_NEIGHBOURS[config.model_type]:
            array = interleaved(array, heads[new])
        tensors.append((f"blk.{layer}.{new}.{kind}", array))
    return tensors


def interleaved(rows: np.ndarray, heads: int) -> np.ndarray:
    """Reorder the rows of a query or key projection for adjacent rotary pairs.

    transformers rotates dimension i of a head together with i + half; llama.cpp, like the original
    Llama, rotates 2i together with 2i + 1.
    """
    per_head = rows.reshape(heads, 2, -1, *rows.shape[1:])
    return np.ascontiguousarray(per_head.swapaxes(1, 2).reshape(rows.shape))


if __name__ == "__main__":
    sys.exit(main())
