"""Random models of a few thousand parameters, with the shapes and tokens of real families."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import (
    AddedToken,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
)

CONTEXT_TOKENS = 512


@dataclass(frozen=True)
class TinyFamily:
    """One family: its architecture and its control tokens."""

    name: str
    config: str
    special_tokens: tuple[str, ...]
    folder: str = "tiny"
    eos: str = "<|endoftext|>"
    bos: str | None = None
    is_sentencepiece: bool = False
    options: dict[str, Any] = field(default_factory=dict)


_BIGCODE = ("<fim_prefix>", "<fim_middle>", "<fim_suffix>", "<fim_pad>")
_PIPES = ("<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>")
_QWEN = (*_PIPES, "<|repo_name|>", "<|file_sep|>", "<|im_start|>", "<|im_end|>")

FAMILIES = (
    TinyFamily("left-to-right", "GPT2Config", ()),
    TinyFamily("starcoder", "GPTBigCodeConfig", (*_BIGCODE, "<filename>", "<reponame>")),
    TinyFamily("starcoder2", "Starcoder2Config", (*_BIGCODE, "<file_sep>", "<repo_name>")),
    TinyFamily(
        "codellama", "LlamaConfig", ("▁<PRE>", "▁<MID>", "▁<SUF>", "▁<EOT>"),
        eos="</s>", bos="<s>", is_sentencepiece=True,
    ),
    TinyFamily("qwen2.5-coder", "Qwen2Config", _QWEN),
    TinyFamily("qwen2.5-coder", "Qwen3Config", _QWEN),
    TinyFamily(
        "codegemma", "GemmaConfig", (*_PIPES, "<|file_separator|>", "<end_of_turn>"),
        eos="<eos>", bos="<bos>",
    ),
    TinyFamily(
        "codestral", "MistralConfig", ("[PREFIX]", "[MIDDLE]", "[SUFFIX]"),
        folder="Codestral-22B", eos="</s>", bos="<s>", is_sentencepiece=True,
        options={"sliding_window": 16},
    ),
    TinyFamily("mellum", "LlamaConfig", (*_BIGCODE, "<filename>", "<reponame>"), "Mellum-4b-base"),
    TinyFamily("assist", "LlamaConfig", _QWEN[:-2], options={"fim_template": "assist"}),
)  # fmt: skip

_MAMBA2 = {
    "mamba_n_heads": 8, "mamba_d_head": 8, "mamba_d_state": 8, "mamba_n_groups": 1,
    "mamba_chunk_size": 16,
}  # fmt: skip
_DELTA_NET = {
    "num_hidden_layers": 4, "linear_key_head_dim": 8, "linear_value_head_dim": 8,
    "linear_num_key_heads": 2, "linear_num_value_heads": 4,
}  # fmt: skip

HYBRIDS = (
    TinyFamily("qwen3.5", "Qwen3_5TextConfig", _QWEN, options=_DELTA_NET),
    TinyFamily(
        "qwen3-next", "Qwen3NextConfig", _QWEN,
        options=_DELTA_NET | {
            "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16,
            "shared_expert_intermediate_size": 16,
        },
    ),
    TinyFamily(
        "granite4", "GraniteMoeHybridConfig", _PIPES,
        options=_MAMBA2 | {
            "num_hidden_layers": 3, "layer_types": ["mamba", "attention", "mamba"],
            "shared_intermediate_size": 48, "num_local_experts": 0,
        },
    ),
    TinyFamily("falcon-h1", "FalconH1Config", _PIPES, options=_MAMBA2 | {"mamba_d_ssm": 64}),
    TinyFamily(
        "lfm2", "Lfm2Config", _PIPES,
        options={"num_hidden_layers": 3, "layer_types": ["conv", "full_attention", "conv"]},
    ),
)  # fmt: skip
"""Families with a recurrent state in some layers."""

SLIDING = (
    TinyFamily("gemma2", "Gemma2Config", _PIPES, options={"sliding_window": 16}),
    TinyFamily(
        "gemma3", "Gemma3TextConfig", _PIPES,
        options={"sliding_window": 16, "layer_types": ["sliding_attention", "full_attention"]},
    ),
)  # fmt: skip
"""Families with sliding windows in some layers; Mistral, above, has them in all."""


def build_tokenizer(
    family: TinyFamily, merges: Sequence[str] = ()
) -> transformers.PreTrainedTokenizerFast:
    """A token per byte, the family's control tokens, and merges where tokens are byte-level."""
    tokenizer = _sentencepiece_like() if family.is_sentencepiece else _byte_level(merges)
    # As in Qwen's tokenizer, infilling tokens are "added" but not "special".
    tokenizer.add_tokens([AddedToken(t, special=False) for t in family.special_tokens])
    ends = [token for token in (family.bos, family.eos) if token]
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in ends])
    if family.bos:
        bos_id = tokenizer.token_to_id(family.bos)
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{family.bos} $A", special_tokens=[(family.bos, bos_id)]
        )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=family.bos, eos_token=family.eos
    )


def _byte_level(merges: Sequence[str]) -> Tokenizer:
    pairs = [tuple(merge.split(" ")) for merge in merges]
    tokens = [*sorted(pre_tokenizers.ByteLevel.alphabet()), *map("".join, pairs)]
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, pairs))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def _sentencepiece_like() -> Tokenizer:
    """Like Llama's: a blank goes before every text and is stripped from every decoded one."""
    letters = ["<unk>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁", *map(chr, range(33, 127))]
    vocabulary = {letter: i for i, letter in enumerate(letters)}
    tokenizer = Tokenizer(models.BPE(vocabulary, [], unk_token="<unk>", byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    return tokenizer


def build_model(family: TinyFamily, vocabulary: int, seed: int = 0, spread: float = 0.5) -> Any:
    """Random weights in the family's architecture, with a standard deviation of `spread`."""
    torch.manual_seed(seed)
    small = {
        "vocab_size": vocabulary, "hidden_size": 32, "intermediate_size": 48,
        "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8,
        "max_position_embeddings": CONTEXT_TOKENS, "n_positions": CONTEXT_TOKENS,
        "bos_token_id": None, "eos_token_id": None, "pad_token_id": None,
        # The default is large enough that the likeliest token is clear and outputs vary.
        "initializer_range": spread,
    }  # fmt: skip
    config = getattr(transformers, family.config)(**small | family.options)
    model = transformers.AutoModelForCausalLM.from_config(config)
    model.generation_config = transformers.GenerationConfig(eos_token_id=None)
    return model.eval()


def save_family(family: TinyFamily, parent: Path) -> Path:
    """A folder that `model = FOLDER` can load."""
    folder = parent / family.folder
    tokenizer = build_tokenizer(family)
    tokenizer.save_pretrained(folder)
    build_model(family, len(tokenizer)).save_pretrained(folder)
    return folder


def ids_of(tokenizer: Any, parts: Sequence[str]) -> list[int]:
    """Ids of control tokens, for documented layouts."""
    return [tokenizer.convert_tokens_to_ids(part) for part in parts]
