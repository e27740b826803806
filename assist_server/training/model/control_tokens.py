"""Control tokens for infilling in a tokenizer that was made without them.

Unused control tokens of the tokenizer are renamed, so that rows of the embedding that exist are
used; what is left over gets new ids.
"""

import copy
import re
from collections.abc import Mapping
from typing import Any

from tokenizers import pre_tokenizers

from assist_server.errors import InputError
from assist_server.training.model.tokenizer import CONTROL_TOKENS

_SYNONYMS: Mapping[str, str] = {"<|file_sep|>": "<file_sep>", "<|repo_name|>": "<repo_name>"}
"""Tokens of the StarCoder corpus, which SmolLM2 was trained with, that mean the same."""

_UNUSED = re.compile(
    r"<\|reserved_special_token_\d+\|>|<(reponame|filename|gh_stars|empty_output)>"
    r"|<(issue|jupyter|commit)_\w+>"
)
"""Tokens that a model has rows for, and that neither chat nor text uses: Llama 3's reserve, and the
StarCoder corpus' marks of issues, notebooks and commits."""


def with_control_tokens(tokenizer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of a `tokenizer.json` with our control tokens and a token for each byte.

    Args:
        tokenizer: As it was read; it is not changed.

    Raises:
        InputError: the tokenizer does not spell text in bytes.
    """
    if "'ByteLevel'" not in str(tokenizer["pre_tokenizer"]):
        raise InputError(
            "--from names a model whose tokenizer is not byte-level, as Llama 2's; use `finetune`"
        )
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
    """Complete the alphabet: bytes without a token would be dropped."""
    vocabulary = tokenizer["model"]["vocab"]
    for letter in sorted(pre_tokenizers.ByteLevel.alphabet()):
        if letter not in vocabulary:
            vocabulary[letter] = _next_id(tokenizer)
