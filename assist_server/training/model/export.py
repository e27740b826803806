"""Export of a trained model to a folder that transformers and this server can load."""

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor
from transformers import LlamaConfig, Qwen3Config

from assist_server.training.loop.resources import disk_error
from assist_server.training.model.sizes import Shape

FACTS = "training.json"


def model_config(shape: Shape, context_tokens: int, end_id: int, pad_id: int) -> dict[str, Any]:
    """Return the content of `config.json`."""
    kind = Qwen3Config if shape.norms_heads else LlamaConfig
    config = kind(
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        intermediate_size=shape.feed_forward,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        head_dim=shape.head_size,
        max_position_embeddings=context_tokens,
        rms_norm_eps=shape.norm_eps,
        tie_word_embeddings=True,
        use_cache=True,
        bos_token_id=None,
        eos_token_id=end_id,
        pad_token_id=pad_id,
        dtype="bfloat16",
    )
    architecture = "Qwen3ForCausalLM" if shape.norms_heads else "LlamaForCausalLM"
    return {**config.to_dict(), "architectures": [architecture], "fim_template": "assist"}


def export_weights(
    folder: Path, config: Mapping[str, Any], weights: Mapping[str, Tensor], facts: Mapping[str, Any]
) -> None:
    """Write `config.json`, the weights in bfloat16 and the facts about the training.

    Raises:
        AssistError: they cannot be written; existing files stay.
    """
    tensors = {
        transformers_name(name): weight.detach().to("cpu", torch.bfloat16).contiguous()
        for name, weight in weights.items()
    }
    generation = {"eos_token_id": config["eos_token_id"], "pad_token_id": config["pad_token_id"]}
    with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as name:
        new = Path(name)
        try:
            # The library's function for files makes them readable by their owner only.
            (new / "model.safetensors").write_bytes(save(tensors, {"format": "pt"}))
            write_json(new / "generation_config.json", generation)
            write_json(new / FACTS, facts)
            write_json(new / "config.json", config)
        except OSError as error:
            raise disk_error(error, "make room and add --resume to write it again") from error
        move_files(new, folder)


def transformers_name(name: str) -> str:
    """Return transformers' name of a weight of the network."""
    return name if name.startswith("lm_head.") else f"model.{name}"


def write_json(file: Path, content: Mapping[str, Any]) -> None:
    """Write a file of indented JSON."""
    file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def move_files(source: Path, target: Path) -> None:
    """Move complete files into a folder, over existing ones."""
    for file in source.iterdir():
        shutil.move(str(file), str(target / file.name))
