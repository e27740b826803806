"""Summaries of code without chat: a headline, and a list of the definitions."""

import re
from collections import Counter

from assist_server.context.snapshot import Snapshot
from assist_server.engine.request import (
    FinishReason,
    Generation,
    GenerationRequest,
    stop_at_line_end,
)
from assist_server.features.documentation.words import split_name
from assist_server.features.infilling import Gap, build_prompt
from assist_server.features.summarize.sentences import is_boilerplate, opening_sentence
from assist_server.features.summarize.support import unsupported
from assist_server.features.summarize.work import CONFIDENT_LOG_PROB, Selection, Work
from assist_server.syntax.comment_marks import find_comment_marks
from assist_server.syntax.definition import Definition
from assist_server.syntax.definitions import find_definitions
from assist_server.text.identifiers import text_to_heal
from assist_server.text.indentation import leading_whitespace
from assist_server.text.newlines import split_lines

_MAX_LISTED = 20
_MAX_COMMENT_TOKENS = 32
_LIST = re.compile(r"^\s*(?:[-*+]|\d+[.)]) ", re.MULTILINE)
_WORD = re.compile(r"[^\W\d_]{3,}")
_CODE = re.compile(r"[=(){}\[\]<>|\\_;@#$]|--|\.\w|/\s")
_STEM_CHARS = 4
"""Words with the same first letters count as forms of one word: read, reads, reading."""

_MOST_LINES_OF_HEAD = 3
"""Number of first lines in which the code's own description may be."""

_SMALL_WORDS = frozenset(
    [
        "all",
        "and",
        "are",
        "for",
        "from",
        "has",
        "into",
        "not",
        "the",
        "that",
        "this",
        "was",
        "will",
        "with",
    ]
)


def describe_code(selection: Selection, work: Work) -> str:
    """Return the model's comment on code, or a plain count, and its definitions."""
    tree = selection.snapshot.syntax
    if tree is None:
        return _count(selection, [])
    found = find_definitions(tree, selection.start, selection.end)
    headline = _write_headline(selection, work) or _count(selection, found)
    return _with_list(headline, selection.snapshot, found)


def with_definitions(answer: str, selection: Selection) -> str:
    """Return a model's answer about code with a list of the definitions, unless it has a list."""
    tree = selection.snapshot.syntax
    if tree is None or _LIST.search(answer):
        return answer
    found = find_definitions(tree, selection.start, selection.end)
    return _with_list(answer, selection.snapshot, found)


def _with_list(headline: str, snapshot: Snapshot, found: list[Definition]) -> str:
    lines = [headline]
    listed = found[:_MAX_LISTED]
    if listed:
        lines += ["", *(_list_item(snapshot, definition) for definition in listed)]
    if len(found) > len(listed):
        lines.append(f"- and {len(found) - len(listed)} more")
    return "\n".join(lines)


def _count(selection: Selection, found: list[Definition]) -> str:
    count = len(split_lines(selection.text))
    what = f"{count} line{'s' * (count != 1)} of {_language_name(selection.snapshot)}"
    if not found:
        return f"{what}."
    kinds = Counter(definition.kind.value for definition in found)
    counted = ", ".join(
        f"{n} {kind}{'' if n == 1 else 'es' if kind.endswith('s') else 's'}"
        for kind, n in kinds.items()
    )
    return f"{what}: {counted}."


def _language_name(snapshot: Snapshot) -> str:
    marks = find_comment_marks(snapshot.language_id, snapshot.path)
    return marks.name if marks else snapshot.language.id.capitalize()


def _list_item(snapshot: Snapshot, definition: Definition) -> str:
    names = ", ".join(parameter.stars + parameter.name for parameter in definition.parameters)
    signature = f"{definition.name}({names})" if definition.is_callable else definition.name
    line = snapshot.lines.line_at(definition.keyword) + 1
    place = definition.documentation
    sentence = opening_sentence(snapshot.text[place.start : place.end]) if place else ""
    what = f": {sentence}" if sentence else ""
    return f"- {definition.kind.value} `{signature}` (line {line}){what}"


def _write_headline(selection: Selection, work: Work) -> str | None:
    """Return the model's comment above the code; None if it is not credible."""
    work.report("summarizing the code")
    generation = _write_comment(selection, work)
    text = generation.text.strip()
    if (
        generation.finish_reason is FinishReason.MAX_NEW_TOKENS
        or not generation.is_likely(CONFIDENT_LOG_PROB)
        or not _is_headline(text, selection)
    ):
        return None
    return text[0].upper() + text[1:].rstrip(".") + "."


def _is_headline(text: str, selection: Selection) -> bool:
    """Return whether a text consists of words about the selected code.

    Licences, authors and directives to tools are rejected, and so is text that occurs elsewhere in
    the file, where it is about other code. A small model's false statements rarely contain a name
    from the code.
    """
    return (
        _is_phrase(text)
        and not is_boilerplate(text)
        and not _occurs_elsewhere(text, selection)
        and _names_something(text, selection.text)
        and not unsupported(selection.text, text)
    )


def _write_comment(selection: Selection, work: Work) -> Generation:
    snapshot = selection.snapshot
    line_start = snapshot.lines.start_of(snapshot.lines.line_at(selection.start))
    indent = leading_whitespace(snapshot.text[line_start : selection.end])
    before = f"{snapshot.text[:line_start]}{indent}{snapshot.language.line_comment} "
    gap = Gap.between(snapshot.path, before, "\n" + snapshot.text[line_start : selection.end])
    prompt = build_prompt(gap, work.backend, work.settings, _MAX_COMMENT_TOKENS)
    return work.generate(
        GenerationRequest(
            prompt.ids,
            _MAX_COMMENT_TOKENS,
            healed_text=text_to_heal(before[line_start:]),
            end_ids=work.backend.info.end_ids | prompt.end_ids,
            stop_rules=(stop_at_line_end,),
            cancel=work.cancel,
        )
    )


def _is_phrase(text: str) -> bool:
    """Return whether a comment is prose: no code, no ruler, no repetition."""
    words = _WORD.findall(text)
    is_repeated = bool(words) and max(Counter(words).values()) > 2
    return text[:1].isalnum() and len(words) >= 3 and not _CODE.search(text) and not is_repeated


def _occurs_elsewhere(text: str, selection: Selection) -> bool:
    whole = selection.snapshot.text
    below = selection.text.split("\n")[_MOST_LINES_OF_HEAD:]  # comments there describe a part
    others = whole[: selection.start], whole[selection.end :], "\n".join(below)
    phrase = _plain(text)
    return any(phrase in _plain(other) for other in others)


def _plain(text: str) -> str:
    """Return the words of a text without comment marks and line ends."""
    return " ".join(["", *re.findall(r"\w+", text.lower()), ""])


def _names_something(text: str, code: str) -> bool:
    words = {word.lower() for word in _WORD.findall(text)} - _SMALL_WORDS
    known = {word[:_STEM_CHARS] for name in re.findall(r"\w+", code) for word in split_name(name)}
    return any(word[:_STEM_CHARS] in known for word in words)
