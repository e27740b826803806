"""The comment that a model would write above code, where it can be believed."""

import re
from collections import Counter

from assist_server.engine.request import (
    FinishReason,
    Generation,
    GenerationRequest,
    stop_at_line_end,
)
from assist_server.features.docstrings.words import split_name
from assist_server.features.infilling import Gap, build_prompt
from assist_server.features.summaries.boilerplate import is_boilerplate
from assist_server.features.summaries.work import Selection, Work
from assist_server.text.identifiers import text_to_heal
from assist_server.text.indentation import leading_whitespace

_MAX_COMMENT_TOKENS = 32
_CONFIDENT_LOG_PROB = -0.8
"""Mean natural log-probability per token from which a model's comment is believed."""

_WORD = re.compile(r"[^\W\d_]{3,}")
_CODE = re.compile(r"[=(){}\[\]<>|\\_;@#$]|--|\.\w|/\s")
_STEM_CHARS = 4
"""Words that begin alike are taken for forms of one word: read, reads, reading."""

_MOST_LINES_OF_HEAD = 3
"""How far below its beginning code may say of itself what it does."""

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


def write_headline(selection: Selection, work: Work) -> str | None:
    """Have the model write the comment above the code; None where it is not to be believed."""
    work.report("reading the code")
    generation = _write_comment(selection, work)
    text = generation.text.strip()
    log_prob = generation.mean_log_prob
    if (
        generation.finish_reason is FinishReason.MAX_NEW_TOKENS
        or log_prob is None
        or log_prob < _CONFIDENT_LOG_PROB
        or not is_headline(text, selection)
    ):
        return None
    return text[0].upper() + text[1:].rstrip(".") + "."


def is_headline(text: str, selection: Selection) -> bool:
    """Tell whether a text is words about the selected code.

    Licences, authors and words to tools are not, nor what stands elsewhere in the file: there it
    is about something else. A small model's falsehoods seldom name anything that the code names.
    """
    return (
        _is_phrase(text)
        and not is_boilerplate(text)
        and not _stands_elsewhere(text, selection)
        and _names_something(text, selection.text)
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
    """Tell whether a comment reads like words: no code, no ruler, no loop."""
    words = _WORD.findall(text)
    is_repeated = bool(words) and max(Counter(words).values()) > 2
    return text[:1].isalnum() and len(words) >= 3 and not _CODE.search(text) and not is_repeated


def _stands_elsewhere(text: str, selection: Selection) -> bool:
    whole = selection.snapshot.text
    below = selection.text.split("\n")[_MOST_LINES_OF_HEAD:]  # there it is about a part
    others = whole[: selection.start], whole[selection.end :], "\n".join(below)
    said = _plain(text)
    return any(said in _plain(other) for other in others)


def _plain(text: str) -> str:
    """Return the words of a text in a row; marks of comments and line ends do not count."""
    return " ".join(["", *re.findall(r"\w+", text.lower()), ""])


def _names_something(text: str, code: str) -> bool:
    said = {word.lower() for word in _WORD.findall(text)} - _SMALL_WORDS
    known = {word[:_STEM_CHARS] for name in re.findall(r"\w+", code) for word in split_name(name)}
    return any(word[:_STEM_CHARS] in known for word in said)
