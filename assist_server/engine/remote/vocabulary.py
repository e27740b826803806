"""The vocabulary of a model on a server, asked for with few requests.

The server tokenizes a list of texts and ids at once. A control token between the texts shows where
the ids of each end, as text never becomes one.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from assist_server.engine.remote.address import ServerAddress
from assist_server.engine.remote.control_tokens import CONTROL_TOKENS
from assist_server.engine.remote.failures import unreadable
from assist_server.engine.remote.token_cache import TokenCache
from assist_server.engine.tokens.line_cache import find_cut

MAX_TOKENIZE_MS = 5000
"""A server encodes in milliseconds, even while it generates; a completion waits for it."""
_ANCHOR = "\n"
_LIKE_CONTROL = re.compile(rb"<[^\s<>]+>|\[[A-Z_/]+\]")
"""The spelling of control tokens. Some families have more of them than are searched for."""


class Tokenize(Protocol):
    """Asks a server for the ids and bytes of texts and ids in one list."""

    def __call__(
        self, content: Sequence[str | int], *, is_trusted: bool, is_begun: bool = False
    ) -> list[tuple[int, bytes]]:
        """Return each token; control tokens too if the texts are trusted.

        Args:
            content: What is one text on the server.
            is_trusted: Find control tokens spelled in the texts. Where a server cannot be kept from
                it, it need not be: users' texts are cut within each known one.
            is_begun: Put what the model expects first before the text.

        Raises:
            ModelError: the server does not answer as it should.
        """
        ...


class Vocabulary:
    """Encoding by a server; callable from any thread."""

    def __init__(self, tokenize: Tokenize, end: str, address: ServerAddress) -> None:
        """Search the vocabulary for control tokens, and find out how it may be cached.

        Args:
            tokenize: Asks the server.
            end: The control token that ends a text.
            address: Of the server, for messages.

        Raises:
            ModelError: the server does not answer as it should.
        """
        self._ask = tokenize
        self._address = address
        self._bytes: dict[int, bytes] = {}
        found = self._ask([end], is_trusted=True)
        if len(found) != 1:
            raise unreadable(address)
        [(self.end_id, _)] = found
        """Ends a text; between texts, it separates them."""
        self.control_ids: Mapping[str, int] = {
            token: ids[0]
            for token, ids in self._find([*{*CONTROL_TOKENS} - {end}])
            if len(ids) == 1
        } | {end: self.end_id}
        self._cut_within = frozenset(self.control_ids)
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
        return [token_id for token_id, _ in self._noted(self._ask([text], is_trusted=True))]

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
        """Return the ids of each text, with one request unless an unknown control token is met."""
        cut = [list(self._without_control_tokens(text)) for text in texts]
        found = self._plain([part for parts in cut for part in parts])
        pieces = {self.bytes_of(token_id) for ids in found for token_id in ids}
        control = {
            piece.decode(errors="replace") for piece in pieces if _LIKE_CONTROL.fullmatch(piece)
        }
        if not control <= self._cut_within:
            self._cut_within |= control
            return self._encode_each(texts)
        rest = iter(found)
        return [tuple(token_id for _ in parts for token_id in next(rest)) for parts in cut]

    def _without_control_tokens(self, text: str) -> Iterator[str]:
        """Yield a text, cut after the first character of each control token spelled in it.

        Tokens that a vocabulary calls "user-defined" would be found even in plain text.
        """
        start = 0
        spelled = re.compile("|".join(map(re.escape, self._cut_within)))
        for match in spelled.finditer(text):
            yield text[start : match.start() + 1]
            start = match.start() + 1
        yield text[start:]

    def _plain(self, texts: Sequence[str]) -> list[tuple[int, ...]]:
        """Return the ids of each text as it follows other text."""
        anchor = _ANCHOR if self._anchor_ids else ""
        content = _joined([anchor + text for text in texts], self.end_id)
        found = self._noted(self._ask(content, is_trusted=False))
        count = len(self._anchor_ids)
        return [
            tuple(ids[count:] if tuple(ids[:count]) == self._anchor_ids else ids)
            for ids in self._divided([token_id for token_id, _ in found], texts)
        ]

    def _noted(self, found: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
        """Keep the bytes of tokens, but for those that stand for no text."""
        control_ids = set(self.control_ids.values())
        self._bytes.update(token for token in found if token[0] not in control_ids)
        return found

    def _divided(self, ids: Sequence[int], texts: Sequence[str]) -> list[list[int]]:
        """Return ids between the separators, a list for each text."""
        divided: list[list[int]] = [[]]
        for token_id in ids:
            if token_id == self.end_id and len(divided) < len(texts):
                divided.append([])
            else:
                divided[-1].append(token_id)
        if len(divided) != len(texts):
            raise unreadable(self._address)
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


def _joined(texts: Sequence[str], separator_id: int) -> list[str | int]:
    joined: list[str | int] = []
    for text in texts:
        joined += [separator_id, text] if joined else [text]
    return joined
