"""The vocabulary of a model on a llama-server, asked for with few requests.

The server tokenizes a list of texts and ids at once. A control token between the texts shows where
the ids of each end, as text never becomes one.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from assist_server.engine.remote.connection import Json, ServerConnection
from assist_server.engine.remote.control_tokens import CONTROL_TOKENS
from assist_server.engine.remote.failures import unreadable
from assist_server.engine.remote.token_cache import TokenCache
from assist_server.engine.tokens.line_cache import find_cut

_ANCHOR = "\n"
_LONGEST_MS = 5000
"""A server encodes in milliseconds, even while it generates; a completion waits for it."""


class LlamaTokens:
    """Encoding by a llama-server; callable from any thread."""

    def __init__(
        self, connection: ServerConnection, named: Mapping[str, str], properties: Json
    ) -> None:
        """Search the vocabulary for control tokens, and find out how it may be cached.

        Args:
            connection: To the server.
            named: What names the model in a request.
            properties: What the server says about itself.

        Raises:
            ModelError: the server does not answer as it should.
        """
        self._connection = connection
        self._named = named
        self._bytes: dict[int, bytes] = {}
        end = str(properties.get("eos_token") or "")
        found = self._ask([end], is_trusted=True)
        if len(found) != 1:
            raise unreadable(connection.address)
        [(self.end_id, _)] = found
        """Ends a text; between texts, it separates them."""
        self.control_ids: Mapping[str, int] = {
            token: ids[0]
            for token, ids in self._find([*{*CONTROL_TOKENS} - {end}])
            if len(ids) == 1
        } | {end: self.end_id}
        self._spelled = re.compile("|".join(map(re.escape, self.control_ids)))
        self.bos_id = self._find_bos()
        self._anchor_ids: tuple[int, ...] = ()
        [anchor], [both], [alone] = map(self._plain, ([_ANCHOR], [f"{_ANCHOR}a"], ["a"]))
        if both != anchor + alone:  # such tokenizers put a blank before a text
            self._anchor_ids = anchor
        cut = find_cut(lambda texts: [each for ids in self._encode_each(texts) for each in ids])
        self._cache = TokenCache(self._encode_each, cut)

    def encode(self, text: str, client: str) -> list[int]:
        """Return the ids of a text; control tokens spelled in it stay text."""
        # A lone surrogate has no UTF-8.
        return self._cache.encode(text.encode("utf-8", "replace").decode(), client)

    def encode_trusted(self, text: str) -> list[int]:
        """Return the ids of a part of a template, with its control tokens."""
        return [token_id for token_id, _ in self._ask([text], is_trusted=True)]

    def bytes_of(self, token_id: int) -> bytes:
        """Return the bytes of a token that was seen in a text; empty for others."""
        return self._bytes.get(token_id, b"")

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of ids that were seen, with control tokens."""
        spelled = {token_id: token.encode() for token, token_id in self.control_ids.items()}
        return b"".join(spelled.get(each) or self.bytes_of(each) for each in ids).decode(
            errors="replace"
        )

    def _encode_each(self, texts: Sequence[str]) -> list[tuple[int, ...]]:
        """Return the ids of each text, with one request."""
        cut = [list(self._without_control_tokens(text)) for text in texts]
        found = iter(self._plain([part for parts in cut for part in parts]))
        return [tuple(token_id for _ in parts for token_id in next(found)) for parts in cut]

    def _without_control_tokens(self, text: str) -> Iterator[str]:
        """Yield a text, cut after the first character of each control token spelled in it.

        Tokens that a vocabulary calls "user-defined" would be found even in plain text.
        """
        start = 0
        for match in self._spelled.finditer(text):
            yield text[start : match.start() + 1]
            start = match.start() + 1
        yield text[start:]

    def _plain(self, texts: Sequence[str]) -> list[tuple[int, ...]]:
        """Return the ids of each text as it follows other text."""
        anchor = _ANCHOR if self._anchor_ids else ""
        found = self._ask(_joined([anchor + text for text in texts], self.end_id), is_trusted=False)
        for token_id, piece in found:
            if token_id != self.end_id:
                self._bytes[token_id] = piece
        count = len(self._anchor_ids)
        return [
            tuple(ids[count:] if tuple(ids[:count]) == self._anchor_ids else ids)
            for ids in self._divided([token_id for token_id, _ in found], texts)
        ]

    def _divided(self, ids: Sequence[int], texts: Sequence[str]) -> list[list[int]]:
        """Return ids between the separators, a list for each text."""
        divided: list[list[int]] = [[]]
        for token_id in ids:
            if token_id == self.end_id and len(divided) < len(texts):
                divided.append([])
            else:
                divided[-1].append(token_id)
        if len(divided) != len(texts):
            raise unreadable(self._connection.address)
        return divided

    def _find(self, tokens: Sequence[str]) -> Iterator[tuple[str, list[int]]]:
        """Yield the spelling of control tokens, none of them the separator, and their ids."""
        found = self._ask(_joined(tokens, self.end_id), is_trusted=True)
        ids = self._divided([token_id for token_id, _ in found], tokens)
        return zip(tokens, ids, strict=True)

    def _find_bos(self) -> int | None:
        """Return the token that is put before every text; None if there is none."""
        bare, full = (
            [token_id for token_id, _ in self._ask(["a"], is_trusted=False, is_begun=is_begun)]
            for is_begun in (False, True)
        )
        return full[0] if full and full[1:] == bare else None

    def _ask(
        self, content: Sequence[str | int], *, is_trusted: bool, is_begun: bool = False
    ) -> list[tuple[int, bytes]]:
        """Return the ids and bytes of texts and ids in one list."""
        body: dict[str, Any] = {
            **self._named,
            "content": list(content),
            "parse_special": is_trusted,
            "add_special": is_begun,
            "with_pieces": True,
        }
        answer = self._connection.post("/tokenize", body, timeout_ms=_LONGEST_MS)
        try:
            return [(int(each["id"]), _bytes_of(each["piece"])) for each in answer["tokens"]]
        except (ValueError, TypeError, LookupError, ArithmeticError):
            raise unreadable(self._connection.address) from None


def _joined(texts: Sequence[str], separator_id: int) -> list[str | int]:
    joined: list[str | int] = []
    for text in texts:
        joined += [separator_id, text] if joined else [text]
    return joined


def _bytes_of(piece: object) -> bytes:
    """Return a token's bytes, which JSON has as text if they are whole characters.

    Raises:
        TypeError, ValueError: it is something else; of a number, `bytes` would make as many zeros.
    """
    if isinstance(piece, str):
        return piece.encode()
    if not isinstance(piece, list):
        raise TypeError
    return bytes(piece)
