"""Summaries of Markdown with sections: its headings, and the first sentence of each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it.token import Token

from assist_server.context.selection import Selection
from assist_server.features.summarize.facts import Fact, Facts, counted, said
from assist_server.features.summarize.prose import FRONT_MATTER, is_sentence, parse_blocks
from assist_server.features.summarize.sentences import split_sentences

_MAX_CHARS = 100_000
_MAX_OF_HEADING, _MAX_OF_PARAGRAPH = 500, 2_000
_LINKED_IMAGE = re.compile(r"\[?!\[[^\]]{0,300}\](?:\([^)]{0,600}\)|\[[^\]]{0,300}\])")
_LINK = re.compile(r"\[([^\[\]]{0,300})\](?:\([^)]{0,600}\)|\[[^\]]{0,300}\])")
_TAG = re.compile(r"<[^<>]{1,300}>")


@dataclass
class _Section:
    title: str
    level: int
    line: int
    """Line in the document."""
    sentence: str = ""
    content: int = 0
    """Number of paragraphs, items and blocks."""


def describe_markdown(selection: Selection) -> Facts | None:
    """Return the headings and what the sections begin with; None with fewer than two headings."""
    sections = list(_sections(selection))
    titled = [one for one in sections if one.title]
    if len(titled) < 2:
        return None
    lead = next((one.sentence for one in sections if one.sentence), "")
    top = [one for one in titled if one.level == min(each.level for each in titled)]
    title = top[0] if len(top) == 1 and top[0] is titled[0] else None
    inner = [one for one in titled if one is not title]
    shown = _shown(inner)
    return Facts(_headline(title, lead, inner), tuple(_fact(one, lead) for one in shown))


def _headline(title: _Section | None, lead: str, inner: list[_Section]) -> str:
    count = counted(len(inner), "section")
    named = f"{said(title.title, 100)}: " if title else ""
    if lead:
        return f"{named}{said(lead, 240)}"
    return f"{named}{count}." if named else f"Markdown with {count}."


def _shown(sections: list[_Section]) -> list[_Section]:
    """Return the sections of the highest levels, as many as a list should have."""
    levels = sorted({one.level for one in sections})
    shown: list[_Section] = []
    for level in levels:
        more = [one for one in sections if one.level <= level]
        if shown and len(more) > 12:
            break
        shown = more
    return shown


def _fact(section: _Section, lead: str) -> Fact:
    sentence = section.sentence if section.sentence != lead else ""
    return Fact(said(section.title, 80), section.line, said(sentence))


def _sections(selection: Selection) -> Iterator[_Section]:
    """Yield the text before the first heading, and each heading with what follows it."""
    snapshot = selection.snapshot
    head = FRONT_MATTER.match(snapshot.text)
    start = max(selection.start, min(head.end(), selection.end) if head else 0)
    text = snapshot.text[start : min(selection.end, start + _MAX_CHARS)]
    first_line = snapshot.lines.line_at(start) + 1
    section = _Section("", 0, first_line)
    opened, level = "", 0
    for token in parse_blocks(text):
        line = first_line + (token.map[0] if token.map else 0)
        if token.type == "inline" and opened == "heading_open":
            yield section
            section = _Section(_plain(token.content[:_MAX_OF_HEADING]), level, line)
        elif token.type == "inline":
            section.content += 1
            if opened == "paragraph_open" and not section.sentence:
                section.sentence = _first_sentence(token)
        elif token.type == "heading_open":
            level = int(token.tag[1:])
        opened = token.type
    yield section


def _first_sentence(token: Token) -> str:
    plain = _plain(token.content[:_MAX_OF_PARAGRAPH])
    return next((one for one in split_sentences(plain) if is_sentence(one)), "")


def _plain(text: str) -> str:
    """Return Markdown without images, the targets of links, and tags."""
    text = _LINKED_IMAGE.sub("", text)
    for _ in range(2):
        text = _LINK.sub(r"\1", text)
    return " ".join(_TAG.sub("", text).split())
