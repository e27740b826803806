"""The bytes that each token of a vocabulary stands for, read off the tokens' spelling.

Decoding token by token would not do: half a character decodes to a replacement character.
"""

import json
import re
from typing import Any

_SENTENCEPIECE_BYTE = re.compile(r"<0x([0-9A-F]{2})>")
_NO_LETTER = "\uffff"


def read_token_bytes(backend: Any) -> list[bytes]:
    """The bytes of every id, of control tokens too.

    Right for byte-level tokenizers and those of SentencePiece's kind, of the `tokenizers` library.
    For any other the bytes mean nothing: compare them with what it encodes.
    """
    read = _byte_level_bytes if "ByteLevel" in _decoder_types(backend) else _sentencepiece_bytes
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
    """GPT-2's alphabet: a letter for each byte, here from the letter to the byte as Latin-1.

    Source: Radford et al., "Language Models are Unsupervised Multitask Learners" (2019), its code.
    """
    own = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in own]
    # Characters that are no letter of the alphabet are made to fail as Latin-1.
    table = dict.fromkeys(others, _NO_LETTER) | {byte: chr(byte) for byte in own}
    return table | {256 + index: chr(byte) for index, byte in enumerate(others)}


_BYTE_LEVEL_LETTERS = _byte_level_letters()


def _byte_level_bytes(token: str) -> bytes:
    if token.isascii():
        return token.encode()
    try:
        return token.translate(_BYTE_LEVEL_LETTERS).encode("latin-1")
    except UnicodeEncodeError:
        return token.encode()  # an added token, spelled as it reads


def _sentencepiece_bytes(token: str) -> bytes:
    byte = _SENTENCEPIECE_BYTE.fullmatch(token)
    return bytes.fromhex(byte[1]) if byte else token.replace("\u2581", " ").encode()
