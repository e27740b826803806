"""Examples as token ids, in the layout in which the model will be asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tokenizers import Tokenizer

from assist_server.prompts.fim import FimTemplate, Slot, path_comment, render_fim
from assist_server.training.cutting import Example, Layout

_LEAST_SUFFIX_SHARE = 0.25
"""Of the room; a suffix gets more where the prefix does not need it, as when the model is asked."""

_LARGEST_PATH_SHARE = 0.25


@dataclass(frozen=True)
class Rendered:
    """The ids of an example, and which of them are to be predicted."""

    ids: list[int]
    is_learned: list[bool]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Vocabulary:
    """A tokenizer, and what the model expects beside text."""

    tokenizer: Tokenizer
    template: FimTemplate
    special_ids: Mapping[str, int]
    end_id: int
    bos_id: int | None = None


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
        if self._is_joined(example):
            return path, example.prefix + example.middle, "", example.suffix
        return path, example.prefix, example.middle, example.suffix

    def _is_joined(self, example: Example) -> bool:
        if not self._joins or example.layout is Layout.PREFIX_FIRST or example.is_parted:
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
        if len(path) > self._tokens * _LARGEST_PATH_SHARE:
            path = []
        template = self._template(example)
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
        if example.learns_all:
            is_learned = self._learned(template, slots)
        else:
            is_learned = [False] * (len(ids) - len(middle))
        is_learned += [True] * len(middle)
        if example.is_end and is_whole:
            ids.append(self._vocabulary.end_id)
            is_learned.append(True)
        return Rendered(ids[: self._tokens], is_learned[: self._tokens])

    def _template(self, example: Example) -> FimTemplate:
        if example.layout is Layout.LEFT_TO_RIGHT:
            return self._lead
        is_swapped = example.layout is Layout.PREFIX_FIRST
        return self._swapped if is_swapped else self._vocabulary.template

    def _render(self, template: FimTemplate, slots: Mapping[Slot, Sequence[int]]) -> list[int]:
        vocabulary = self._vocabulary
        return [*render_fim(template, slots, vocabulary.special_ids, vocabulary.bos_id).ids]

    def _learned(self, template: FimTemplate, slots: Mapping[Slot, Sequence[int]]) -> list[bool]:
        """The text is learned; control tokens and the path are given."""
        found = [False] * (self._vocabulary.bos_id is not None)
        for part in template.layout:
            if isinstance(part, str):
                found.append(False)
            else:
                found += [part is not Slot.PATH_COMMENT] * len(slots.get(part, ()))
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
