"""From what a chat model wrote to the code or text in it."""

import re
import textwrap

from assist_server.text.indentation import DEFAULT_INDENT, detect_indent_unit, leading_whitespace
from assist_server.text.newlines import with_line_feeds

_UNSAFE = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f"  # control characters except tabs and line feeds
    "\\u2028\\u2029"  # line ends to some editors and none to LSP
    "\\u202a-\\u202e\\u2066-\\u2069"  # change the direction and with it the look of a text
    "\\ud800-\\udfff\\ufeff]"  # halves of characters; marks of the byte order
)
_INDENTED = re.compile(r"^[ \t]+\S", re.MULTILINE)
_FENCE = re.compile(r"([ \t]*)(`{3,}|~{3,})(.*)")


def cleaned(text: str) -> str:
    """Return a text with line feeds, and without characters that could act on a terminal."""
    return _UNSAFE.sub("", with_line_feeds(text))


def extract_code(answer: str, source: str) -> str:
    """Return the code in an answer.

    It is the first fenced block that differs from the `source`, as models often quote that first;
    the whole answer, if it has no fence.
    """
    answer = _without_stray_fence(answer)
    blocks = [_without_blank_ends(block) for block in fenced_blocks(answer)]
    if not blocks:
        return _without_blank_ends(answer)
    known = source.split()
    return next((block for block in blocks if block.split() not in ([], known)), blocks[0])


def extract_text(answer: str, source: str) -> str:
    """Return the prose of an answer, without a fence around all of it that the source lacks."""
    answer = _without_stray_fence(answer).strip()
    lines = answer.split("\n")
    is_fenced = _FENCE.fullmatch(lines[0]) and not _FENCE.fullmatch(source.strip().split("\n")[0])
    blocks = fenced_blocks(answer) if is_fenced else []
    # All lines but those of the two fences:
    is_whole = len(blocks) == 1 and blocks[0].count("\n") >= len(lines) - 3
    return blocks[0].strip() if is_whole else answer


def fenced_blocks(markdown: str) -> list[str]:
    """Return the contents of the fenced blocks of a text; the last one may have no end.

    As in CommonMark, a block ends with a fence of the same character that is as long as its first.
    It is not further to the right, as that would be a part of the code, such as of a docstring.
    """
    blocks: list[list[str]] = []
    margin = fence = ""
    for line in markdown.split("\n"):
        match = _FENCE.fullmatch(line)
        if match and not fence and not (match[2][0] == "`" and "`" in match[3]):
            margin, fence = match[1], match[2]
            blocks.append([])
        elif match and fence and _closes(match, margin, fence):
            fence = ""
        elif fence:
            blocks[-1].append(line)
    return ["\n".join(block) for block in blocks]


def _closes(line: re.Match[str], margin: str, fence: str) -> bool:
    is_fence = line[2].startswith(fence) and not line[3].strip()
    return is_fence and len(line[1].expandtabs()) <= len(margin.expandtabs())


def is_whole(code: str, answer: str) -> bool:
    """Return whether an answer holds nothing but code and its fence."""
    lines = [line for line in answer.split("\n") if not _FENCE.fullmatch(line)]
    return "\n".join(lines).split() == code.split()


def indented(
    code: str, margin: str, document: str, within_strings: frozenset[int] = frozenset()
) -> str:
    """Return code with another margin, and with levels of indentation as in a document.

    Code that begins at the margin stays as it is: its lines further left are parts of strings.
    So do the lines `within_strings`, counted from 0, unless a model moved them with the rest: what
    the document has at the other margin moves back.
    """
    if margin and leading_whitespace(code) == margin:
        return code
    lines = code.split("\n")
    free = [line for n, line in enumerate(lines) if line.strip() and n not in within_strings]
    dedented = textwrap.dedent("\n".join(free))
    common = "\n".join(free).partition(dedented.partition("\n")[0])[0]
    own, unit, known = _unit(dedented), _unit(document), set(document.split("\n"))
    for n, line in enumerate(lines):
        rest = line.removeprefix(common)
        if n in within_strings:
            moved = margin + rest
            lines[n] = moved if moved in known and line not in known else line
        else:
            is_other = own and unit and own != unit
            rest = _in_unit(rest, own, unit) if is_other else rest
            lines[n] = margin + rest if rest.strip() else ""
    return "\n".join(lines)


def _unit(text: str) -> str:
    """Return one level of indentation in a text; empty if no line is indented."""
    return detect_indent_unit(text) if _INDENTED.search(text) else ""


def _in_unit(line: str, own: str, unit: str) -> str:
    white = leading_whitespace(line)
    levels, rest = divmod(len(white.expandtabs(len(DEFAULT_INDENT))), _columns(own))
    return unit * levels + " " * rest + line[len(white) :]


def _columns(unit: str) -> int:
    return len(unit.expandtabs(len(DEFAULT_INDENT)))


def _without_stray_fence(answer: str) -> str:
    """Return an answer without a fence at its end that closes nothing.

    Models that continue the fence around the source write one.
    """
    head, _, last = answer.rstrip().rpartition("\n")
    is_stray = _FENCE.fullmatch(last) and len(fenced_blocks(head)) < len(fenced_blocks(answer))
    return head if is_stray else answer


def _without_blank_ends(code: str) -> str:
    """Return code without blank lines at its ends; the indentation of its first line stays."""
    return re.sub(r"\A(?:[ \t]*\n)+", "", code).rstrip()
