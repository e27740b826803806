"""The tokenizer of a GGUF file."""

from collections.abc import Mapping
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast
from transformers.integrations.gguf.gguf_tokenizer_mapping import (
    GGUF_PRE_TOKENIZER_SPLITS,
    GGUF_TOKENIZER_MAPPING,
    convert_gguf_tokenizer,
)

from assist_server.engine.loading.gguf.header import Header
from assist_server.errors import ModelError

_KEYS = "tokenizer.ggml."
_CONTROL, _USER_DEFINED = 3, 4
"""Types of tokens: those that are never text, and those that are not divided."""
_MEANINGS = frozenset(
    {"bos", "eos", "eot", "eom", "prefix", "middle", "suffix"}
    | {f"fim_{part}" for part in ("pre", "mid", "suf", "pad", "rep", "sep")}
)
"""Of the ids in the metadata, those of control tokens; padding may be any token, such as `!`."""
_SPLIT_BY_WORDS = frozenset({"", "default", "gpt-2"})
_SPLIT_BY_DIGITS = frozenset(
    {"smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b"}
)
"""GPT-2's rule, and each digit alone. Source: llama.cpp's `llama-vocab.cpp`."""
_DEEPSEEK_CODER: tuple[str, ...] = (
    r"[\r\n]",
    r"\s?\p{L}+",
    r"\s?\p{P}+",
    "[\N{CJK UNIFIED IDEOGRAPH-4E00}-\N{CJK UNIFIED IDEOGRAPH-9FA5}\u0800-\u4e00\uac00-\ud7ff]+",
    r"\p{N}",
)
"""Source: as above, and the `tokenizer.json` of DeepSeek-Coder."""
_BOS_UNLESS_SAID = frozenset({"llama3", "llama-v3", "llama-bpe", "falcon3", "deepseek-coder"})


def read_tokenizer(header: Header) -> Any:
    """Return the tokenizer of a file, with its control tokens and chat template.

    Raises:
        ModelError: it is of an unknown kind, or its tokens are not all there.
    """
    values = {
        key.removeprefix(_KEYS): value
        for key, value in header.metadata.items()
        if key.startswith(_KEYS)
    }
    tokens = values.get("tokens")
    if not isinstance(tokens, list) or not tokens or not isinstance(tokens[0], str):
        raise ModelError(f"{str(header.file)!r} has no tokenizer; choose a file that has one")
    kind = values.get("model")
    if kind == "gpt2":
        built = _byte_level(header, tokens, values)
    elif kind == "llama":
        built = _sentencepiece(header, values)
    else:
        raise ModelError(
            f"{str(header.file)!r} has a tokenizer of the kind {str(kind)[:80]!r}; supported are "
            "'gpt2' and 'llama'"
        )
    _add_tokens(built, tokens, values)
    named = {
        f"{name}_token": tokens[token_id]
        for name in ("bos", "eos")
        if (token_id := _token_id(values, name, len(tokens))) is not None
    }
    has_bos = values.get("add_bos_token", kind == "llama" or values.get("pre") in _BOS_UNLESS_SAID)
    if has_bos and "bos_token" in named:
        bos = named["bos_token"]
        built.post_processor = processors.TemplateProcessing(
            single=f"{bos} $A", special_tokens=[(bos, built.token_to_id(bos))]
        )
    make: Any = PreTrainedTokenizerFast
    return make(tokenizer_object=built, chat_template=_chat_template(header), **named)


def end_ids(header: Header) -> list[int]:
    """Return the ids after which a model has nothing to say: of a text, and of an answer."""
    count = len(header.metadata.get(f"{_KEYS}tokens", ()))
    values = {key.removeprefix(_KEYS): value for key, value in header.metadata.items()}
    found = (_token_id(values, key, count) for key in ("eos", "eot"))
    return sorted({token_id for token_id in found if token_id is not None})


def _byte_level(header: Header, tokens: list[str], values: Mapping[str, Any]) -> Tokenizer:
    merges = values.get("merges")
    if not isinstance(merges, list):
        raise ModelError(
            f"{str(header.file)!r} has a tokenizer without merges; choose another file"
        )
    vocabulary = {token: token_id for token_id, token in enumerate(tokens)}
    pairs = [(first, second) for first, _, second in (merge.partition(" ") for merge in merges)]
    tokenizer = Tokenizer(models.BPE(vocabulary, pairs))
    tokenizer.pre_tokenizer = _pre_tokenizer(header, str(values.get("pre", "")))
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def _pre_tokenizer(header: Header, name: str) -> Any:
    """Return what divides a text into words, within which tokens are merged."""
    words = pre_tokenizers.ByteLevel(add_prefix_space=False)
    letters = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    if name in _SPLIT_BY_WORDS:
        return words
    if name in _SPLIT_BY_DIGITS:
        return pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), words])
    if name == "deepseek-coder":
        rules = _DEEPSEEK_CODER
    elif name in GGUF_PRE_TOKENIZER_SPLITS:
        rules = (GGUF_PRE_TOKENIZER_SPLITS[name],)
    else:
        raise ModelError(
            f"{str(header.file)!r} has a tokenizer that divides words by the unknown rule "
            f"{name[:80]!r}; choose another model"
        )
    splits = [pre_tokenizers.Split(Regex(rule), behavior="isolated") for rule in rules]
    return pre_tokenizers.Sequence([*splits, letters])


def _sentencepiece(header: Header, values: Mapping[str, Any]) -> Tokenizer:
    """Return Llama's or Gemma's tokenizer, which transformers builds."""
    renames = GGUF_TOKENIZER_MAPPING["tokenizer"]
    known = {
        name: values[key.removeprefix("ggml.")]
        for key, name in renames.items()
        if key.removeprefix("ggml.") in values
    }
    built, _ = convert_gguf_tokenizer(header.architecture, known)
    return built


def _add_tokens(tokenizer: Tokenizer, tokens: list[str], values: Mapping[str, Any]) -> None:
    """Make tokens undivided that the file marks, by their types or as ids with a meaning."""
    types = values.get("token_type")
    if not isinstance(types, list):
        types = []
    found = (_token_id(values, name, len(tokens)) for name in _MEANINGS)
    named = {token_id for token_id in found if token_id is not None}
    special = {index for index, kind in enumerate(types) if kind == _CONTROL} | named
    plain = {index for index, kind in enumerate(types) if kind == _USER_DEFINED} - special
    for indexes, is_special in ((special, True), (plain, False)):
        tokenizer.add_tokens(
            [
                AddedToken(tokens[index], normalized=False, special=is_special)
                for index in sorted(indexes)
                if index < len(tokens) and tokenizer.token_to_id(tokens[index]) == index
            ]
        )


def _token_id(values: Mapping[str, Any], name: str, count: int) -> int | None:
    """Return the id of a token that the metadata names; None if there is none."""
    token_id = values.get(f"{name}_token_id")
    return token_id if isinstance(token_id, int) and 0 <= token_id < count else None


def _chat_template(header: Header) -> str | None:
    found = header.metadata.get("tokenizer.chat_template")
    return found if isinstance(found, str) else None
