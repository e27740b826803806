"""A model's chat format on a server that renders it but cannot keep contents apart from it."""

import re
from collections.abc import Callable, Mapping, Sequence

from assist_server.engine.remote.vocabulary import Vocabulary
from assist_server.errors import ModelError

Render = Callable[[list[dict[str, str]]], str]
"""Returns a conversation in the model's chat format, up to the answer."""

_MARK = re.compile("\ue000(\\d+)\ue001")
"""Stands for a message's content in a rendered chat template; private-use characters."""


class ChatFormat:
    """Conversations as ids; callable from any thread.

    The server renders the template with marks in place of the contents, which are encoded apart, so
    that they stay text.
    """

    def __init__(self, render: Render, vocabulary: Vocabulary) -> None:
        """Start without asking anything."""
        self._render = render
        self._vocabulary = vocabulary
        self._rendered: dict[tuple[str, ...], list[list[int] | int]] = {}

    def encode(self, messages: Sequence[Mapping[str, str]], client: str) -> list[int]:
        """Return the ids of a conversation up to the answer.

        Raises:
            ModelError: the template cannot be used, or the server failed.
        """
        roles = tuple(message["role"] for message in messages)
        if roles not in self._rendered:
            self._rendered[roles] = self._parts(roles)
        ids: list[int] = []
        for part in self._rendered[roles]:
            if isinstance(part, int):
                ids += self._vocabulary.encode(messages[part]["content"], client)
            else:
                ids += part
        bos_id = self._vocabulary.bos_id
        return ids if bos_id is None or ids[:1] == [bos_id] else [bos_id, *ids]

    def _parts(self, roles: Sequence[str]) -> list[list[int] | int]:
        """Return the ids of a conversation's control parts, and the numbers of its contents.

        Raises:
            ModelError: the template leaves out, repeats or moves a content, or the server failed.
        """
        rendered = self._render(
            [
                {"role": role, "content": f"\ue000{number}\ue001"}
                for number, role in enumerate(roles)
            ]
        )
        parts = _MARK.split(rendered)  # every other one is the number in a mark
        if parts[1::2] != [str(number) for number in range(len(roles))]:
            raise ModelError(
                "the model's chat template does not keep each message once and in order; choose "
                "another model or template on the server"
            )
        return [
            int(part) if index % 2 else self._vocabulary.encode_trusted(part)
            for index, part in enumerate(parts)
        ]
