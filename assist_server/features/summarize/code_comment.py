"""The model's comment on code, as it would stand above the code, if it is credible."""

import re
from collections import Counter

from assist_server.context.selection import Selection
from assist_server.engine.request import (
    FinishReason,
    Generation,
    GenerationRequest,
    stop_at_line_end,
)
from assist_server.features.documentation.words import split_name
from assist_server.features.infilling import Gap, build_prompt
from assist_server.features.summarize.sentences import is_boilerplate
from assist_server.features.summarize.support import unsupported
from assist_server.features.summarize.work import CONFIDENT_LOG_PROB, Work
from assist_server.text.identifiers import text_to_heal
from assist_server.text.indentation import leading_whitespace

_MAX_COMMENT_TOKENS = 32
_WORD = re.compile(r"[^\W\d_]{3,}")
_CODE = re.compile(r"[=(){}\[\]<>|\\_;@#$]|--|\.\w|/\s")
_STEM_CHARS = 4
"""Words with the same first letters count as forms of one word: read, reads, reading."""

_MAX_LINES_OF_HEAD = 3
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


def comment_on(selection: Selection, work: Work) -> str | None:
    """Return the model's comment as a sentence; None if it is not credible."""
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
    below = selection.text.split("\n")[_MAX_LINES_OF_HEAD:]  # comments there describe a part
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
