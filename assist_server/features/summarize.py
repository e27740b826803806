"""Summaries of selected text, as Markdown.

Three ways, by what is at hand. A model that can be talked to is asked for a summary, part by part
where the text is long. A model that only completes writes the comment that it would put above the
code, and the syntax tree lists what is defined there. Prose without a model that can be talked to
is summarized by its own first and most central sentences; `Summary.method` tells which way it was.
"""

import re
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from assist_server.context.snapshot import Snapshot
from assist_server.engine.backend import Backend
from assist_server.engine.request import (
    CancelToken,
    FinishReason,
    Generation,
    GenerationRequest,
    collect,
)
from assist_server.engine.stopping import stop_at_line_end
from assist_server.errors import InputError, ModelError
from assist_server.features.infilling import Gap, build_prompt
from assist_server.prompts.instructions import load_instruction
from assist_server.settings import Settings
from assist_server.syntax.definition import Definition
from assist_server.syntax.outline import find_definitions
from assist_server.text.edits import TextEdit
from assist_server.text.identifiers import text_to_heal
from assist_server.text.indentation import leading_whitespace
from assist_server.text.newlines import detect_newline, split_lines

Report = Callable[[str], None]

_MAX_LISTED = 20
_MAX_SENTENCES, _SENTENCES_PER_CHOSEN = 3, 6
"""Of prose: one sentence for every so many that there are."""

_MAX_COMMENT_TOKENS = 32
_LEAST_PART_TOKENS = 64
"""Less is not worth asking for, even where the model's context is too short for it."""

_COMMENT_COLUMNS = 88
_CONFIDENT_LOG_PROB = -0.8
"""Mean natural log-probability per token from which a model's comment is believed."""

_WORD = re.compile(r"[^\W\d_]{3,}")
_MOST_CHARS_PER_TOKEN = 8
"""More than tokenizers pack on prose and code, so that no cut counts more than it must."""

_MAX_PARTS = 256
_THOUGHTS = re.compile(r"\s*<think>.*?(</think>|\Z)\s*", re.DOTALL)
"""What models that think aloud write before they answer."""

_STOPS = (".", "!", "?")
_SENTENCE_END = re.compile(
    r"(?<=[.!?])(?<!\b\d\.)(?<!\b[A-Z]\.)(?<!\b[A-Z][a-z]\.)\s+(?![a-z\s])|\n\s*\n"
)
"""Neither behind a number or a short title, nor where the next word begins small: `Dr.`, `e.g.`."""

_LEAST_WORDS = 3


class Method(StrEnum):
    """How a summary came about."""

    CHAT = "chat"
    COMMENT = "comment"
    EXTRACT = "extract"


@dataclass(frozen=True)
class Summary:
    """A summary and how it was made."""

    markdown: str
    method: Method


@dataclass(frozen=True)
class Selection:
    """A part of a document that is to be summarized."""

    snapshot: Snapshot
    start: int
    end: int

    @property
    def text(self) -> str:
        """The selected characters."""
        return self.snapshot.text[self.start : self.end]


def summarize(
    selection: Selection,
    backend: Backend,
    settings: Settings,
    *,
    cancel: CancelToken | None = None,
    report: Report = lambda _: None,
) -> Summary:
    """Summarize a selection; blocks until it is done.

    Raises:
        InputError: nothing but white space is selected.
        ModelError: the model answered nothing.
        AssistError: the model cannot be asked, or the work was cancelled.
    """
    if not selection.text.strip():
        raise InputError("nothing is selected; select the text to summarize and ask again")
    work = _Work(backend, settings, cancel or CancelToken(), report)
    if backend.info.has_chat_template:
        if not (answer := _ask(selection, work)):
            raise ModelError("the model had nothing to say; select other text or another model")
        return Summary(answer, Method.CHAT)
    if selection.snapshot.language.grammar:
        return Summary(_describe_code(selection, work), Method.COMMENT)
    return Summary(_extract(selection.text), Method.EXTRACT)


def comment_edit(selection: Selection, markdown: str) -> TextEdit:
    """The summary as line comments above the selection's first line."""
    snapshot = selection.snapshot
    line = snapshot.lines.line_at(selection.start)
    start = snapshot.lines.start_of(line)
    indent = leading_whitespace(snapshot.lines.line_text(line))
    mark, newline = snapshot.language.line_comment, detect_newline(snapshot.text)
    plain = re.sub(r"[*`]|^#+ ", "", markdown, flags=re.MULTILINE).strip()
    width = max(20, _COMMENT_COLUMNS - len(indent) - len(mark) - 1)
    lines = [piece for text in plain.splitlines() for piece in _wrapped(text, width)]
    # A backslash at the end would make code of C's next line a comment.
    comment = "".join(f"{indent}{mark} {text}".rstrip(" \\") + newline for text in lines)
    return TextEdit(start, start, comment)


@dataclass(frozen=True)
class _Work:
    """What every way of summarizing needs."""

    backend: Backend
    settings: Settings
    cancel: CancelToken
    report: Report

    def generate(self, request: GenerationRequest) -> Generation:
        generation = collect(self.backend.generate(request))
        if generation.finish_reason is FinishReason.CANCELLED:
            raise InputError("the summary was cancelled")
        return generation


# A model that can be talked to


def _ask(selection: Selection, work: _Work) -> str:
    is_code = selection.snapshot.language.grammar is not None
    kind = f"{selection.snapshot.language.id} code" if is_code else "a text"
    about_part = load_instruction("summarize", kind=f"a part of {kind}")
    parts = list(_split(selection.text, _room(about_part, work), work))
    if len(parts) == 1:
        return _answer(load_instruction("summarize", kind=kind), parts[0], work)
    if len(parts) > _MAX_PARTS:
        raise InputError(f"that is too much at once ({len(parts)} parts); select less of it")
    answers = []
    for number, part in enumerate(parts, start=1):
        work.report(f"part {number} of {len(parts)}")
        answers.append(_answer(about_part, part, work))
    work.report("putting the parts together")
    about_parts = load_instruction("summarize_parts", kind=kind)
    joined = _cut_to_budget("\n\n".join(answers), _room(about_parts, work), work)
    return _answer(about_parts, joined, work)


def _answer(instruction: str, text: str, work: _Work) -> str:
    request = GenerationRequest(
        tuple(work.backend.encode_chat(_messages(instruction, text))),
        work.settings.summary.max_new_tokens,
        end_ids=work.backend.info.end_ids,
        cancel=work.cancel,
    )
    return _THOUGHTS.sub("", work.generate(request).text).strip()


def _messages(instruction: str, text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": f"{instruction}\n\n{text}"}]


def _room(instruction: str, work: _Work) -> int:
    """Tokens of text that the model can read at a time, behind an instruction."""
    limits = work.settings.summary
    taken = limits.max_new_tokens + len(work.backend.encode_chat(_messages(instruction, "")))
    room = min(limits.max_prompt_tokens, work.backend.info.context_tokens - taken)
    return max(_LEAST_PART_TOKENS, room)


def _split(text: str, max_tokens: int, work: _Work) -> Iterator[str]:
    """Pieces within the budget, of whole lines as far as lines allow."""
    piece = ""
    for line in _lines(text, max_tokens, work):
        if piece and _count(piece + line, work) > max_tokens:
            yield piece
            piece = ""
        piece += line
    yield piece


def _lines(text: str, max_tokens: int, work: _Work) -> Iterator[str]:
    """The lines with their ends; one that is longer than the budget comes in pieces."""
    for line in split_lines(text):
        rest = line
        while rest:
            piece = _cut_to_budget(rest, max_tokens, work)
            yield piece
            rest = rest[len(piece) :]


def _cut_to_budget(text: str, max_tokens: int, work: _Work) -> str:
    if work.cancel.is_cancelled:
        raise InputError("the summary was cancelled")
    text = text[: max_tokens * _MOST_CHARS_PER_TOKEN]
    while (count := _count(text, work)) > max_tokens:
        text = text[: len(text) * max_tokens // count]
    return text


def _count(text: str, work: _Work) -> int:
    return len(work.backend.encode(text))


# A model that only completes


def _describe_code(selection: Selection, work: _Work) -> str:
    tree = selection.snapshot.syntax
    found = find_definitions(tree, selection.start, selection.end) if tree else []
    lines = [_headline(selection, found, work)]
    listed = found[:_MAX_LISTED]
    if listed:
        lines += ["", *(_list_item(selection.snapshot, definition) for definition in listed)]
    if len(found) > len(listed):
        lines.append(f"- and {len(found) - len(listed)} more")
    return "\n".join(lines)


def _headline(selection: Selection, found: list[Definition], work: _Work) -> str:
    """The comment that the model would write above the code; else a plain count."""
    work.report("reading the code")
    snapshot = selection.snapshot
    line_start = snapshot.lines.start_of(snapshot.lines.line_at(selection.start))
    indent = leading_whitespace(snapshot.text[line_start : selection.end])
    before = f"{snapshot.text[:line_start]}{indent}{snapshot.language.line_comment} "
    gap = Gap.between(snapshot.path, before, "\n" + snapshot.text[line_start : selection.end])
    prompt = build_prompt(gap, work.backend, work.settings, _MAX_COMMENT_TOKENS)
    generation = work.generate(
        GenerationRequest(
            prompt.ids,
            _MAX_COMMENT_TOKENS,
            healed_text=text_to_heal(before[line_start:]),
            end_ids=work.backend.info.end_ids | prompt.end_ids,
            stop_rules=(stop_at_line_end,),
            cancel=work.cancel,
        )
    )
    text = generation.text.strip()
    is_whole = generation.finish_reason is not FinishReason.MAX_NEW_TOKENS
    log_prob = generation.mean_log_prob
    is_confident = log_prob is not None and log_prob >= _CONFIDENT_LOG_PROB
    if is_whole and is_confident and _is_phrase(text):
        return text[0].upper() + text[1:].rstrip(".") + "."
    return _plain_headline(selection, found)


def _is_phrase(text: str) -> bool:
    """Whether a comment reads like words: no code, no ruler, no loop."""
    words = _WORD.findall(text)
    has_code = re.search(r"[=(){}\[\]<>|\\_;]|--|\.\w", text)
    return len(words) >= 3 and not has_code and max(Counter(words).values()) <= 2


def _plain_headline(selection: Selection, found: list[Definition]) -> str:
    count = len(split_lines(selection.text))
    what = f"{count} line{'s' * (count != 1)} of {selection.snapshot.language.id.capitalize()}"
    if not found:
        return f"{what}."
    kinds = Counter(definition.kind.value for definition in found)
    counted = ", ".join(
        f"{n} {kind}{'' if n == 1 else 'es' if kind.endswith('s') else 's'}"
        for kind, n in kinds.items()
    )
    return f"{what}: {counted}."


def _list_item(snapshot: Snapshot, definition: Definition) -> str:
    names = ", ".join(parameter.stars + parameter.name for parameter in definition.parameters)
    signature = f"{definition.name}({names})" if definition.is_callable else definition.name
    line = snapshot.lines.line_at(definition.keyword) + 1
    sentence = _first_sentence(snapshot, definition)
    what = f": {sentence}" if sentence else ""
    return f"- {definition.kind.value} `{signature}` (line {line}){what}"


def _first_sentence(snapshot: Snapshot, definition: Definition) -> str:
    """The first sentence of the documentation that is there."""
    place = definition.documentation
    if place is None:
        return ""
    raw = snapshot.text[place.start : place.end]
    lines = [re.sub(r"^[\s/*#\-!;]+|\*/\s*$", "", line).strip("\"' ") for line in raw.splitlines()]
    words = " ".join(" ".join(lines).split()).removeprefix('r"""').strip("\"' ")
    return _SENTENCE_END.split(words)[0][:120]


# No model


def _extract(text: str) -> str:
    """The first sentence, and of a long text those whose words occur most in it, in their order.

    People begin with what matters; the first sentence alone is hard to beat. Source of the idea for
    the others: Nenkova and Vanderwende, "The Impact of Frequency on Summarization" (2005).
    """
    sentences = [" ".join(s.split()) for s in _SENTENCE_END.split(text) if s.strip()]
    frequency = Counter(word.lower() for s in sentences for word in _WORD.findall(s))

    def weight(sentence: str) -> float:
        words = {word.lower() for word in _WORD.findall(sentence)}
        return sum(frequency[word] for word in words) / (len(words) + 5)

    different = list(dict.fromkeys(sentences))
    first = next(filter(_is_sentence, different), different[0])
    more = min(_MAX_SENTENCES, 1 + len(different) // _SENTENCES_PER_CHOSEN) - 1
    others = sorted((s for s in different if s != first), key=weight, reverse=True)
    chosen = {first, *others[:more]}
    shown = [sentence for sentence in different if sentence in chosen]
    return "\n".join(f"- {sentence}" for sentence in shown) if more else first


def _is_sentence(text: str) -> bool:
    """Whether a piece of text is no heading, number or item."""
    is_heading = text.startswith("#") or not text.endswith(_STOPS)
    return not is_heading and len(text.split()) >= _LEAST_WORDS


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, subsequent_indent="  " * text.startswith("- ")) or [""]
