"""The tags of a documentation comment that somebody has written."""

import re
from dataclasses import dataclass

from assist_server.syntax.definition import Span

_TAG = re.compile(r"(?P<margin>[\s/*!-]*)(?P<mark>[@\\])(?P<word>[a-zA-Z]+)(?P<rest>.*)")
_PARAMETER = re.compile(
    r"(\s*\[[\w,\s]*\])?\s+(\{[^}]*\}\s*)?\[?(?P<names>\.\.\.|[\w$.]+(\s*,\s*[\w$.]+)*)"
)
_RUST_ARGUMENT = re.compile(r"[\s/*!]*[*-] `(?P<name>\w+)`")
_CLOSING = re.compile(r"[\s*]*\*/$")
_PROSE_TAGS = frozenset({"brief", "summary", "description", "desc", "inheritdoc"})


@dataclass(frozen=True)
class Tag:
    """A tag and the lines that it takes, from `first` to `last`."""

    word: str
    mark: str
    margin: str
    names: tuple[str, ...]
    """What a tag about parameters names."""
    first: int
    last: int

    @property
    def is_parameter(self) -> bool:
        """Whether the tag describes a parameter."""
        return self.word in {"param", "arg", "argument"}

    @property
    def is_structure(self) -> bool:
        """Whether the tag is about a part of the definition, not its summary."""
        return self.word not in _PROSE_TAGS


@dataclass(frozen=True)
class Comment:
    """One documentation comment in the source, as lines."""

    span: Span
    end: int
    """Offset behind the last character of its text, what closes it left out."""
    lines: tuple[str, ...]
    line_ends: tuple[int, ...]
    tags: tuple[Tag, ...]

    def end_of(self, line: int) -> int:
        """Offset where a new line can be added below `line`."""
        return min(self.line_ends[line], self.end)


def read_comment(text: str, span: Span) -> Comment:
    """The comment at a place."""
    source = text[span.start : span.end]
    closing = _CLOSING.search(source) if source.startswith("/*") else None
    start, lines, ends = span.start, [], []
    for line in source.split("\n"):
        lines.append(line.removesuffix("\r"))
        ends.append(start + len(lines[-1]))
        start += len(line) + 1
    end = span.start + closing.start() if closing else span.end
    return Comment(span, end, tuple(lines), tuple(ends), _read_tags(lines))


def parameter_names(comment: Comment) -> list[str]:
    """The names of the described parameters, parts of them left out."""
    tagged = [name for tag in comment.tags if tag.is_parameter for name in tag.names]
    listed = [found["name"] for line in comment.lines if (found := _RUST_ARGUMENT.match(line))]
    return [name for name in (*tagged, *listed) if name == "..." or "." not in name]


def _read_tags(lines: list[str]) -> tuple[Tag, ...]:
    tags: list[Tag] = []
    for number, line in enumerate(lines):
        found = _TAG.match(line)
        if found is None:
            continue
        parameter = _PARAMETER.match(found["rest"])
        names = re.split(r"\s*,\s*", parameter["names"]) if parameter else []
        last = _last_line(lines, number)
        tag = Tag(found["word"], found["mark"], found["margin"], tuple(names), number, last)
        tags.append(tag)
    return tuple(tags)


def _last_line(lines: list[str], first: int) -> int:
    """The last line of a tag: before the next tag, an empty line or the comment's end."""
    last = first
    for number in range(first + 1, len(lines)):
        if _TAG.match(lines[number]) or not lines[number].strip(" \t/*!-"):
            break
        last = number
    return last
