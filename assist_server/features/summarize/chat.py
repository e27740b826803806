"""Summaries by a model with a chat format, part by part for a long text."""

from collections.abc import Iterator
from dataclasses import dataclass

from assist_server.engine.request import Generation, GenerationRequest
from assist_server.errors import InputError
from assist_server.features.summarize.support import unsupported
from assist_server.features.summarize.work import CONFIDENT_LOG_PROB, Selection, Work
from assist_server.features.thoughts import without_thoughts
from assist_server.prompts.instructions import load_instruction
from assist_server.text.newlines import split_lines

_LEAST_PART_TOKENS = 64
"""Smallest part to summarize, even if the model's context is too short for it."""

_MOST_CHARS_PER_TOKEN = 8
"""More than any tokenizer needs for prose and code; limits the text to tokenize."""

_MAX_PARTS = 256


@dataclass(frozen=True)
class Answer:
    """A model's summary, in Markdown."""

    text: str
    is_credible: bool
    """Whether the model was confident, and all numbers and identifiers are in the selection."""


def ask(selection: Selection, work: Work) -> Answer:
    """Return the model's summary of a selection.

    Raises:
        InputError: the selection is too long, or the work was cancelled.
    """
    is_code = selection.snapshot.language.grammar is not None
    kind = f"{selection.snapshot.language.id} code" if is_code else "a text"
    about_part = load_instruction("summarize", kind=f"a part of {kind}")
    parts = list(_split(selection.text, _room(about_part, work), work))
    if len(parts) == 1:
        return _rated(load_instruction("summarize", kind=kind), parts[0], selection, work)
    if len(parts) > _MAX_PARTS:
        raise InputError(f"the selection is too long ({len(parts)} parts); select less text")
    answers = []
    for number, part in enumerate(parts, start=1):
        work.report(f"part {number} of {len(parts)}")
        answers.append(_text_of(_generate(about_part, part, work)))
    work.report("combining the parts")
    about_parts = load_instruction("summarize_parts", kind=kind)
    joined = _cut_to_budget("\n\n".join(answers), _room(about_parts, work), work)
    return _rated(about_parts, joined, selection, work)


def _rated(instruction: str, text: str, selection: Selection, work: Work) -> Answer:
    generation = _generate(instruction, text, work)
    answer = _text_of(generation)
    log_prob = generation.mean_log_prob
    is_sure = log_prob is not None and log_prob >= CONFIDENT_LOG_PROB
    return Answer(answer, is_sure and not unsupported(selection.text, answer))


def _text_of(generation: Generation) -> str:
    return without_thoughts(generation.text).strip()


def _generate(instruction: str, text: str, work: Work) -> Generation:
    request = GenerationRequest(
        tuple(work.backend.encode_chat(_messages(instruction, text))),
        work.settings.summary.max_new_tokens,
        end_ids=work.backend.info.end_ids,
        cancel=work.cancel,
    )
    return work.generate(request)


def _messages(instruction: str, text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": f"{instruction}\n\n{text}"}]


def _room(instruction: str, work: Work) -> int:
    """Return how many tokens of text fit into a prompt with an instruction."""
    limits = work.settings.summary
    taken = limits.max_new_tokens + len(work.backend.encode_chat(_messages(instruction, "")))
    room = min(limits.max_prompt_tokens, work.backend.info.context_tokens - taken)
    return max(_LEAST_PART_TOKENS, room)


def _split(text: str, max_tokens: int, work: Work) -> Iterator[str]:
    """Yield pieces within the budget, of whole lines where possible."""
    piece = ""
    for line in _lines(text, max_tokens, work):
        if piece and _count(piece + line, work) > max_tokens:
            yield piece
            piece = ""
        piece += line
    yield piece


def _lines(text: str, max_tokens: int, work: Work) -> Iterator[str]:
    """Yield the lines with their ends, splitting those longer than the budget."""
    for line in split_lines(text):
        rest = line
        while rest:
            piece = _cut_to_budget(rest, max_tokens, work)
            yield piece
            rest = rest[len(piece) :]


def _cut_to_budget(text: str, max_tokens: int, work: Work) -> str:
    if work.cancel.is_cancelled:
        raise InputError("the summary was cancelled")
    text = text[: max_tokens * _MOST_CHARS_PER_TOKEN]
    while (count := _count(text, work)) > max_tokens:
        text = text[: len(text) * max_tokens // count]
    return text


def _count(text: str, work: Work) -> int:
    return len(work.backend.encode(text))
