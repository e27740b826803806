"""The gaps of a comment that an editor has laid out: tags with nothing said, no summary."""

import re
from collections.abc import Iterator

from assist_server.features.docstrings.comment_styles import CommentWriter
from assist_server.features.docstrings.comment_tags import Comment, Tag
from assist_server.features.docstrings.layout import Insertion, Line, Slot, has_words
from assist_server.features.docstrings.phrases import PhraseKind

_NAMELESS = re.compile(r"\s*(\{.*\})?[\s-]*")


def fill_gaps(text: str, comment: Comment, writer: CommentWriter) -> Iterator[Insertion]:
    """Yield the phrases that are missing where there is a place for them."""
    tags = [tag for tag in comment.tags if tag.is_structure]
    if comment.lines[0].startswith("/*") and tags:
        yield from _summary(comment, tags[0], writer)
    for tag in tags:
        if tag.first == tag.last and (slot := _slot(comment.lines[tag.first], tag, writer)):
            is_closing = "*/" in comment.lines[tag.last]
            end = comment.end if is_closing else comment.line_ends[tag.last]
            start = end - len(text[:end]) + len(text[:end].rstrip())
            yield Insertion(start, end, (slot,))


def _summary(comment: Comment, first: Tag, writer: CommentWriter) -> Iterator[Insertion]:
    """The summary on the empty line above the first tag, if nothing is said there."""
    if first.first < 2 or has_words("".join(comment.lines[: first.first])):
        return
    start = comment.line_ends[0] + 1
    lines: list[Line] = [writer.summary()]
    if first.first == 2:
        lines.append(writer.blank)
    yield Insertion(start, comment.line_ends[1], tuple(lines))


def _slot(line: str, tag: Tag, writer: CommentWriter) -> Slot | None:
    """What is to be said about a tag that says nothing."""
    said = line.partition(tag.word)[2].removesuffix("*/").rstrip(" *")
    dash = "" if said.endswith("-") or writer.style.name not in {"jsdoc", "tsdoc"} else " -"
    if tag.word in {"return", "returns"} and writer.definition.returns_value:
        if not _NAMELESS.fullmatch(said):
            return None
        returns = writer.definition.returns or ""
        return writer.slot(PhraseKind.RETURNS, returns, " ")
    known = {one.name for one in writer.definition.parameters}
    name = tag.names[0] if len(tag.names) == 1 else ""
    if name not in known or tag.is_kernel:
        return None
    found = re.search(rf"(?<![\w$]){re.escape(name)}(?![\w$])", said)
    if found is None or said[found.end() :].strip(" ]-"):
        return None
    return writer.slot(PhraseKind.PARAMETER, name, f"{dash} ")
