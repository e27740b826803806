"""The tokenizer: byte-level BPE whose pieces follow the shape of code.

Indentation is one piece with the line end before it; digits stand alone; a blank belongs to the
word behind it. Every text comes back unchanged, because every byte has a token.
"""

from collections.abc import Iterable
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
"""In the order of their ids, which are the first ones; those of the template `assist`."""

_PIECES = r"\n+[ ]*|[ ]{2,}(?=\S)|\d|[ ]?[A-Za-z_]+|[ ]?[^\sA-Za-z_\d]+|\s+"
_INDENT_STEPS = range(4, 33, 4)


def indentations() -> list[str]:
    """Line ends with the usual indentations; they are tokens whatever the corpus is."""
    return ["\n" + " " * width for width in _INDENT_STEPS]


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> Tokenizer:
    """A tokenizer with `vocabulary` tokens at most, the control tokens first."""
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
    return as_plain_text(tokenizer)


def _with_indentations(texts: Iterable[str]) -> Iterable[str]:
    # Merges are learned by frequency: what must be a token has to occur often.
    yield from ["x".join(indentations()) * 1_000]
    yield from texts


def as_plain_text(tokenizer: Tokenizer) -> Tokenizer:
    """The tokenizer such that control tokens spelled in a text stay text."""
    tokenizer.encode_special_tokens = True
    return tokenizer


def control_ids(tokenizer: Tokenizer) -> dict[str, int]:
    """The ids of our control tokens.

    Raises:
        InputError: the tokenizer has not got all of them.
    """
    found = {token: tokenizer.token_to_id(token) for token in CONTROL_TOKENS}
    missing = [token for token, token_id in found.items() if token_id is None]
    if missing:
        raise InputError(f"the tokenizer has no {missing[0]!r}; train a new one")
    return {token: token_id for token, token_id in found.items() if token_id is not None}


def save_tokenizer(tokenizer: Tokenizer, folder: Path, context_tokens: int) -> None:
    """Write the files from which AutoTokenizer reads it."""
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
    """The tokenizer of a model's folder, as it is needed for training."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    return as_plain_text(tokenizer)
