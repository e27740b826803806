"""Rendering of examples as token ids, in the layout of the model's prompts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tokenizers import Tokenizer
from transformers import AutoTokenizer

from assist_server.engine.tokens.codec import TokenCodec
from assist_server.errors import InputError
from assist_server.prompts.fim import FimTemplate, Slot, path_comment, render_fim
from assist_server.training.examples.cutting import Example, Layout

_MIN_SUFFIX_SHARE = 0.25
"""Share of the room that a suffix may always use; it may also use what the prefix leaves, as in the
product's prompts."""

_LARGEST_PATH_SHARE = 0.25

_HOLE_WEIGHT = 3.0
"""Weight of the middle relative to its surroundings. The middle is the model's task, but only a
twentieth of the tokens."""

_MARK = "\ue000"
"""Placeholder for the request while the format is determined; no format contains it."""


@dataclass(frozen=True)
class Rendered:
    """The ids of an example, and the weight of each as a target; 0 for no target."""

    ids: list[int]
    weights: list[float]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class ChatFormat:
    """The token ids around a request and its answer."""

    before_request: tuple[int, ...]
    after_request: tuple[int, ...]
    end_id: int
    """The token that ends an answer."""


@dataclass(frozen=True)
class Vocabulary:
    """A tokenizer with the template and control tokens of a model."""

    tokenizer: Tokenizer
    template: FimTemplate
    special_ids: Mapping[str, int]
    end_id: int
    bos_id: int | None = None
    chat: ChatFormat | None = None
    """The chat format, needed for answers only."""


class Renderer:
    """Conversion of examples to at most `tokens` token ids each."""

    def __init__(self, vocabulary: Vocabulary, tokens: int) -> None:
        self._vocabulary, self._tokens = vocabulary, tokens
        template = vocabulary.template
        self._ends_with_prefix = template.layout[-1] is Slot.PREFIX
        self._left_to_right = _left_to_right(template)
        self._prefix_first = replace(template, layout=_prefix_first_layout(template))

    def render(self, examples: Sequence[Example]) -> list[Rendered]:
        """Return the ids of each example, truncated at its least important ends."""
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
        before = example.prefix + example.middle if self._is_joined(example) else example.prefix
        return path, before, example.middle, example.suffix

    def _is_joined(self, example: Example) -> bool:
        """Return whether prefix and middle are encoded as one text."""
        if (
            not self._ends_with_prefix
            or example.layout is Layout.PREFIX_FIRST
            or example.has_token_boundary
        ):
            return False
        # A joined text is truncated at its start, which could remove the start of a long middle.
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
            middle = []  # it is in the prefix, with about as many tokens
        controls = len(template.layout) + (self._vocabulary.bos_id is not None) + example.is_end
        room = max(4, self._tokens - controls - len(path))
        if example.layout is Layout.LEFT_TO_RIGHT:
            text, is_whole = prefix[:room], len(prefix) <= room
        else:
            middle = middle[-room:]
            suffix_room = max(int(room * _MIN_SUFFIX_SHARE), room - len(prefix) - len(middle))
            suffix = suffix[: min(suffix_room, room - len(middle))]
            prefix_room = room - len(middle) - len(suffix)
            text, is_whole = prefix[max(0, len(prefix) - prefix_room) :], True
        slots = {Slot.PATH_COMMENT: path, Slot.PREFIX: text, Slot.SUFFIX: suffix}
        ids = [*self._render(template, slots), *middle]
        weights = self._slot_weights(template, slots, example) + [1.0] * len(middle)
        if example.is_end and is_whole:
            ids.append(self._vocabulary.end_id)
            weights.append(1.0)
            hole_size += example.layout is not Layout.LEFT_TO_RIGHT
        hole = slice(len(ids) - hole_size, None)
        weights[hole] = [_HOLE_WEIGHT * weight for weight in weights[hole]]
        return Rendered(ids[: self._tokens], weights[: self._tokens])

    def _chat(self, request: list[int], answer: list[int]) -> Rendered:
        """Render a request and its answer, which alone is learned; a long request is truncated."""
        chat = self._vocabulary.chat
        if chat is None:
            raise ValueError("an answer needs a chat format")
        fixed = len(chat.before_request) + len(chat.after_request) + 1
        answer = answer[: self._tokens - fixed]
        request = request[: self._tokens - fixed - len(answer)]
        given = [*chat.before_request, *request, *chat.after_request]
        learned = [*answer, chat.end_id]
        return Rendered([*given, *learned], [0.0] * len(given) + [_HOLE_WEIGHT] * len(learned))

    def _template(self, example: Example) -> FimTemplate:
        if example.layout is Layout.LEFT_TO_RIGHT:
            return self._left_to_right
        is_prefix_first = example.layout is Layout.PREFIX_FIRST
        return self._prefix_first if is_prefix_first else self._vocabulary.template

    def _render(self, template: FimTemplate, slots: Mapping[Slot, Sequence[int]]) -> list[int]:
        vocabulary = self._vocabulary
        return [*render_fim(template, slots, vocabulary.special_ids, vocabulary.bos_id).ids]

    def _slot_weights(
        self, template: FimTemplate, slots: Mapping[Slot, Sequence[int]], example: Example
    ) -> list[float]:
        """Return the weights of a rendered template: text is learned, control tokens are not."""
        found = [0.0] * (self._vocabulary.bos_id is not None)
        for part in template.layout:
            if isinstance(part, str):
                found.append(0.0)
            else:
                is_learned = example.learns_all and part is not Slot.PATH_COMMENT
                found += [float(is_learned)] * len(slots.get(part, ()))
        return found


def _left_to_right(template: FimTemplate) -> FimTemplate:
    """Return the template of a text without a hole: the path, if the template has it, and text."""
    layout = template.layout
    named = layout[: layout.index(Slot.PATH_COMMENT) + 1] if template.shows_path else ()
    return replace(template, layout=(*named, Slot.PREFIX))


def _prefix_first_layout(template: FimTemplate) -> tuple[str | Slot, ...]:
    """Return the layout with the prefix first, or the template's own if it cannot be changed."""
    named = _left_to_right(template).layout[:-1]
    prefix, suffix, middle = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")
    if not {prefix, suffix, middle} <= set(template.control_tokens):
        return template.layout
    return (*named, prefix, Slot.PREFIX, suffix, Slot.SUFFIX, middle)


def read_chat_format(folder: Path) -> ChatFormat:
    """Return the chat format of the tokenizer in a model's folder.

    Raises:
        InputError: the tokenizer has no chat format.
    """
    tokenizer = AutoTokenizer.from_pretrained(folder)
    codec = TokenCodec(tokenizer)
    end_id = tokenizer.eos_token_id
    if not codec.has_chat_template or end_id is None:
        raise InputError("--answers needs a model with a chat format; leave it out, or name one")
    ids = codec.encode_chat([{"role": "user", "content": _MARK}])
    before, after = _split_at(ids, codec.encode(_MARK))
    return ChatFormat(before, after, end_id)


def _split_at(ids: Sequence[int], mark: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    size = len(mark)
    at = next(n for n in range(len(ids)) if list(ids[n : n + size]) == list(mark))
    return tuple(ids[:at]), tuple(ids[at + size :])
