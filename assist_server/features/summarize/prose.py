"""Summaries of prose by a model without a chat format: the first sentences of the text.

Authors begin with what matters; choosing sentences by the weight of their words scored lower.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.token import Token

from assist_server.context.selection import Selection
from assist_server.errors import InputError
from assist_server.features.summarize.facts import said
from assist_server.features.summarize.sentences import split_sentences

_MAX_SENTENCES, _SENTENCES_PER_SHOWN = 3, 6
"""At most three sentences, one for every six in the text."""

_MAX_READ = 20_000
"""The first sentences are within so many characters."""

_MIN_WORDS, _MIN_CHARS = 3, 5
_MAX_TITLE_CHARS = 200
_MAX_SENTENCE_CHARS = 600
_MAX_CHARS_OF_ONE = 1_200
"""What is longer is a table or a list without stops, no sentence."""

_STOPS = ".!?\u2026\u3002\uff01\uff1f\uff0e\uff61\u0964\u0965\u061f\u06d4\u0589\u1362\u104b"
_CLOSERS = "'\"\u201d\u2019\u00bb)\\]\u300d\u300f\uff09*_`"
_STOP = re.compile(f"[{_STOPS}][{_CLOSERS}]*$")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff\u4e00-\u9fff]")
"""Letters of languages without blanks between words."""

FRONT_MATTER = re.compile(
    r"\A\ufeff?(---|\+\+\+)[ \t]*\n(?:[^\n]*\n)*?(?:\1|\.\.\.)[ \t]*(?:\n|\Z)"
)
_LICENCE = re.compile(
    r"^\W*(?:copyright|\(c\)|\u00a9|spdx|licensed under|contributed by|this file is part of)"
    r"|\b(?:redistribute it|without any warranty|permission is hereby|all rights reserved"
    r"|you should have received a copy|under the terms of the gnu)",
    re.IGNORECASE,
)
_BLOCK_MARK = re.compile(r"\A(?:[-+*](?= )|>)")
"""It would make a sentence of plain text an item of a list, or a quotation, in Markdown."""
_MARKDOWN_FILES = re.compile(r"\.(?:md|markdown|mdx|rmd|qmd)$", re.IGNORECASE)


def extract(selection: Selection) -> str:
    """Return the first sentences of a text.

    Raises:
        InputError: they are not shorter than the text.
    """
    paragraphs = _paragraphs(selection)
    paragraphs = [one for one in paragraphs if not _LICENCE.search(one)] or paragraphs
    sentences = [sentence for one in paragraphs for sentence in split_sentences(one)]
    different = list(dict.fromkeys(filter(is_sentence, sentences)))
    count = min(_MAX_SENTENCES, 1 + len(dict.fromkeys(sentences)) // _SENTENCES_PER_SHOWN)
    shown = different[:count] or _title(paragraphs)
    if not shown or shown == sentences:
        raise InputError(
            "the selection is too short to be summarized; select more, or set `model` to one with "
            "a chat format"
        )
    blank = "" if _UNSPACED.search(shown[0]) else " "
    summary = blank.join(said(sentence, _MAX_SENTENCE_CHARS) for sentence in shown)
    return _BLOCK_MARK.sub(r"\\\g<0>", summary)


def parse_blocks(markdown: str) -> list[Token]:
    """Return the tokens of the blocks of a text, whose `inline` tokens have no children.

    To parse what is in them takes a time that grows with the square of the open brackets.
    """
    return MarkdownIt("commonmark").enable("table").disable("inline").parse(markdown)


def _paragraphs(selection: Selection) -> list[str]:
    """Return the paragraphs of prose in the selection, without front matter."""
    snapshot = selection.snapshot
    head = FRONT_MATTER.match(snapshot.text)
    start = max(selection.start, head.end() if head else 0)
    text = snapshot.text[start : min(selection.end, start + _MAX_READ)]
    if snapshot.language_id == "markdown" or _MARKDOWN_FILES.search(snapshot.path):
        tokens = parse_blocks(text)
        opens = ["", *(token.type for token in tokens)]
        return [
            token.content
            for token, opened in zip(tokens, opens, strict=False)
            if token.type == "inline" and opened == "paragraph_open"
        ]
    return [part for part in re.split(r"(?:\n[ \t]*){2,}", text) if part.strip()]


def is_sentence(text: str) -> bool:
    """Return whether a piece of text is a sentence, not a heading, number or item."""
    if text.startswith("#") or not _STOP.search(text) or len(text) > _MAX_CHARS_OF_ONE:
        return False
    if " | " in text:  # a row of a table
        return False
    if _UNSPACED.search(text):
        return len(text) >= _MIN_CHARS
    return len(text.split()) >= _MIN_WORDS


def _title(paragraphs: list[str]) -> list[str]:
    """Return the title of a text without sentences."""
    if len(paragraphs) < 2:
        return []
    title = " ".join(paragraphs[0].lstrip("# ").split())
    return [title] if 0 < len(title) <= _MAX_TITLE_CHARS else []
