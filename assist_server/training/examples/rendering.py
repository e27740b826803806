"""Examples as token ids, in the layout in which the model will be asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tokenizers import Tokenizer
from transformers import AutoTokenizer

from assist_server.engine.tokens.codec import TokenCodec
from assist_server.errors import InputError
from assist_server.prompts.fim import FimTemplate, Slot, path_comment, render_fim
from assist_server.training.examples.cutting import Example, Layout

_LEAST_SUFFIX_SHARE = 0.25
"""Of the room; a suffix gets more where the prefix does not need it, as when the model is asked."""

_LARGEST_PATH_SHARE = 0.25

_HOLE_WEIGHT = 3.0
"""How much more what fills a hole counts than its surroundings: it is what the model is asked for,
and a twentieth of what it reads."""

_MARK = "\ue000"
"""Stands for the request while the format is read; a character that no format has."""


@dataclass(frozen=True)
class Rendered:
    """The ids of an example, and how much it counts that each is predicted; 0 for not at all."""

    ids: list[int]
    weights: list[float]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class ChatFormat:
    """What stands around a request and its answer, as token ids."""

    before: tuple[int, ...]
    between: tuple[int, ...]
    end_id: int
    """Ends an answer."""


@dataclass(frozen=True)
class Vocabulary:
    """A tokenizer, and what the model expects beside text."""

    tokenizer: Tokenizer
    template: FimTemplate
    special_ids: Mapping[str, int]
    end_id: int
    bos_id: int | None = None
    chat: ChatFormat | None = None
    """Where answers are among what is learned."""


class Renderer:
    """Makes ids of examples, none longer than `tokens`."""

    def __init__(self, vocabulary: Vocabulary, tokens: int) -> None:
        self._vocabulary, self._tokens = vocabulary, tokens
        template = vocabulary.template
        self._joins = template.layout[-1] is Slot.PREFIX
        self._lead = _lead(template)
        self._swapped = replace(template, layout=_prefix_first(template))

    def render(self, examples: Sequence[Example]) -> list[Rendered]:
        """Ids of each example; its least important ends are cut off where it is too long."""
        parts = [self._parts(example) for example in examples]
        flat = [text for texts in parts for text in texts]
        encoded = self._vocabulary.tokenizer.encode_batch_fast(flat, add_special_tokens=False)
        ids = iter([encoding.ids for encoding in encoded])
        return [
            self._assemble(example, next(ids), next(ids), next(ids), next(ids))
            for example in examples
        ]

    def _parts(self, example: Example) -> tuple[str, str, str, str]:
        path = path_comment(example.path) if self._vocabulary.template.shows_path else ""
        lead = example.prefix + example.middle if self._is_joined(example) else example.prefix
        return path, lead, example.middle, example.suffix

    def _is_joined(self, example: Example) -> bool:
        if not self._joins or example.layout is Layout.PREFIX_FIRST or example.has_token_boundary:
            return False
        # Of a joined text only the beginning can be cut off: a long middle could lose its own.
        return len(example.middle.encode()) <= self._tokens // 2

    def _assemble(
        self,
        example: Example,
        path: list[int],
        prefix: list[int],
        middle: list[int],
        suffix: list[int],
    ) -> Rendered:
        if example.layout is Layout.CHAT:
            return self._chat(prefix, middle)
        if len(path) > self._tokens * _LARGEST_PATH_SHARE:
            path = []
        template = self._template(example)
        hole_size = len(middle)
        if self._is_joined(example):
            middle = []  # it stands in the prefix, with about as many tokens
        controls = len(template.layout) + (self._vocabulary.bos_id is not None) + example.is_end
        room = max(4, self._tokens - controls - len(path))
        if example.layout is Layout.LEFT_TO_RIGHT:
            text, is_whole = prefix[:room], len(prefix) <= room
        else:
            middle = middle[-room:]
            behind = max(int(room * _LEAST_SUFFIX_SHARE), room - len(prefix) - len(middle))
            suffix = suffix[: min(behind, room - len(middle))]
            before = room - len(middle) - len(suffix)
            text, is_whole = prefix[max(0, len(prefix) - before) :], True
        slots = {Slot.PATH_COMMENT: path, Slot.PREFIX: text, Slot.SUFFIX: suffix}
        ids = [*self._render(template, slots), *middle]
        weights = self._surrounding(template, slots, example) + [1.0] * len(middle)
        if example.is_end and is_whole:
            ids.append(self._vocabulary.end_id)
            weights.append(1.0)
            hole_size += example.layout is not Layout.LEFT_TO_RIGHT
        hole = slice(len(ids) - hole_size, None)
        weights[hole] = [_HOLE_WEIGHT * weight for weight in weights[hole]]
        return Rendered(ids[: self._tokens], weights[: self._tokens])

    def _chat(self, request: list[int], answer: list[int]) -> Rendered:
        """Lay out a conversation, of which the answer is learned; the request may lose its end."""
        chat = self._vocabulary.chat
        if chat is None:
            raise ValueError("answers are to be learned, and there is no chat format")
        fixed = len(chat.before) + len(chat.between) + 1
        answer = answer[: self._tokens - fixed]
        request = request[: self._tokens - fixed - len(answer)]
        given = [*chat.before, *request, *chat.between]
        learned = [*answer, chat.end_id]
        return Rendered([*given, *learned], [0.0] * len(given) + [_HOLE_WEIGHT] * len(learned))

    def _template(self, example: Example) -> FimTemplate:
        if example.layout is Layout.LEFT_TO_RIGHT:
            return self._lead
        is_swapped = example.layout is Layout.PREFIX_FIRST
        return self._swapped if is_swapped else self._vocabulary.template

    def _render(self, template: FimTemplate, slots: Mapping[Slot, Sequence[int]]) -> list[int]:
        vocabulary = self._vocabulary
        return [*render_fim(template, slots, vocabulary.special_ids, vocabulary.bos_id).ids]

    def _surrounding(
        self, template: FimTemplate, slots: Mapping[Slot, Sequence[int]], example: Example
    ) -> list[float]:
        """The text is learned; control tokens and the path are given."""
        found = [0.0] * (self._vocabulary.bos_id is not None)
        for part in template.layout:
            if isinstance(part, str):
                found.append(0.0)
            else:
                is_learned = example.learns_all and part is not Slot.PATH_COMMENT
                found += [float(is_learned)] * len(slots.get(part, ()))
        return found


def _lead(template: FimTemplate) -> FimTemplate:
    """What stands before a text without a hole: the path, where the template shows it."""
    layout = template.layout
    named = layout[: layout.index(Slot.PATH_COMMENT) + 1] if template.shows_path else ()
    return replace(template, layout=(*named, Slot.PREFIX))


def _prefix_first(template: FimTemplate) -> tuple[str | Slot, ...]:
    """The layout with prefix and suffix exchanged; as it is where it is in that order anyway."""
    lead = _lead(template).layout[:-1]
    prefix, suffix, middle = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")
    if not {prefix, suffix, middle} <= set(template.control_tokens):
        return template.layout
    return (*lead, prefix, Slot.PREFIX, suffix, Slot.SUFFIX, middle)


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
