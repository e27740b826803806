"""How a model's conversations are written, as token ids around a request and its answer."""

from collections.abc import Sequence
from pathlib import Path

from transformers import AutoTokenizer

from assist_server.engine.tokens.codec import TokenCodec
from assist_server.errors import InputError
from assist_server.training.examples.rendering import ChatFormat

_MARK = "\ue000"
"""Stands for the request while the format is read; a character that no format has."""


def read_chat_format(folder: Path) -> ChatFormat:
    """Return the format of the tokenizer in a model's folder.

    Raises:
        InputError: it has none.
    """
    tokenizer = AutoTokenizer.from_pretrained(folder)
    codec = TokenCodec(tokenizer)
    end_id = tokenizer.eos_token_id
    if not codec.has_chat_template or end_id is None:
        raise InputError("--answers needs a model with a chat format; leave it out, or name one")
    ids = codec.encode_chat([{"role": "user", "content": _MARK}])
    before, between = _parted(ids, codec.encode(_MARK))
    return ChatFormat(before, between, end_id)


def _parted(ids: Sequence[int], mark: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    size = len(mark)
    at = next(n for n in range(len(ids)) if list(ids[n : n + size]) == list(mark))
    return tuple(ids[:at]), tuple(ids[at + size :])
