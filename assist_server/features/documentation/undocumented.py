"""The definitions of a file that are documented with the whole file: undocumented and public.

Left out are definitions that a reader of the interface does not meet or that say enough:

- local ones, within a function;
- private ones: by name (`_x`, `#x`, lower case in Go), by keyword (`private`, `static` in C,
  `local` in Lua, no `pub` in Rust), or within something private; a setting includes them;
- those documented elsewhere: overrides, overloads (TypeScript: signatures above a function),
  setters, C++ members declared in a class;
- special methods of Python, constructors without parameters or with those that their class
  describes, and tests.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from assist_server.features.documentation.layout import has_words
from assist_server.syntax.definition import Definition, Kind
from assist_server.syntax.definitions import all_definitions, find_definition
from assist_server.syntax.parser import SyntaxTree

_SCRIPTS = frozenset({"javascript", "typescript", "tsx"})
_PRIVATE_KEYWORD: Mapping[str, re.Pattern[str]] = MappingProxyType({
    "typescript": re.compile(r"\bprivate\b"),
    "tsx": re.compile(r"\bprivate\b"),
    "java": re.compile(r"\bprivate\b"),
    "c": re.compile(r"\bstatic\b"),
    "lua": re.compile(r"\blocal\b"),
})  # fmt: skip
_ACCESS = re.compile(
    r"(?:^|(?<=[{};:]))[ \t]*(public|protected|private)\b[\w \t]*:(?!:)", re.MULTILINE
)
_INNER_BLOCK = re.compile(r"\{[^{}]*\}")
_DECORATED_ELSEWHERE = re.compile(r"@\s*(?:\w+\.)*(?:overload|override|setter|deleter)\b")
_OVERRIDE = re.compile(r"\boverride\b|@Override\b")
_SETTER = re.compile(r"\bset\s+#?$")
_TEST = re.compile(r"@(?:\w+\.)*Test\b|#\[(?:\w+::)*test\b")
_GO_TEST = re.compile(r"\*testing\.[TBMF]\b")
_PYTHON_TEST = re.compile(r"test(?![a-z])")
_SPECIAL = re.compile(r"__\w+__")


def undocumented(tree: SyntaxTree, *, include_private: bool = False) -> list[Definition]:
    """Return the definitions to document with the whole file, outer ones before inner ones."""
    chosen: list[Definition] = []
    outer: list[Definition] = []
    for place in all_definitions(tree):
        definition = find_definition(tree, place.keyword)
        if definition is None or definition.keyword != place.keyword:
            continue
        outer = [one for one in outer if one.span.end > definition.keyword]
        if (
            not any(one.is_callable for one in outer)
            and not _is_documented(tree.text, definition)
            and not _needs_nothing(tree, definition, outer)
            and (include_private or not _is_private_here(tree, definition, outer))
        ):
            chosen.append(definition)
        outer.append(definition)
    return chosen


def _is_documented(text: str, definition: Definition) -> bool:
    written = definition.documentation
    return written is not None and has_words(text[written.start : written.end].lstrip("rRuU"))


def _needs_nothing(tree: SyntaxTree, definition: Definition, outer: list[Definition]) -> bool:
    """Return whether a definition is documented elsewhere, or says enough."""
    if definition.kind is Kind.CONSTRUCTOR and _is_described_constructor(tree, definition, outer):
        return True
    header = tree.text[definition.header.start : definition.header.end]
    before, language = _before_name(tree, definition), tree.language.id
    if language == "python":
        decorators = tree.text[definition.header.start : definition.keyword]
        is_special = _SPECIAL.fullmatch(definition.name) and definition.name != "__call__"
        is_special = is_special and definition.kind is not Kind.CONSTRUCTOR
        is_test = _PYTHON_TEST.match(definition.name)
        return bool(is_special or is_test or _DECORATED_ELSEWHERE.search(decorators))
    if language == "cpp":
        is_override = _OVERRIDE.search(header.rpartition(")")[2]) is not None
        return is_override or _is_declared_elsewhere(definition, outer)
    if language == "go":
        return _GO_TEST.search(header) is not None
    is_setter = language in _SCRIPTS and _SETTER.search(before)
    is_marked = is_setter or _OVERRIDE.search(before) or _TEST.search(before)
    return bool(is_marked) or (language in _SCRIPTS and _is_overload(tree, definition))


def _before_name(tree: SyntaxTree, definition: Definition) -> str:
    """Return the header up to the name: annotations, modifiers and, in C, the type."""
    name = re.escape(re.split(r"[.:]", definition.name)[-1])
    place = re.compile(rf"(?<![\w$]){name}(?![\w$])")
    found = place.search(tree.text, definition.keyword, definition.header.end)
    end = found.start() if found else definition.header.end
    return tree.text[definition.header.start : end]


def _is_declared_elsewhere(definition: Definition, outer: list[Definition]) -> bool:
    """Return whether a function of C++ is a member that is defined outside its class."""
    parent = definition.parent if definition.is_callable else None
    return parent is not None and all(one.name.partition("<")[0] != parent for one in outer)


def _is_overload(tree: SyntaxTree, definition: Definition) -> bool:
    """Return whether a signature of TypeScript belongs to a function with a body."""
    is_signature = definition.is_callable and definition.body is None
    return is_signature and (definition.name, definition.parent) in _names_with_body(tree)


@lru_cache(maxsize=1)  # a file of declarations has thousands of signatures
def _names_with_body(tree: SyntaxTree) -> frozenset[tuple[str, str | None]]:
    return frozenset((one.name, one.parent) for one in all_definitions(tree) if one.body)


def _is_described_constructor(
    tree: SyntaxTree, definition: Definition, outer: list[Definition]
) -> bool:
    """Return whether a class describes its constructor's parameters, if there are any."""
    written = outer[-1].documentation if outer else None
    words = set(re.findall(r"\w+", tree.text[written.start : written.end] if written else ""))
    return all(one.name in words for one in definition.parameters)


def _is_private_here(tree: SyntaxTree, definition: Definition, outer: list[Definition]) -> bool:
    inherits = outer[-1].kind in {Kind.TRAIT, Kind.INTERFACE} if outer else False
    members = [one for one in (*outer, definition) if not (one is definition and inherits)]
    return any(_is_private(tree, one) for one in members) or _is_in_private_part(
        tree, definition, outer
    )


def _is_private(tree: SyntaxTree, definition: Definition) -> bool:
    name, language = re.split(r"[.:]", definition.name)[-1], tree.language.id
    before = _before_name(tree, definition)
    is_marked = tree.text.startswith("#", definition.keyword)  # in JavaScript
    if is_marked or (name.startswith("_") and not _SPECIAL.fullmatch(name)):
        return True
    if language == "go":
        return not (name[:1].isupper() and (definition.parent or name)[:1].isupper())
    if language == "rust":
        return re.search(r"\bpub\b", before) is None
    keyword = _PRIVATE_KEYWORD.get(language)
    if language == "cpp" and definition.parent is None and definition.is_callable:
        keyword = _PRIVATE_KEYWORD["c"]
    return keyword is not None and keyword.search(before) is not None


def _is_in_private_part(tree: SyntaxTree, definition: Definition, outer: list[Definition]) -> bool:
    """Return whether a member of a class in C++ is below `private:`, or before any such mark."""
    if tree.language.id != "cpp" or not outer or outer[-1].body is None:
        return False
    above, n_blocks = tree.text[outer[-1].body.start : definition.keyword], 1
    while n_blocks:  # inner classes have marks of their own
        above, n_blocks = _INNER_BLOCK.subn(";", above)
    marks = _ACCESS.findall(above)
    return marks[-1] == "private" if marks else outer[-1].kind is Kind.CLASS
