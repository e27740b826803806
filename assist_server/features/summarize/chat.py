"""Summaries by a model with a chat format, part by part for a long text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from assist_server.context.secrets import without_secrets
from assist_server.context.selection import Selection
from assist_server.engine.request import FinishReason, Generation, GenerationRequest
from assist_server.errors import InputError
from assist_server.features.repetition import stop_at_repetition
from assist_server.features.summarize.answers import is_echo, supported_part
from assist_server.features.summarize.work import CONFIDENT_LOG_PROB, Work
from assist_server.features.thoughts import without_thoughts
from assist_server.prompts.instructions import load_instruction
from assist_server.text.inert_markdown import inert_document
from assist_server.text.newlines import split_lines

_MIN_PART_TOKENS = 64
"""Smallest part to summarize, even if the model's context is too short for it."""

_MIN_TOKENS_WITH_FACTS = 256
"""With less room for the text, a model is not given the facts."""

_MAX_CHARS_PER_TOKEN = 8
"""More than any tokenizer needs for prose and code; limits the text to tokenize."""

_MAX_PARTS = 256

_CODE_BLOCK = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)


@dataclass(frozen=True)
class Answer:
    """A model's summary, in Markdown."""

    text: str
    is_sure: bool
    """False if the model was unsure; servers that give no probabilities count as sure."""


def ask(selection: Selection, work: Work, kind: str, facts: str, *, is_read_whole: bool) -> Answer:
    """Return what the model says about a selection and its text supports; maybe nothing.

    Args:
        selection: The text.
        work: The model.
        kind: What the text is, as in "a log".
        facts: What is known of it, in Markdown; empty if nothing is.
        is_read_whole: Whether the model reads a long text part by part, not only its beginning.

    Raises:
        InputError: the work was cancelled.
    """
    request = load_instruction("summarize", kind=kind)
    about = _with_facts(request, facts)
    if _room(about, work) < _MIN_TOKENS_WITH_FACTS:
        about, facts = request, ""
    about_part = load_instruction("summarize", kind=f"a part of {kind}")
    room = min(_room(about, work), _room(about_part, work))
    parts = list(islice(_split(selection.text, room, work), _MAX_PARTS + 1))
    if len(parts) == 1 or not is_read_whole:
        return _checked(request, parts[0], selection, facts, work)
    if len(parts) > _MAX_PARTS:
        return Answer("", is_sure=False)
    answers = []
    for number, part in enumerate(parts, start=1):
        work.report(f"part {number} of {len(parts)}")
        answers.append(
            supported_part(_text_of(_generate(about_part, part, work)), part, about_part)
        )
    work.report("combining the parts")
    request = load_instruction("summarize_parts", kind=kind)
    room = _room(_with_facts(request, facts), work)
    joined = _cut_to_budget("\n\n".join(answers), room, work)
    return _checked(request, joined, selection, facts, work)


def _checked(request: str, text: str, selection: Selection, facts: str, work: Work) -> Answer:
    generation = _generate(_with_facts(request, facts), text, work)
    source = f"{selection.text}\n{facts}"
    answer = inert_document(without_secrets(supported_part(_text_of(generation), source, request)))
    if is_echo(answer, selection.text) or is_echo(answer.partition("\n")[0], facts):
        answer = ""
    return Answer(answer, generation.is_likely(CONFIDENT_LOG_PROB))


def _with_facts(instruction: str, facts: str) -> str:
    return f"{instruction}\n\nKnown facts:\n{facts}" if facts else instruction


def _text_of(generation: Generation) -> str:
    """Return a model's words without its thoughts, and without a sentence that was cut off."""
    text = _CODE_BLOCK.sub("", without_thoughts(generation.text)).strip()
    if generation.finish_reason is not FinishReason.MAX_NEW_TOKENS:
        return text
    whole = max(text.rfind("\n"), *(text.rfind(f"{stop} ") + 1 for stop in ".!?"))
    return text[:whole].strip() if whole > 0 and text[-1:] not in {".", "!", "?"} else text


def _generate(instruction: str, text: str, work: Work) -> Generation:
    request = GenerationRequest(
        tuple(work.backend.encode_chat(_messages(instruction, text))),
        work.settings.summary.max_new_tokens,
        end_ids=work.backend.info.end_ids,
        stop_rules=(stop_at_repetition,),
        cancel=work.cancel,
    )
    return work.generate(request)


def _messages(instruction: str, text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": f"{instruction}\n\nText:\n{text}"}]


def _room(instruction: str, work: Work) -> int:
    """Return how many tokens of text fit into a prompt with an instruction."""
    limits = work.settings.summary
    taken = limits.max_new_tokens + len(work.backend.encode_chat(_messages(instruction, "")))
    room = min(limits.max_prompt_tokens, work.backend.info.context_tokens - taken)
    return max(_MIN_PART_TOKENS, room)


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
    text = text[: max_tokens * _MAX_CHARS_PER_TOKEN]
    while (count := _count(text, work)) > max_tokens:
        text = text[: len(text) * max_tokens // count]
    return text


def _count(text: str, work: Work) -> int:
    return len(work.backend.encode(text))
