"""Answers that people wrote: the documentation of code, and the short text of a pair.

A small model's own answers preserve its chat, but many are wrong. What people wrote about a text is
mostly right, so from it a model learns to say what is there. The requests are those of `answers`.
"""

import random
import re
from collections.abc import Iterator, Sequence
from textwrap import dedent

from assist_server.syntax.definition import Span
from assist_server.syntax.definitions import find_definitions
from assist_server.syntax.documentation import inner_documentation, module_documentation
from assist_server.syntax.languages import language_for
from assist_server.syntax.parser import SyntaxTree
from assist_server.training.data.documents import Document
from assist_server.training.examples.answers import (
    MAX_TEXT_CHARS,
    Answer,
    Request,
    rejection_reason,
    requests_about,
    whole_lines,
)

_OF_FILE = 0.25
"""Share of files that are asked about as a whole, if they have documentation of their own."""
_MIN_CODE_LINES = 2
_MAX_DRAWS = 4
"""Definitions to draw until one has suitable documentation."""
_MARKS = re.compile(r"^[ \t]*(?:\*+(?!\*)/?|//+!?|--+|#+)?[ \t]?", re.MULTILINE)
"""Comment marks at the beginning of a line."""
_LAST_MARK = re.compile(r"[ \t]*(?:[rRuU]?(?:\"{3}|'{3})|/\*+!?)[ \t]*\n\Z")
_FIRST_MARK = re.compile(r"\A[ \t]*(?:\"{3}|'{3}|\*+/)[ \t]*\n")
_SECTION = re.compile(
    r"\n\s*\n|^\s*(?:[@:]\w|\\\w|[A-Z]\w+:\s*$|-{3,}|={3,}|\.\. |[-*] |>>>)", re.MULTILINE
)
"""The end of the first paragraph: a blank line, a tag, a title, a list or an example."""
_NO_PROSE = re.compile(r"https?:|::|>>>|[{}<>\\]|\bTODO\b|\bFIXME\b|@\w")


def written_answers(documents: Sequence[Document], seed: int) -> Iterator[Answer]:
    """Yield suitable answers about training documents, at most one each, in a random order.

    The order and the choice within a document are determined by the seed.
    """
    rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
    order = [document for document in documents if document.origin.split == "train"]
    rng.shuffle(order)
    for document in order:
        found = (
            _about_text(document) if document.origin.kind == "pair" else _about_code(document, rng)
        )
        if found is None:
            continue
        text, answer = found
        origin = f"{document.origin.distribution}/{document.origin.path}"
        is_code = document.origin.kind == "code"
        request = Request(origin, rng.choice(requests_about(document, is_code=is_code)), text)
        if rejection_reason(request, answer) is None:
            yield Answer(origin, request.message, answer)


def _about_text(document: Document) -> tuple[str, str]:
    short, _, long = document.text.partition("\n")
    answer = short.strip()
    answer = answer[:1].upper() + answer[1:]
    return long.strip()[:MAX_TEXT_CHARS], answer if answer.endswith((".", "!")) else f"{answer}."


def _about_code(document: Document, rng: random.Random) -> tuple[str, str] | None:
    """Return code without its documentation, and the first paragraph of that; or None."""
    language = language_for(path=document.origin.path)
    if language.grammar is None:
        return None
    tree = SyntaxTree(document.text, language)
    of_file = module_documentation(tree)
    if of_file is not None and rng.random() < _OF_FILE:
        answer = _first_paragraph(tree.text[of_file.start : of_file.end])
        if answer:
            return whole_lines(_without_lines(tree.text, of_file)), answer
    found = [each for each in find_definitions(tree, 0, len(tree.text)) if each.documentation]
    for definition in rng.sample(found, min(_MAX_DRAWS, len(found))):
        span = definition.documentation
        inner = span and inner_documentation(tree.text, span)
        if span is None or inner is None:
            continue
        answer = _first_paragraph(tree.text[inner.start : inner.end])
        code = _without(tree.text, definition.span, span)
        if answer and code.count("\n") >= _MIN_CODE_LINES:
            return whole_lines(code), answer
    return None


def _without(text: str, whole: Span, part: Span) -> str:
    """Return the text of a span without the lines of a part of it, and without its indentation."""
    if not whole.start <= part.start < part.end <= whole.end:
        return dedent(_line_start(text, whole.start) + text[whole.start : whole.end])
    before = text[whole.start : part.start].rstrip(" \t")
    after = text[part.end : whole.end].removeprefix("\n")
    return dedent(_line_start(text, whole.start) + before + after)


def _without_lines(text: str, part: Span) -> str:
    """Return a text without the lines of a part, which are those of a comment or docstring."""
    start = text.rfind("\n", 0, part.start) + 1
    end = text.find("\n", part.end)
    before, after = text[:start], text[end + 1 :] if end >= 0 else ""
    # The marks may be on lines of their own.
    return _LAST_MARK.sub("", before) + _FIRST_MARK.sub("", after)


def _line_start(text: str, offset: int) -> str:
    """Return the indentation before an offset."""
    indentation = text[text.rfind("\n", 0, offset) + 1 : offset]
    return indentation if indentation.isspace() else ""


def _first_paragraph(documentation: str) -> str:
    """Return the first paragraph on one line, as a sentence; empty if it is not prose."""
    plain = _MARKS.sub("", documentation).strip()
    end = _SECTION.search(plain)
    prose = " ".join(plain[: end.start() if end else None].split())
    if not prose or _NO_PROSE.search(prose) or not prose[0].isalpha():
        return ""
    return prose if prose.endswith((".", "!")) else f"{prose}."
