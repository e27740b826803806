"""Comments of the author inside a function: on all of it, or on a parameter."""

import re
from collections.abc import Iterator

import tree_sitter

from assist_server.syntax.facts.source import Source
from assist_server.syntax.facts.statements import own_statements
from assist_server.syntax.tree_walk import is_comment

_MARKS = re.compile(r"^\s*(?:#+|//+[/!]?|--+|/\*+[!*]?|\*(?!/))?[ \t]?|\s*\*+/\s*$")
_NOT_PROSE = re.compile(
    r"^(?:have to|needs? to|don'?t|no need|avoid|because|since|otherwise|unless|we |i |it |this "
    r"|if |when |in case )"
    r"|todo|fixme|xxx|hack|bug\b|noqa|type:|pragma|pylint|eslint|nolint|licen[cs]e|copyright|spdx"
    r"|https?:|clang-|\bnosec|@\w|prettier|istanbul|c8 |v8 |coverage|safety:|note\b|step \d",
    re.IGNORECASE,
)
_RETURNS = re.compile(r"[Rr]eturns? ")
_CODE = re.compile(r"[;{}=]|\w\(|->|=>|::|\)\s*$|^\W|\\")
_SENTENCE = re.compile(r"(?<=[^.\s]{2}[.!?])\s+(?=[A-Z])")
_MIN_WORDS = 3
_LONGEST_SENTENCE = 120
_STORED = re.compile(r"(?:self|this)(?:\.|->)_*\w+ ?= ?(?P<name>\w+);?")
_MIN_ABOUT_PARAMETER = 2
_DESCRIBES = re.compile(r"[A-Z]|(?:an?|the|if|whether|how|what|which|when|where|number|names?) ")
"""The beginning of a phrase that says what something is; others may be remarks."""


def opening_comment(source: Source) -> str | None:
    """Return the first sentence of a comment that opens a body and is about all of it.

    It is, if a blank line or a single statement follows; else it is about the next statement.
    """
    tree, text = source.tree, source.tree.text
    start = source.definition.header.end
    start += source.language not in {"python", "lua"}  # after the brace
    first = next(iter(own_statements(source)), None)
    end = tree.start(first) if first is not None else source.tree.end(source.body)
    lines = text[start:end].rstrip(" \t").removesuffix("\n").split("\n")
    begin = next((number for number, line in enumerate(lines[1:], 1) if line.strip()), None)
    if begin is None or lines[0].strip():
        return None
    block: list[str] = []
    while begin < len(lines) and lines[begin].strip():
        block.append(_MARKS.sub("", lines[begin]))
        begin += 1
    is_last = begin >= len(lines)
    is_single = len(own_statements(source)) == 1
    node = tree.node_at(start + len(lines[0]) + 1 + _indent(lines[1]))
    prose = " ".join(" ".join(block).split())
    is_about_next = is_last and not is_single and not _RETURNS.match(prose)
    return None if is_about_next or not is_comment(node) else _prose(prose)


def parameter_comments(source: Source) -> dict[str, str]:
    """Return the comments at the ends of lines that declare or store one parameter."""
    found: dict[str, str] = {}
    for node in _comments(source):
        start = source.tree.start(node)
        line = source.tree.text[source.tree.text.rfind("\n", 0, start) + 1 : start].strip()
        if start >= source.tree.start(source.body):
            stored = _STORED.fullmatch(line)
            names = [stored["name"]] if stored else []
        else:
            names = [name for name in source.parameters if re.search(rf"\b{name}\b", line)]
        text = " ".join(_MARKS.sub("", source.text(node).removesuffix("*/")).split())
        prose = _prose(text, _MIN_ABOUT_PARAMETER)
        if prose is None or not _DESCRIBES.match(prose):
            continue
        if len(names) == 1 and names[0] in source.parameters:
            found.setdefault(names[0], prose)
    return found


def _comments(source: Source) -> Iterator[tree_sitter.Node]:
    waiting = [source.body.parent or source.body]
    while waiting:
        node = waiting.pop()
        if is_comment(node):
            yield node
        waiting += reversed(node.named_children)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _prose(text: str, fewest_words: int = _MIN_WORDS) -> str | None:
    sentence = _SENTENCE.split(text, maxsplit=1)[0]
    words = re.findall(r"[^\W\d_]+", sentence)
    is_usable = len(words) >= fewest_words and not _NOT_PROSE.search(sentence)
    is_usable = is_usable and not _CODE.search(sentence) and not sentence.endswith((":", ","))
    return sentence if is_usable and len(sentence) <= _LONGEST_SENTENCE else None
