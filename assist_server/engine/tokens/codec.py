"""Conversion between text and token ids, and the bytes of each token.

Two pitfalls of Hugging Face tokenizers are avoided. Control tokens spelled in a user's text would
become control tokens: Qwen's infilling tokens even with `split_special_tokens`, as they are "added"
but not "special". And SentencePiece tokenizers put a blank before the text that they encode and
drop it from the text that they decode, which is wrong in the middle of a document.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from assist_server.engine.tokens.chat_template import ChatTemplate
from assist_server.engine.tokens.line_cache import LineEncoder
from assist_server.errors import ModelError

_ANCHOR = "\n"

_SAMPLE = (
    "def Überfall(x1, *_):\n\t  return x1 != '\N{SNAKE}\N{CJK UNIFIED IDEOGRAPH-6F22}'  # No.\r\n"
)
"""A sample of the kinds of characters in code."""

_INCOMPLETE = "\N{REPLACEMENT CHARACTER}"

_SENTENCEPIECE_BYTE = re.compile(r"<0x([0-9A-F]{2})>")
_NO_LETTER = "\uffff"


class TokenCodec:
    """Encoding and decoding with one tokenizer; callable from any thread."""

    def __init__(self, tokenizer: Any) -> None:
        """Wrap a transformers tokenizer of the `tokenizers` library.

        Raises:
            ModelError: the tokenizer is of another kind.
        """
        backend = getattr(tokenizer, "backend_tokenizer", None)
        if backend is None:
            raise ModelError(
                "the model's tokenizer has no tokenizer.json; choose a model that has one"
            )
        self._tokenizer = tokenizer
        self._backend = backend
        # Before the flag below, which calling the tokenizer resets.
        self.bos_id = _bos_id(tokenizer)
        backend.no_truncation()
        backend.no_padding()
        backend.encode_special_tokens = True  # it means "encode them as text"
        added = backend.get_added_tokens_decoder()
        self.special_ids: Mapping[str, int] = {
            token.content: token_id for token_id, token in added.items() if token.content.strip()
        }
        self.end_ids = frozenset(token_id for token_id, token in added.items() if token.special)
        self._control_ids = frozenset(self.special_ids.values())
        longest_first = sorted(self.special_ids, key=len, reverse=True)
        self._special = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")
        self._anchor_ids = self._encode_piece(_ANCHOR)
        self._needs_anchor = self._encode_piece(_ANCHOR + "a") != [
            *self._anchor_ids,
            *self._encode_piece("a"),
        ]
        self._lines = LineEncoder(self._encode_text, _pre_tokenization(backend))

    def encode(self, text: str, client: str = "") -> list[int]:
        """Return the ids of `text`, without control tokens or other additions."""
        return self._lines.encode(text, client)

    def _encode_text(self, text: str) -> list[int]:
        ids: list[int] = []
        start = 0
        for match in self._special.finditer(text):
            # Cut after the first character: no part of a control token is one.
            ids += self._encode_within(text[start : match.start() + 1])
            start = match.start() + 1
        ids += self._encode_within(text[start:])
        if self._control_ids.isdisjoint(ids):
            return ids
        # Some tokens match the normalized text, in which " <PRE>" may be "▁<PRE>".
        return [token_id for character in text for token_id in self._encode_within(character)]

    def encode_template(self, text: str) -> list[int]:
        """Return the ids of a trusted template, with its control tokens."""
        ids: list[int] = []
        start = 0
        for match in self._special.finditer(text):
            ids += self._encode_within(text[start : match.start()])
            ids.append(self.special_ids[match.group()])
            start = match.end()
        return ids + self._encode_within(text[start:])

    def encode_chat(self, messages: Sequence[Mapping[str, str]], client: str = "") -> list[int]:
        """Return the ids of a conversation in the tokenizer's chat format.

        Raises:
            ModelError: the tokenizer has no chat format.
        """
        if not self.has_chat_template:
            raise ModelError("this model has no chat format; choose an instruction-tuned model")
        # Private-use characters replace the contents in the template, so that the contents are
        # encoded separately from the template's control tokens.
        marked = [f"\ue000{i}\ue001" for i in range(len(messages))]
        rendered = self._chat_template.render([m["role"] for m in messages], marked)
        ids: list[int] = []
        for piece in re.split("(\ue000\\d+\ue001)", rendered):
            if piece.startswith("\ue000"):
                ids += self.encode(messages[int(piece[1:-1])]["content"], client)
            else:
                ids += self.encode_template(piece)
        return ids

    @cached_property
    def _chat_template(self) -> ChatTemplate:
        try:
            source = self._tokenizer.get_chat_template()
        except ValueError as error:  # several templates without a default
            raise ModelError(f"the model's chat format cannot be used: {error}") from error
        return ChatTemplate(source, dict(self._tokenizer.special_tokens_map))

    @property
    def has_chat_template(self) -> bool:
        """Return whether the tokenizer has a chat template."""
        return getattr(self._tokenizer, "chat_template", None) is not None

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of `ids` as it follows other text, without control tokens."""
        anchored: str = self._backend.decode([*self._anchor_ids, *ids], skip_special_tokens=True)
        return anchored.removeprefix(_ANCHOR)

    def decode_prompt(self, ids: Sequence[int]) -> str:
        """Return the text of a prompt with its control tokens."""
        text: str = self._backend.decode(ids, skip_special_tokens=False)
        return text

    def token_bytes(self) -> list[bytes]:
        """Return the bytes that each id adds to a text: none for control and unknown tokens.

        All are empty if the bytes of an encoded sample are not the sample, as with tokenizers that
        normalize the text.
        """
        spelled = read_token_bytes(self._backend)
        if b"".join(spelled[token_id] for token_id in self.encode(_SAMPLE)) != _SAMPLE.encode():
            return [b""] * len(spelled)
        unknown = getattr(self._backend.model, "unk_token", None)
        unknown_ids = {self._backend.token_to_id(unknown)} if unknown else set()
        for token_id in self._control_ids | self.end_ids | unknown_ids:
            spelled[token_id] = b""
        return spelled

    def _encode_within(self, text: str) -> list[int]:
        """Return the ids of text inside a document, without the blank of a text's start."""
        if not text or not self._needs_anchor:
            return self._encode_piece(text)
        anchored = self._encode_piece(_ANCHOR + text)
        count = len(self._anchor_ids)
        if anchored[:count] == self._anchor_ids:
            return anchored[count:]
        return self._encode_piece(text)  # the anchor was merged: the tokenizer adds no blank

    def _encode_piece(self, text: str) -> list[int]:
        # A lone surrogate has no UTF-8.
        readable = text.encode("utf-8", "replace").decode("utf-8")
        ids: list[int] = self._backend.encode(readable, add_special_tokens=False).ids
        return ids


def _pre_tokenization(backend: Any) -> Callable[[str], list[str]] | None:
    """Return a tokenizer's pre-tokenization as a function; None if it has none."""
    normalizer, pre_tokenizer = backend.normalizer, backend.pre_tokenizer
    if pre_tokenizer is None:
        return None

    def pre_tokenize(text: str) -> list[str]:
        normalized = normalizer.normalize_str(text) if normalizer else text
        return [piece for piece, _ in pre_tokenizer.pre_tokenize_str(normalized)]

    return pre_tokenize


def _bos_id(tokenizer: Any) -> int | None:
    """Return the token that the tokenizer puts before every text; None if there is none."""
    first = tokenizer("a").input_ids[:1]
    bos: int | None = tokenizer.bos_token_id
    return bos if bos is not None and first == [bos] else None


class StreamingDetokenizer:
    """Streaming conversion of ids to text, in whole characters.

    Only the ids since the last complete character boundary but one are decoded again, so the cost
    of a token does not grow with the text.
    """

    def __init__(self, decode: Callable[[Sequence[int]], str]) -> None:
        self._decode = decode
        self._ids: list[int] = []
        self._context_start = 0
        self._pending_start = 0

    def push(self, token_id: int) -> str:
        """Add a token; return the characters that it completes, possibly none."""
        self._ids.append(token_id)
        known = self._decode(self._ids[self._context_start : self._pending_start])
        text = self._decode(self._ids[self._context_start :])
        if text.endswith(_INCOMPLETE) or len(text) <= len(known):
            return ""
        self._context_start, self._pending_start = self._pending_start, len(self._ids)
        return text[len(known) :]


def read_token_bytes(backend: Any) -> list[bytes]:
    """Return the bytes of every id, control tokens included, from the tokens' spelling.

    Decoding token by token would fail, as half a character decodes to a replacement character. The
    result is right for byte-level and SentencePiece tokenizers of the `tokenizers` library only:
    the caller must compare it with an encoded text.
    """
    read = byte_level_bytes if "ByteLevel" in _decoder_types(backend) else sentencepiece_bytes
    vocabulary: dict[str, int] = backend.get_vocab()
    spelled = [b""] * (max(vocabulary.values(), default=-1) + 1)  # ids may have gaps
    for token, token_id in vocabulary.items():
        spelled[token_id] = read(token)
    return spelled


def _decoder_types(backend: Any) -> set[str]:
    if backend.decoder is None:
        return set()
    state = json.loads(backend.decoder.__getstate__())
    return {decoder["type"] for decoder in (state, *state.get("decoders", ()))}


def _byte_level_letters() -> dict[int, str]:
    """Return GPT-2's byte alphabet as a mapping from letter to byte, as a Latin-1 character.

    Source: Radford et al., "Language Models are Unsupervised Multitask Learners" (2019), its code.
    """
    own = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in own]
    # Other characters map to one that has no Latin-1 encoding.
    table = dict.fromkeys(others, _NO_LETTER) | {byte: chr(byte) for byte in own}
    return table | {256 + index: chr(byte) for index, byte in enumerate(others)}


_BYTE_LEVEL_LETTERS = _byte_level_letters()


def byte_level_bytes(token: str) -> bytes:
    """Return the bytes of a token in the spelling of byte-level vocabularies."""
    if token.isascii():
        return token.encode()
    try:
        return token.translate(_BYTE_LEVEL_LETTERS).encode("latin-1")
    except UnicodeEncodeError:
        return token.encode()  # an added token, spelled literally


def sentencepiece_bytes(token: str) -> bytes:
    """Return the bytes of a token in the spelling of SentencePiece vocabularies."""
    byte = _SENTENCEPIECE_BYTE.fullmatch(token)
    return bytes.fromhex(byte[1]) if byte else token.replace("\u2581", " ").encode()
