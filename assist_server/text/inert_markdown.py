"""Markdown from a text or a model in which nothing is loaded, and no link leads anywhere.

An image is loaded when it is shown, and tells its server so; a link may run an editor's command.
"""

import re

_CODE_SPAN = re.compile(r"(?<![`\\])(`+)(?!`).*?(?<!`)\1(?!`)")
_ACTIVE = re.compile(
    r"(\\*)(<(?=[A-Za-z/!?])|`)"  # tags, links in angles, and the code spans that may hide them
    r"|\](?=[(:])"  # links, images, and definitions of links
)
_FENCE = re.compile(r"(`{3,})[^`]*|(~{3,}).*")


def inert_line(line: str) -> str:
    """Return a line without links, images and tags; what is in code spans stays."""
    if "`" in _CODE_SPAN.sub("", line):  # the rest of a paragraph might pair it with another
        return _escaped(line)
    parts, end = [], 0
    for span in _CODE_SPAN.finditer(line):
        parts += [_escaped(line[end : span.start()]), span[0]]
        end = span.end()
    return "".join([*parts, _escaped(line[end:])])


def inert_document(markdown: str) -> str:
    """Return Markdown without links, images and tags; what is between fences stays.

    Only a fence at the start of a line counts: one in a list may end with the list.
    """
    lines, fence = [], ""
    for line in markdown.split("\n"):
        if fence:
            lines.append(line)
            is_end = re.fullmatch(rf" {{0,3}}{fence}{fence[0]}*[ \t]*", line)
            fence = "" if is_end else fence
        elif found := _FENCE.fullmatch(line):
            lines.append(line)
            fence = found[1] or found[2]
        else:
            lines.append(inert_line(line))
    return "\n".join(lines)


def _escaped(text: str) -> str:
    return _ACTIVE.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    if found[2] is None:
        return "]\\"
    return found[0] if len(found[1]) % 2 else f"{found[1]}\\{found[2]}"
