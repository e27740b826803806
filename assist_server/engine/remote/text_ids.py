"""Ids for servers that take texts: each is a few characters, or marks the beginning of a part.

Everywhere in this package, prompts are ids within a budget. So texts become ids here that stand for
about as much as a model's tokens do, and become texts again when they are sent. An id contains its
characters, so there is no vocabulary to keep, and no text has the id of a mark.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PREFIX, SUFFIX = "<|server_prefix|>", "<|server_suffix|>"
"""Marks of a prompt to infill, as in the template of this name in `prompts/fim`."""
TEMPLATE = "server"
END = "<|server_end|>"
"""A mark that stands for nothing; a prompt of it alone is empty."""
_ROLES = ("system", "user", "assistant")
MARKS: Mapping[str, int] = {
    mark: number
    for number, mark in enumerate((PREFIX, SUFFIX, END, *(f"<|{role}|>" for role in _ROLES)))
}
_NAMES = {number: mark for mark, number in MARKS.items()}

_PIECE = re.compile(r" ?[A-Za-z0-9_]{1,5}|\n[ \t]*|[ \t]{1,8}|.", re.DOTALL)
"""About a token of code; other letters one by one, as they take more tokens."""


@dataclass(frozen=True)
class Part:
    """A part of a prompt."""

    mark: str
    """The mark before it; empty for text without one."""
    text: str


def encode(text: str) -> list[int]:
    """Return the ids of a text."""
    return [id_of(piece) for piece in _PIECE.findall(text)]


def id_of(piece: str) -> int:
    """Return one id for a piece of text of any length."""
    return int.from_bytes(b"\x01" + piece.encode("utf-8", "replace"), "big")


def encode_chat(messages: Sequence[Mapping[str, str]]) -> list[int]:
    """Return the ids of a conversation."""
    ids: list[int] = []
    for message in messages:
        ids += [MARKS[f"<|{message['role']}|>"], *encode(message["content"])]
    return ids


def decode(ids: Sequence[int]) -> str:
    """Return a prompt with its marks, to be read."""
    return "".join(part.mark + part.text for part in parts_of(ids))


def parts_of(ids: Sequence[int]) -> list[Part]:
    """Return the parts of a prompt."""
    parts, mark, text = [], "", b""
    for each in (*ids, MARKS[END]):
        if each in _NAMES:
            if mark or text:
                parts.append(Part(mark, text.decode()))
            mark, text = _NAMES[each], b""
        else:
            text += each.to_bytes((each.bit_length() + 7) // 8, "big")[1:]
    return parts


def role_of(part: Part) -> str:
    """Return the role of a message; empty if a part is none."""
    role = part.mark.removeprefix("<|").removesuffix("|>")
    return role if role in _ROLES else ""
