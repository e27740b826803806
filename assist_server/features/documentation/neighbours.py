"""Documentation elsewhere in the file: of the same parameter, or of the overridden method."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from assist_server.features.documentation.comments.tags import read_comment
from assist_server.features.documentation.phrases import (
    PLACEHOLDER,
    PhraseKind,
    PhraseRequest,
)
from assist_server.features.documentation.plausibility import content_words, stems
from assist_server.features.documentation.python.sections import (
    Role,
    read_docstring,
    read_sections,
)
from assist_server.features.documentation.styles import style_of
from assist_server.syntax.definition import Definition, Kind, ParameterKind
from assist_server.syntax.definitions import all_definitions
from assist_server.syntax.exceptions import base_classes
from assist_server.syntax.parser import SyntaxTree

_MIN_PLACES = 2
_LONGEST = 160
_SENTENCE_END = re.compile(r"(?<=[^.\s]{2}[.!?])\s+(?=[A-Z`])")
_HEAD = r"\s*[:@]?\w*[^\n]*?(?<![\w.]){0}(?![\w.])`?\s*(?:\([^)\n]*\))?\s*:\s*"
_TAG = r"(?:\{{.*?\}}\s*)?\[?{0}(?:\s*=[^\]\s]*)?\]?(?:\s+-|\s+|\s*:)\s*"
_MARGIN = re.compile(r"^[\s/*!#-]*")
_UNSAFE = re.compile(r"[\\{}<>@]|\*/|\"{3}|'{3}|``")
_SAY_NOTHING = stems(
    "structure object instance item thing data container contains variable parameter argument value"
    " used store stores hold holds given passed current"
)
_DONE = re.compile(r"(?<!where )(?<!what )\bto (?!the\b|an?\b)([a-z]{3,})\b")
_COLLECTS = frozenset({ParameterKind.VAR_POSITIONAL, ParameterKind.VAR_KEYWORD})
_DONE_ANYWHERE = frozenset({"use", "handle", "have", "apply", "take", "process", "work", "which"})
_TESTED = (
    r"(?:\btypeof\s*\(?|\bisinstance\(|\bcallable\(|\bis(?:Function|Array|String|Object)\(|\btype\()"
    r"{0}\b|\b{0} (?:instanceof|is_a)\b"
)
"""Tests of a parameter's type."""
_CLASSES = frozenset({Kind.CLASS, Kind.STRUCT, Kind.INTERFACE, Kind.TRAIT})
_GENERIC = re.compile(
    r"_*(?:\w{1,2}|(?:opt|option|arg|param|parameter|kwarg|value|val|setting|flag|item|obj|object)s?"
    r"|data|cb|callback|handler|fn|fun|func|function|name|key|type|kind|config|context|ctx|input"
    r"|output|result|res|response|request|event|err|error|text|str|string|index|params?|other"
    r"|default|state|info|msg|message|node|element|list|array)"
)
"""Names that stand for different things in functions of one class."""


@dataclass(frozen=True)
class Neighbours:
    """The other definitions of a file."""

    tree: SyntaxTree
    definition: Definition

    def phrase(self, request: PhraseRequest) -> str | None:
        """Return what the file says about the subject of a request; None if it says nothing."""
        if request.kind is PhraseKind.SUMMARY:
            return self._overridden_summary()
        name = request.subject
        text = self._parameter(name) if request.kind is PhraseKind.PARAMETER else None
        if text is None or _repeats(text, self._signature(name)):
            return None
        is_elsewhere = (
            self._is_of_kinds(name)
            or self._is_for_something_else(text)
            or self._is_about_another(text, name)
        )
        return None if is_elsewhere else text

    def _is_for_something_else(self, text: str) -> bool:
        """Return whether words say what is done with a parameter, and the function does not."""
        done = {verb for verb in _DONE.findall(text) if verb not in _DONE_ANYWHERE}
        own = self.tree.text[self.definition.header.start : self.definition.span.end]
        return bool(done) and stems(" ".join(done)).isdisjoint(stems(own))

    def _is_of_kinds(self, name: str) -> bool:
        """Return whether the function tests of what type a parameter is: it may mean two things."""
        body = self.definition.body or self.definition.span
        written = self.tree.text[body.start : body.end]
        return re.search(_TESTED.format(re.escape(name)), written) is not None

    def _is_about_another(self, text: str, name: str) -> bool:
        """Return whether words seem to be about another parameter: they have a part of its name."""
        words, own = stems(text), stems(self._signature(name))
        others = (stems(one.name) - own for one in self.definition.parameters if one.name != name)
        return any(0 < len(other & words) < len(other) for other in others)

    def _signature(self, name: str) -> str:
        """Return what the code says of a parameter: its name and type, and the class."""
        kinds = (one.annotation or "" for one in self.definition.parameters if one.name == name)
        parent = self.definition.parent or ""
        own = "new error exception" if re.search("Error|Exception", parent) else "new"
        return " ".join([name, *kinds, parent, own])

    @cached_property
    def _others(self) -> list[Definition]:
        """Return the documented definitions of the file."""
        found = all_definitions(self.tree)
        return [one for one in found if one.documentation and one.span != self.definition.span]

    @cached_property
    def _descriptions(self) -> list[tuple[Definition, dict[str, str]]]:
        """Return what the documentation of each definition says about its parameters."""
        return [(one, dict(self._described(one))) for one in self._others]

    @cached_property
    def _base(self) -> str | None:
        parent = self.definition.parent
        return base_classes(self.tree.text).get(parent) if parent else None

    @cached_property
    def _overridden(self) -> Definition | None:
        name = self.definition.name
        is_hidden = self._base is None or self.definition.kind is Kind.CONSTRUCTOR
        fits = (one for one in self._others if (one.parent, one.name) == (self._base, name))
        return None if is_hidden else next(fits, None)

    def _overridden_summary(self) -> str | None:
        if self._overridden is None:
            return None
        lines = self._lines(self._overridden)
        first = next((number for number, line in enumerate(lines) if line.strip()), len(lines))
        block = []
        for line in lines[first:]:
            if not line.strip() or line.lstrip()[:1] in {"@", ":"}:
                break
            block.append(line.strip())
        return _usable(" ".join(block))

    def _lines(self, definition: Definition) -> list[str]:
        """Return documentation without its marks."""
        span = definition.documentation
        if span is None:
            return []
        docstring = read_docstring(self.tree.text, span) if self._is_python else None
        if docstring is not None:
            return list(docstring.lines)
        written = self.tree.text[span.start : span.end].removesuffix("*/")
        return [_MARGIN.sub("", line) for line in written.split("\n")]

    @property
    def _is_python(self) -> bool:
        return self.tree.language.id == "python"

    def _parameter(self, name: str) -> str | None:
        kind = next((one for one in self.definition.parameters if one.name == name), None)
        if kind is not None and kind.kind in _COLLECTS:
            return None  # what they collect differs, wherever the name is the same
        places: list[tuple[Definition, str]] = []
        for other, described in self._descriptions:
            same = next((one for one in other.parameters if one.name == name), None)
            is_class = other.kind in _CLASSES and other.name == self.definition.parent
            is_other_type = (
                same and kind and same.annotation and kind.annotation
                and same.annotation != kind.annotation
            )  # fmt: skip
            if (same is None and not is_class) or is_other_type:
                continue
            text = _usable(described.get(name, ""))
            if text is not None:
                places.append((other, text))
        near = {
            text
            for other, text in places
            if other == self._overridden
            or (self._is_near(other, name) and not self._is_only_about(other, text, name))
        }
        if near:
            return near.pop() if len(near) == 1 else None
        texts = {text for _, text in places}
        return texts.pop() if len(texts) == 1 and len(places) >= _MIN_PLACES else None

    def _is_near(self, other: Definition, name: str) -> bool:
        """Return whether a definition of the same class means the same by a name."""
        parent = self.definition.parent
        is_said = other.name in {parent, self.definition.name} or not _GENERIC.fullmatch(name)
        return parent is not None and parent in {other.parent, other.name} and is_said

    def _is_only_about(self, other: Definition, text: str, name: str) -> bool:
        """Return whether a description has words of the other function's name that differ here."""
        if other.kind in _CLASSES or other.kind is Kind.CONSTRUCTOR:
            return False
        different = stems(other.name) - stems(f"{self.definition.name} {name}")
        return not different.isdisjoint(stems(text))

    def _described(self, definition: Definition) -> Iterator[tuple[str, str]]:
        """Yield the parameters and attributes that documentation describes, with the words."""
        span = definition.documentation
        if span is None:
            return
        if self._is_python:
            yield from self._in_docstring(definition)
            return
        known = [one.name for one in definition.parameters]
        comment = read_comment(self.tree.text, span, definition.name, known)
        for tag in comment.tags:
            if not tag.is_parameter or tag.is_kernel or len(tag.names) != 1:
                continue
            block = [_MARGIN.sub("", line) for line in comment.lines[tag.first : tag.last + 1]]
            text = " ".join(block).removesuffix("*/").partition(tag.word)[2].lstrip()
            text = re.sub(r"^\[(?:in|out)[^\]]*\]\s*", "", text)  # Doxygen's directions
            found = re.match(_TAG.format(re.escape(tag.names[0])), text)
            if found and self.tree.language.id != "lua":
                yield tag.names[0], text[found.end() :]

    def _in_docstring(self, definition: Definition) -> Iterator[tuple[str, str]]:
        span = definition.documentation
        docstring = read_docstring(self.tree.text, span) if span else None
        style = style_of("\n".join(docstring.lines)) if docstring else None
        if docstring is None or style is None:
            return
        for section in read_sections(docstring.lines, style):
            if section.role not in {Role.PARAMETERS, Role.ATTRIBUTES}:
                continue
            for entry in section.entries:
                if len(entry.names) != 1 or entry.is_type:
                    continue
                lines = docstring.lines[entry.first : entry.last + 1]
                name = entry.names[0]
                if section.title_lines == 2:  # NumPy: below the name
                    yield name, " ".join(line.strip() for line in lines[1:])
                elif found := re.match(_HEAD.format(re.escape(name)), lines[0]):
                    rest = [lines[0][found.end() :], *lines[1:]]
                    yield name, " ".join(line.strip() for line in rest)


def _repeats(text: str, signature: str) -> bool:
    """Return whether a description has only words of the signature, and such as say nothing."""
    known = signature.lower()
    return all(word in known or word in _SAY_NOTHING for word in content_words(text))


def _usable(text: str) -> str | None:
    """Return the first sentence of a description; None if it cannot stand elsewhere."""
    phrase = _SENTENCE_END.split(" ".join(text.split()), maxsplit=1)[0]
    is_prose = len(re.findall(r"[^\W\d_]{2,}", phrase)) >= 2 and not phrase.lower().startswith(
        "see "
    )
    is_whole = not phrase.endswith((":", ",")) and phrase.count("`") % 2 == 0
    is_safe = phrase.isprintable() and not _UNSAFE.search(phrase) and not PLACEHOLDER.search(phrase)
    return phrase if is_prose and is_whole and is_safe and len(phrase) <= _LONGEST else None
