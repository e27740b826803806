"""The tokenizer: byte-level BPE with pre-tokenization for code, and control tokens for infilling.

Indentation is one piece with the line end before it; digits are single; a blank belongs to the word
after it. Encoding is lossless, as every byte has a token.
"""

import copy
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from assist_server.errors import InputError

END = "<|endoftext|>"
FIM_PREFIX, FIM_MIDDLE, FIM_SUFFIX = "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>"
PAD = "<|fim_pad|>"
FILE = "<|file_sep|>"
CONTROL_TOKENS = (END, FIM_PREFIX, FIM_MIDDLE, FIM_SUFFIX, PAD, "<|repo_name|>", FILE)
"""The control tokens of the template `assist`, in the order of their ids, which are the first."""

_PIECES = r"\n+[ ]*|[ ]{2,}(?=\S)|\d|[ ]?[A-Za-z_]+|[ ]?[^\sA-Za-z_\d]+|\s+"
_INDENT_STEPS = range(4, 33, 4)

_SYNONYMS: Mapping[str, str] = {"<|file_sep|>": "<file_sep>", "<|repo_name|>": "<repo_name>"}
"""Equivalent tokens of the StarCoder corpus, on which SmolLM2 was trained."""

_UNUSED = re.compile(
    r"<\|reserved_special_token_\d+\|>|<(reponame|filename|gh_stars|empty_output)>"
    r"|<(issue|jupyter|commit)_\w+>"
)
"""Tokens with rows in the embedding that neither chat nor text uses: Llama 3's reserved tokens, and
the StarCoder corpus' marks of issues, notebooks and commits."""


def indentations() -> list[str]:
    """Return line ends with the usual indentations, which are tokens for any corpus."""
    return ["\n" + " " * width for width in _INDENT_STEPS]


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> Tokenizer:
    """Train a tokenizer with `vocabulary` tokens at most, the control tokens first."""
    tokenizer = Tokenizer(models.BPE())
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(_PIECES), "isolated"), byte_level]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        min_frequency=2,
        special_tokens=[AddedToken(token, special=True) for token in CONTROL_TOKENS],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_with_indentations(texts), trainer)
    return _as_plain_text(tokenizer)


def _with_indentations(texts: Iterable[str]) -> Iterable[str]:
    # Merges are learned by frequency, so the indentations must occur often.
    yield from ["x".join(indentations()) * 1_000]
    yield from texts


def _as_plain_text(tokenizer: Tokenizer) -> Tokenizer:
    """Set the tokenizer to encode control tokens spelled in a text as text, and return it."""
    tokenizer.encode_special_tokens = True
    return tokenizer


def control_ids(tokenizer: Tokenizer) -> dict[str, int]:
    """Return the ids of the control tokens.

    Raises:
        InputError: the tokenizer does not have all of them.
    """
    found = {token: tokenizer.token_to_id(token) for token in CONTROL_TOKENS}
    missing = [token for token, token_id in found.items() if token_id is None]
    if missing:
        raise InputError(f"the tokenizer has no {missing[0]!r}; train a new one")
    return {token: token_id for token, token_id in found.items() if token_id is not None}


def save_tokenizer(tokenizer: Tokenizer, folder: Path, context_tokens: int) -> None:
    """Write a tokenizer in the format of AutoTokenizer."""
    wrapped: Any = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        eos_token=END,
        pad_token=PAD,
        additional_special_tokens=[t for t in CONTROL_TOKENS if t not in {END, PAD}],
        model_max_length=context_tokens,
        clean_up_tokenization_spaces=False,
    )
    wrapped.save_pretrained(folder)


def read_tokenizer(folder: Path) -> Tokenizer:
    """Return the tokenizer of a model's folder, for training."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    return _as_plain_text(tokenizer)


def add_control_tokens(tokenizer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of a `tokenizer.json` with all control tokens and a token for each byte.

    Unused control tokens are renamed, so that their rows in the embedding are used; the others get
    new ids.

    Args:
        tokenizer: The original content, which is not changed.

    Raises:
        InputError: the tokenizer is not byte-level.
    """
    if "'ByteLevel'" not in str(tokenizer["pre_tokenizer"]):
        raise InputError("--from names a model whose tokenizer is not byte-level; use `finetune`")
    found = copy.deepcopy(dict(tokenizer))
    missing = [token for token in CONTROL_TOKENS if token not in _names(found)]
    for token in missing:
        old = _SYNONYMS.get(token)
        unused = (name for name in _names(found) if _UNUSED.fullmatch(name))
        name = old if old in _names(found) else next(unused, None)
        if name is None:
            _append(found, token)
        else:
            _rename(found, name, token)
    _add_bytes(found)
    return found


def _names(tokenizer: Mapping[str, Any]) -> list[str]:
    return [token["content"] for token in tokenizer["added_tokens"]]


def _rename(tokenizer: dict[str, Any], old: str, new: str) -> None:
    for token in tokenizer["added_tokens"]:
        if token["content"] == old:
            token["content"] = new
    vocabulary = tokenizer["model"]["vocab"]
    if old in vocabulary:
        renamed = {new if name == old else name: number for name, number in vocabulary.items()}
        tokenizer["model"]["vocab"] = renamed


def _append(tokenizer: dict[str, Any], name: str) -> None:
    token = {
        "id": _next_id(tokenizer),
        "content": name,
        "single_word": False,
        "lstrip": False,
        "rstrip": False,
        "normalized": False,
        "special": True,
    }
    tokenizer["added_tokens"].append(token)


def _next_id(tokenizer: Mapping[str, Any]) -> int:
    taken = [token["id"] for token in tokenizer["added_tokens"]]
    return 1 + int(max([*taken, *tokenizer["model"]["vocab"].values()]))


def _add_bytes(tokenizer: dict[str, Any]) -> None:
    """Add the missing bytes of the alphabet, as bytes without a token would be dropped."""
    vocabulary = tokenizer["model"]["vocab"]
    for letter in sorted(pre_tokenizers.ByteLevel.alphabet()):
        if letter not in vocabulary:
            vocabulary[letter] = _next_id(tokenizer)
