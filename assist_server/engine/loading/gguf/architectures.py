"""The architectures of GGUF files that can be loaded, and their names in transformers.

Sources: the Python package `gguf` (`constants.py`) for keys and tensors, and llama.cpp's
`convert_hf_to_gguf.py` for how weights are stored.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

_SHAPE = {
    "context_length": "max_position_embeddings",
    "embedding_length": "hidden_size",
    "block_count": "num_hidden_layers",
    "feed_forward_length": "intermediate_size",
    "attention.head_count": "num_attention_heads",
    "attention.head_count_kv": "num_key_value_heads",
}
_RMS = {**_SHAPE, "attention.layer_norm_rms_epsilon": "rms_norm_eps"}

_LAYER = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "ffn_gate": "mlp.gate_proj",
}


@dataclass(frozen=True)
class Architecture:
    """The mapping from files of one architecture to a model of transformers."""

    model_type: str
    keys: Mapping[str, str] = field(default_factory=lambda: MappingProxyType(_RMS))
    """Keys of the metadata, without the architecture, and their names in `config.json`."""
    layer: Mapping[str, str] = field(default_factory=lambda: MappingProxyType(_LAYER))
    """Names of a layer's parts."""
    has_rotary_pairs: bool = False
    """True if the two dimensions that rotate together are neighbours, in queries and keys."""
    has_raised_norms: bool = False
    """True if the weights of norms have 1 added."""
    constants: Mapping[str, Any] = field(default_factory=dict)
    """Values of `config.json` that are not in the files."""


ARCHITECTURES: Mapping[str, Architecture] = {
    "llama": Architecture("llama", has_rotary_pairs=True),
    "qwen2": Architecture("qwen2"),
    "qwen3": Architecture(
        "qwen3",
        layer={**_LAYER, "attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm"},
    ),
    "gemma": Architecture("gemma", has_raised_norms=True),
    "starcoder2": Architecture(
        "starcoder2",
        keys={**_SHAPE, "attention.layer_norm_epsilon": "norm_epsilon"},
        layer={**_LAYER, "ffn_up": "mlp.c_fc", "ffn_down": "mlp.c_proj"},
        constants={"sliding_window": None, "use_bias": True},
    ),
    "granite": Architecture(
        "granite",
        keys={
            **_RMS,
            "attention.scale": "attention_multiplier",
            "embedding_scale": "embedding_multiplier",
            "residual_scale": "residual_multiplier",
            "logit_scale": "logits_scaling",
        },
        has_rotary_pairs=True,
    ),
}
"""By the value of `general.architecture`."""
