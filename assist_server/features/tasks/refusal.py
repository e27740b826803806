"""Why an answer must not be applied: checks of an edit that know nothing of the task."""

import re

from assist_server.features.tasks.place import Place
from assist_server.postprocess.unshowable import has_unshowable
from assist_server.syntax.definitions import Definition, find_definition
from assist_server.syntax.parser import SyntaxTree, adds_errors
from assist_server.syntax.tree_walk import program_nodes
from assist_server.text.edits import TextEdit, apply_edits
from assist_server.text.indentation import leading_whitespace

_ELLIPSIS = re.compile(r"(?:#|//|--|/\*)\s*(?:\.\.\.|\u2026)")
_REST = re.compile(
    r"\b(?:rest|remaining|remainder|existing|other)\b.{0,30}\b(?:code|unchanged|same)\b",
    re.IGNORECASE,
)
"""Words for what a model left out, in a comment or around the code."""

_REFUSAL = re.compile(
    r"\W*(?:(?:I'?m |I am )?(?:very |so )?sorry\b|I apologi[sz]e|as an AI\b"
    r"|I(?:'m| am)? (?:can(?:no|')t|can not|won't|will not|not able|unable|do not|don't) )",
    re.IGNORECASE,
)
_PREFACE = re.compile(
    r"\W*(?:here(?:'s| is| are)|sure|certainly|of course|okay|absolutely|below is)\b"
    r"[^\n]{0,120}(?::|!\s*$)",
    re.IGNORECASE | re.MULTILINE,
)
_LINE_START = re.compile(r"^[ \t]*(?=\S)", re.MULTILINE)


def why_not(answer: str, new_text: str, edit: TextEdit, place: Place) -> str:
    """Return why an edit must not be applied; empty if it may.

    Args:
        answer: All that the model wrote.
        new_text: The code or text in the answer.
        edit: What would be changed.
        place: What the task is about.
    """
    if reason := _why_not_the_words(answer, new_text, place):
        return reason
    snapshot = place.snapshot
    before = snapshot.syntax
    if before is None:
        return ""
    after = SyntaxTree(apply_edits(snapshot.text, [edit]), snapshot.language)
    if adds_errors(after, before):
        return "the answer would add a syntax error"
    if place.definition and not _is_defined(place.definition, after, edit, place.margin):
        return f"the answer does not define {place.definition.name!r}"
    if not place.is_code and program_nodes(after) != program_nodes(before):
        return "the answer would change code, not only the text of comments and strings"
    return ""


def _why_not_the_words(answer: str, new_text: str, place: Place) -> str:
    source = place.text
    straight = new_text.replace("\u2019", "'")
    for pattern, reason in ((_REFUSAL, "a refusal"), (_PREFACE, "a preface")):
        if pattern.match(straight) and not pattern.match(source):
            return f"the answer begins with {reason}"
    if not place.is_code:
        return ""
    if any(each.search(answer) and not each.search(source) for each in (_ELLIPSIS, _REST)):
        return "the answer seems to leave out a part of the code"
    if has_unshowable(new_text) and not has_unshowable(source):
        return "the answer contains invisible characters"
    return ""


def _is_defined(wanted: Definition, after: SyntaxTree, edit: TextEdit, margin: str) -> bool:
    """Return whether an edit holds a definition of the same name, kind and level."""
    starts = (edit.start + found.end() for found in _LINE_START.finditer(edit.new_text))
    return any(
        (found.name, found.kind, found.parent) == (wanted.name, wanted.kind, wanted.parent)
        and edit.start <= found.keyword < edit.start + len(edit.new_text)
        and _indentation(after.text, found.keyword) == margin
        for start in starts
        if (found := find_definition(after, start))
    )


def _indentation(text: str, offset: int) -> str:
    return leading_whitespace(text[text.rfind("\n", 0, offset) + 1 :].split("\n", 1)[0])
