"""Which places are those of the caller: what changes in others stays within the function."""

import re

from assist_server.syntax.facts.source import Source
from assist_server.syntax.facts.variables import Variables

_ROOT = re.compile(r"[*&(\s]*(?P<root>[\w$]+)(?P<rest>.*)", re.DOTALL)
_ALWAYS_OWN = frozenset({"self", "this"})


def is_seen_outside(source: Source, variables: Variables, target: str) -> bool:
    """Return whether a caller can see that a place has changed."""
    found = _ROOT.fullmatch(target)
    is_place = re.search(r"[.\[*>]", target) is not None
    if found is None or (found["root"] in variables.values and is_place):
        return False
    root, rest = found["root"], found["rest"]
    returned = source.definition.returns or ""
    if source.language == "go" and re.search(rf"[(,]\s*{re.escape(root)}\b", returned):
        return False  # a named result
    if not is_place:
        return _is_undeclared(source, target)
    if root in source.parameters or source.language in {"rust", "go"}:
        is_own = root in _ALWAYS_OWN and source.language != "go"
        return is_own or _is_reached(source, root, rest, target)
    return True


def _is_reached(source: Source, root: str, rest: str, target: str) -> bool:
    """Return whether a place is reached through a parameter or receiver that is no copy."""
    kind = next((one.annotation for one in source.definition.parameters if one.name == root), "")
    header = source.tree.text[source.definition.header.start : source.definition.header.end]
    is_deep, is_element = target.startswith("*") or "->" in rest, rest.startswith("[")
    if source.language in {"c", "cpp"}:
        is_pointer = re.search(rf"[*&][\s\w*&]*\b{root}\b|\b{root}\s*\[", header) is not None
        return is_deep or is_pointer or (is_element and source.language == "c")
    if source.language == "rust":
        return "&mut" in (kind or "")
    if source.language == "go" and re.search(rf"[(,]\s*{root}\b", header):
        is_array = is_element and re.match(r"\[[\w.]", kind or "") is not None
        is_pointer = re.search(rf"\b{root}(?:, \w+)* \*", header) is not None
        return is_pointer or (not is_array and (is_deep or "[" in rest))
    return True


def _is_undeclared(source: Source, name: str) -> bool:
    """Return whether a variable is one of a module or, in Java and C++, of the object."""
    span = source.definition.header.start, source.definition.span.end
    written = re.sub(r"[ \t]+", " ", source.tree.text[slice(*span)])
    end = r"(?![\w$])"
    declared = (
        rf"(?:\b(?:let|const|var|local|auto|for|catch|function)\b[^;=\n]*"
        rf"|[\w>\])*&] [^;=\n({{]*)(?:(?<![\w.$])|\.\.\.){name}{end}"
        rf"|(?<![\w.$]){name}(?:, \w+)* :=|, {name}(?:, \w+)* :="
        rf"|\w \( ?[*&]+ ?(?:const )?{name} ?\) ?[(\[]"  # of C: `int (*f)(int)`
    )
    is_language = source.language not in {"python", "rust"}
    words = re.sub(r"\b(?:return|else|throw|new|delete|in|of|and|or|not|do|then)\b", ";", written)
    is_name = is_language and name not in {*source.parameters, "_"}
    return is_name and not re.search(declared, words)
