"""The parameters that documentation describes, found by independent parsers.

The edits are planned with this project's own parsers. Checks with the same parsers would repeat
their mistakes, so here Python docstrings are read by the library docstring_parser, and comments by
a scanner of characters.
"""

import inspect
import re
from collections import Counter
from collections.abc import Collection

import docstring_parser
from docstring_parser import DocstringStyle

_STYLES = {
    "google": DocstringStyle.GOOGLE,
    "numpy": DocstringStyle.NUMPYDOC,
    "sphinx": DocstringStyle.REST,
    "epytext": DocstringStyle.EPYDOC,
}
_LITERAL = re.compile(r"[rRuU]?(\"{3}|'{3}|\"|')(.*)\1", re.DOTALL)
_PARAMETER_TAGS = frozenset({"param", "arg", "argument", "parameter"})
_OPENERS, _CLOSERS = "{[(<", "}])>"


def in_docstring(literal: str, style: str) -> Counter[str]:
    """Return how often a string literal describes each parameter in one convention."""
    found = _LITERAL.fullmatch(literal.strip())
    if found is None or style not in _STYLES:
        return Counter()
    try:
        parsed = docstring_parser.parse(inspect.cleandoc(found[2]), _STYLES[style])
    except (docstring_parser.ParseError, ValueError, KeyError, IndexError):
        return Counter()
    return Counter(
        name.strip(" *\\`+-\u2022")
        for one in parsed.params
        if one.args[0] != "attribute"
        for name in one.arg_name.split(",")
    )


def docstring_styles() -> tuple[str, ...]:
    """Return the conventions that can be parsed."""
    return tuple(_STYLES)


def first_words(text: str, names: Collection[str]) -> Counter[str]:
    """Return how many lines begin with each name and continue like an entry.

    This needs no convention, so it also finds what the parser of a convention misses.
    """
    counts: Counter[str] = Counter()
    for line in text.splitlines():
        bare = line.strip(" \t/*!#-+•\\`:\"'@")
        word, rest = _take_word(bare)
        mark = rest.lstrip("`*_ \t")[:1]
        is_call = mark == "(" and not rest[:1].isspace()
        if word in names and not is_call and mark in {":", "(", "-", "\u2013", "\u2014"}:
            counts[word] += 1
    return counts


def in_comment(comment: str, names: Collection[str]) -> Counter[str]:
    """Return how often a documentation comment describes each parameter."""
    counts: Counter[str] = Counter()
    text = "\n".join(_bare(line) for line in comment.splitlines())
    place = 0
    while place < len(text):
        end = text.find("\n", place)
        end = len(text) if end < 0 else end
        if text[place : place + 1] in {"@", "\\"}:
            counts.update(_tagged(text[place + 1 :], names))
        elif text[place : place + 1] == "`":
            counts.update([_take_word(text[place + 1 : end])[0]])
        place = end + 1
    return counts


def _bare(line: str) -> str:
    """Return a line of a comment without its marks and bullets."""
    bare = line.strip().removesuffix("*/").strip()
    for mark in ("/**", "/*!", "///", "//!", "//", "---", "--", "*"):
        if bare.startswith(mark):
            bare = bare[len(mark) :].lstrip()
            break
    return bare[2:].lstrip() if bare[:3] in {"* `", "- `"} else bare


def _tagged(text: str, names: Collection[str]) -> list[str]:
    """Return the parameters of the tag at the start of a text."""
    word, rest = _take_word(text)
    if rest[:1] == ":" and word in names:  # kernel-doc
        return [word]
    if word not in _PARAMETER_TAGS:
        typed = rest.partition("\n")[0].split()[:2] if word == "tparam" else ()
        return [name for name in typed[1:] if name in names]
    rest = _past_group(rest) if rest[:1] == "[" else rest
    rest = rest.lstrip()
    rest = (_past_group(rest) if rest[:1] == "{" else rest).lstrip(" \t\n[*&`")
    return _listed(rest, names)


def _listed(text: str, names: Collection[str]) -> list[str]:
    """Return the names before a description, separated by commas."""
    if text.startswith("...") and not text[3:4].isalnum():
        return ["..."]
    name, rest = _take_word(text.lstrip("."))
    is_part = rest[:1] in {".", "["} and _take_word(rest[1:].lstrip("].["))[0]
    if not name or is_part:
        return []  # a part of a parameter
    rest = rest.lstrip(" `?")
    more = _take_word(rest[1:].lstrip(" .`"))[0] if rest[:1] == "," else ""
    return [name, *(_listed(rest[1:].lstrip(" .`"), names) if more in names else [])]


def _take_word(text: str) -> tuple[str, str]:
    length = 0
    while length < len(text) and (text[length].isalnum() or text[length] in "_$"):
        length += 1
    return text[:length], text[length:]


def _past_group(text: str) -> str:
    """Return the text after the brackets at its start."""
    depth = 0
    for place, character in enumerate(text):
        is_arrow = character == ">" and text[place - 1 : place] in {"=", "-"}
        depth += (character in _OPENERS) - (character in _CLOSERS and not is_arrow)
        if not depth:
            return text[place + 1 :]
    return text
