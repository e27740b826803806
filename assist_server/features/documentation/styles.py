"""Documentation conventions, and which one a file follows."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

_DEFAULT_PYTHON_STYLE = "google"

CODE_MARKS = {
    "google": ("`", "`"),
    "numpy": ("``", "``"),
    "sphinx": ("``", "``"),
    "epytext": ("C{", "}"),
    "javadoc": ("{@code ", "}"),
}
"""Marks around code by convention; Google's, as in Markdown, also where none is listed."""

_PYTHON_MARKS = {
    "numpy": re.compile(
        r"^[ \t]*(Parameters|Returns|Yields|Raises|Attributes|Other Parameters)[ \t]*:?"
        r"[ \t]*\n[ \t]*[-=~]{3,}",
        re.MULTILINE | re.IGNORECASE,
    ),
    "google": re.compile(
        r"^[ \t#*_]*(Args|Arguments|Param(?:eter)?s|Returns?|Yields?|Raises|Attributes"
        r"|Keyword Args)\**:\**[ \t]*$",
        re.MULTILINE | re.IGNORECASE,
    ),
    "sphinx": re.compile(
        r"^[ \t]*:(param|type|returns?|rtype|raises?|yields?|ivar|arg|key)\b[^:\n]*:", re.MULTILINE
    ),
    "epytext": re.compile(r"^[ \t]*@(param|type|return|rtype|raise|ivar)\b[^:\n]*:", re.MULTILINE),
}
_TYPED = re.compile(
    r"^[ \t]*(\*{0,2}\w+ \([^)\n]+\):|\w+ : \S|:type \w+:|:param \S+ \w+:|@type \w+:)", re.MULTILINE
)
_UNTYPED = re.compile(r"^[ \t]*(\*{0,2}\w+: |:param \w+:|@param \w+:)", re.MULTILINE)


@dataclass(frozen=True)
class PythonStyle:
    """Convention and layout of a file's docstrings."""

    name: str = _DEFAULT_PYTHON_STYLE
    quotes: str = '"""'
    is_typed: bool | None = None
    """Whether docstrings contain types; None if the file does not show it."""
    opens_with_newline: bool = False
    """Whether the summary begins on the line below the opening quotes."""
    returns_tag: str = "return"
    """Sphinx's two spellings of the same field."""
    summary_tells_result: bool = False
    """Whether the summary of one definition says what it returns, so that no section has to."""

    def shows_type(self, *, is_annotated: bool) -> bool:
        """Return whether to write a type: as the file does, else only where the code has none."""
        return self.is_typed if self.is_typed is not None else not is_annotated


def style_of(docstring: str) -> str | None:
    """Return the convention of a docstring's sections; None for one without sections."""
    counts = {name: len(mark.findall(docstring)) for name, mark in _PYTHON_MARKS.items()}
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] else None


def detect_python_style(docstrings: Sequence[str], wanted: str) -> PythonStyle:
    """Return the `wanted` style; for `auto`, that of most docstrings in a file.

    Quotes and layout follow the file in either case.

    Args:
        docstrings: The docstrings as written, with quotes.
        wanted: The name of a style, or `auto`.
    """
    votes = Counter(name for text in docstrings if (name := style_of(text)))
    followed = votes.most_common(1)[0][0] if votes else _DEFAULT_PYTHON_STYLE
    typed = sum(len(_TYPED.findall(text)) for text in docstrings)
    untyped = sum(len(_UNTYPED.findall(text)) for text in docstrings)
    long = [_body(text) for text in docstrings if "\n" in text]
    on_new_line = sum(text.lstrip(" \t").startswith("\n") for text in long)
    tags = Counter(re.findall(r":(returns?):", " ".join(docstrings)))
    return PythonStyle(
        name=followed if wanted == "auto" else wanted,
        quotes=_majority((_quotes(text) for text in docstrings), '"""'),
        is_typed=None if typed == untyped else typed > untyped,
        opens_with_newline=on_new_line * 2 > len(long),
        returns_tag=_majority(tags.elements(), "return"),
    )


def _majority(values: Iterable[str], default: str) -> str:
    counts = Counter(value for value in values if value)
    return counts.most_common(1)[0][0] if counts else default


def _quotes(docstring: str) -> str:
    """Return the triple quotes of a docstring; empty if it has single ones."""
    found = re.match(r"\w*(\"\"\"|''')", docstring)
    return found[1] if found else ""


def _body(docstring: str) -> str:
    return re.sub(r"^\w*(\"\"\"|''')", "", docstring)


@dataclass(frozen=True)
class CommentStyle:
    """Convention and layout of documentation comments in a language or file."""

    name: str
    opening: str = "/**"
    margin: str = " * "
    closing: str = " */"
    mark: str = "@"
    brief: str = ""
    """Tag before a summary."""


_BLOCK_STYLES = {
    "javascript": CommentStyle("jsdoc"),
    "typescript": CommentStyle("tsdoc"),
    "tsx": CommentStyle("tsdoc"),
    "java": CommentStyle("javadoc"),
    "c": CommentStyle("doxygen"),
    "cpp": CommentStyle("doxygen"),
    "rust": CommentStyle("rustdoc", opening="", margin="/// ", closing=""),
    "go": CommentStyle("godoc", opening="", margin="// ", closing=""),
    "lua": CommentStyle("luals", opening="", margin="--- ", closing=""),
}


def detect_comment_style(text: str, language_id: str) -> CommentStyle:
    """Return the comment style of a language, adapted to the preferences of the text."""
    style = _BLOCK_STYLES[language_id]
    if style.name == "doxygen":
        return _detect_doxygen(text, style)
    if style.name == "luals" and len(re.findall(r"^\s*-- @\w", text, re.MULTILINE)) > len(
        re.findall(r"^\s*---\s?@\w", text, re.MULTILINE)
    ):
        return replace(style, name="ldoc", margin="-- ")
    return style


def _detect_doxygen(text: str, style: CommentStyle) -> CommentStyle:
    # A line comment repeats its mark on every line; four lines count as one comment.
    weights = {"/**": 1.0, "/*!": 1.0, "///": 0.25, "//!": 0.25}
    openings = {
        opening: weight
        * len(re.findall(rf"^[ \t]*{re.escape(opening)}(?![/*!<])", text, re.MULTILINE))
        for opening, weight in weights.items()
    }
    best = max(openings, key=lambda opening: openings[opening])
    tags = Counter(re.findall(r"([@\\])(?:param|return|brief)\b", text))
    mark = tags.most_common(1)[0][0] if tags else "@"
    if best.startswith("//") and openings[best]:
        style = replace(style, opening="", margin=f"{best} ", closing="")
    elif openings[best]:
        style = replace(style, opening=best)
    uses_brief = text.count(f"{mark}brief ") * 2 > sum(openings.values()) > 0
    return replace(style, mark=mark, brief=f"{mark}brief " if uses_brief else "")
