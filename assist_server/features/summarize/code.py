"""Summaries of code: its purpose, its definitions, what it imports, and where it starts."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath

from assist_server.context.selection import Selection
from assist_server.context.snapshot import Snapshot
from assist_server.features.summarize.facts import MAX_LISTED, Fact, Facts, listed, quoted
from assist_server.features.summarize.lexed_outline import opening_comment, outline
from assist_server.features.summarize.sentences import opening_sentence
from assist_server.syntax.comment_marks import find_comment_marks
from assist_server.syntax.definition import Definition, Kind
from assist_server.syntax.definitions import find_definitions
from assist_server.syntax.imports import find_imports
from assist_server.syntax.parser import SyntaxTree
from assist_server.text.newlines import split_lines

_MAX_CHARS = 500_000
_MAX_IMPORTS = 6
_MIN_WORDS = 2
"""A shorter comment at a file's top is its name."""

_MODULE_DOCSTRING = re.compile(r'(?:\s|#[^\n]*\n)*[rR]?("""|\'\'\')(.*?)\1', re.DOTALL)
_PYTHON_MAIN = re.compile(r"^if __name__ == ['\"]__main__['\"]", re.MULTILINE)
_EXPORTED = {
    "javascript": re.compile(r"\bexport\b"),
    "typescript": re.compile(r"\bexport\b"),
    "tsx": re.compile(r"\bexport\b"),
    "rust": re.compile(r"\bpub\b"),
    "java": re.compile(r"\bpublic\b"),
}
_MAIN_LANGUAGES = frozenset(["go", "rust", "java", "c", "cpp"])


def describe_code(selection: Selection) -> Facts:
    """Return the facts of code; the headline is its own documentation, or a count."""
    tree = _tree(selection)
    if tree is None:
        return _without_tree(selection)
    found = find_definitions(tree, selection.start, selection.end)
    count = _count(selection, found)
    purpose = _purpose(selection, found)
    extras = [*_entry_points(selection, found), *_imports(selection, tree)]
    shown = _public_first(selection, found)[: MAX_LISTED - len(extras)]
    items = [_item(selection.snapshot, one, purpose) for one in shown]
    headline = f"{purpose} ({count.rstrip('.')})" if purpose else count
    left_out = len(found) - len(shown)
    return Facts(headline, (*items, *extras), left_out, says_purpose=bool(purpose))


def _purpose(selection: Selection, found: list[Definition]) -> str:
    """Return the first sentence of a module's documentation, or of its only outer definition's."""
    sentence = _head_sentence(selection, found)
    if len(sentence.split()) >= _MIN_WORDS:
        return sentence
    outer = [one for one, place in zip(found, _places(found), strict=True) if place.is_outer]
    place = outer[0].documentation if len(outer) == 1 else None
    return opening_sentence(selection.snapshot.text[place.start : place.end]) if place else ""


def _head_sentence(selection: Selection, found: list[Definition]) -> str:
    """Return the first sentence above a file's code, if the selection begins there."""
    if selection.snapshot.text[: selection.start].strip():
        return ""
    if selection.snapshot.language.id == "python":
        docstring = _MODULE_DOCSTRING.match(selection.text[:20_000].lstrip("\ufeff"))
        return opening_sentence(docstring[2]) if docstring else ""
    documented = {
        _plain(selection.snapshot.text[one.documentation.start : one.documentation.end])
        for one in found
        if one.documentation
    }
    comment = opening_comment(selection, is_other=lambda text: _plain(text) not in documented)
    return opening_sentence(comment)


def _plain(text: str) -> str:
    return " ".join(text.split())


def _tree(selection: Selection) -> SyntaxTree | None:
    snapshot = selection.snapshot
    if snapshot.language.grammar is None:
        return None
    if len(snapshot.text) <= _MAX_CHARS:
        return snapshot.syntax
    end = min(selection.end, selection.start + _MAX_CHARS)
    return SyntaxTree(snapshot.text, snapshot.language, selection.start, end)


def _without_tree(selection: Selection) -> Facts:
    """Return the facts of code without a grammar, by its comments and its highlighting."""
    purpose = ""
    if not selection.snapshot.text[: selection.start].strip():
        purpose = opening_sentence(opening_comment(selection))
        purpose = purpose if len(purpose.split()) >= _MIN_WORDS else ""
    items = [Fact(quoted(name), line) for name, line in outline(selection)]
    count = _count(selection, [])
    headline = f"{purpose} ({count.rstrip('.')})" if purpose else count
    return Facts(headline, tuple(items), says_purpose=bool(purpose))


def _count(selection: Selection, found: list[Definition]) -> str:
    count = len(split_lines(selection.text))
    what = f"{count:,} line{'s' * (count != 1)} of {language_name(selection.snapshot)}"
    if not found:
        return f"{what}."
    kinds = Counter(definition.kind.value for definition in found)
    counted = ", ".join(
        f"{n} {kind}{'' if n == 1 else 'es' if kind.endswith('s') else 's'}"
        for kind, n in kinds.items()
    )
    return f"{what}: {counted}."


def language_name(snapshot: Snapshot) -> str:
    """Return the display name of a document's language."""
    marks = find_comment_marks(snapshot.language_id, snapshot.path)
    return marks.name if marks else snapshot.language.id.capitalize()


@dataclass(frozen=True)
class _Place:
    """The place of a definition among the others."""

    is_outer: bool
    is_local: bool
    """Whether it is within a function."""


def _places(found: list[Definition]) -> list[_Place]:
    places: list[_Place] = []
    around: list[Definition] = []
    for one in found:
        while around and around[-1].span.end <= one.span.start:
            around.pop()
        places.append(_Place(not around, any(other.is_callable for other in around)))
        around.append(one)
    return places


def _public_first(selection: Selection, found: list[Definition]) -> list[Definition]:
    """Return public definitions before others; outer ones before inner ones if there are many."""
    is_long = len(found) > MAX_LISTED
    has_exports = any(_is_exported(selection, one) for one in found)

    def rank(pair: tuple[Definition, _Place]) -> tuple[bool, bool, bool]:
        one, place = pair
        is_named_private = one.name.startswith("_") and one.kind is not Kind.CONSTRUCTOR
        is_private = is_named_private or (one.parent or "").startswith("_")
        is_hidden = has_exports and place.is_outer and not _is_exported(selection, one)
        return place.is_local, is_private or is_hidden, is_long and not place.is_outer

    return [one for one, _ in sorted(zip(found, _places(found), strict=True), key=rank)]


def _is_exported(selection: Selection, one: Definition) -> bool:
    """Return whether a definition is marked as public, in languages that do so."""
    language = selection.snapshot.language.id
    if language == "go":
        return one.name[:1].isupper()
    header = selection.snapshot.text[one.header.start : one.header.end][:300]
    if language in {"c", "cpp"}:
        return not header.startswith("static ")
    exported = _EXPORTED.get(language)
    return exported is not None and exported.search(header) is not None


def _item(snapshot: Snapshot, definition: Definition, purpose: str) -> Fact:
    names = ", ".join(parameter.stars + parameter.name for parameter in definition.parameters)
    signature = f"{definition.name}({names})" if definition.is_callable else definition.name
    line = snapshot.lines.line_at(definition.keyword) + 1
    place = definition.documentation
    sentence = opening_sentence(snapshot.text[place.start : place.end]) if place else ""
    detail = "" if sentence == purpose else sentence
    return Fact(f"{definition.kind.value} `{signature}`", line, detail)


def _entry_points(selection: Selection, found: list[Definition]) -> Iterator[Fact]:
    if selection.snapshot.language.id == "python":
        if main := _PYTHON_MAIN.search(selection.text):
            yield Fact("runs as a program", selection.line_at(main.start()))
        return
    if selection.snapshot.language.id in _MAIN_LANGUAGES:
        for one in found:
            if one.name == "main" and one.is_callable:
                line = selection.snapshot.lines.line_at(one.keyword) + 1
                yield Fact("runs as a program", line)
                return


def _imports(selection: Selection, tree: SyntaxTree) -> Iterator[Fact]:
    """Yield the packages of others that are imported, as one fact."""
    found = find_imports(tree, selection.start, selection.end)
    own = PurePath(selection.snapshot.path).parts
    names = [one for one in dict.fromkeys(one.package for one in found) if one not in own]
    if not names:
        return
    left = len(names) - _MAX_IMPORTS
    shown = [quoted(name, 60) for name in names[:_MAX_IMPORTS]]
    text = listed([*shown, f"{left} more"] if left > 0 else shown)
    yield Fact(f"uses {text}", selection.snapshot.lines.line_at(found[0].start) + 1)
