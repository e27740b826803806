"""Documentation with placeholders that an earlier run left, opened again to be filled."""

from collections.abc import Callable, Sequence

from assist_server.features.documentation.layout import Insertion, Slot
from assist_server.features.documentation.phrases import PLACEHOLDER
from assist_server.syntax.definition import Definition
from assist_server.syntax.definitions import find_definition
from assist_server.syntax.parser import SyntaxTree
from assist_server.text.edits import TextEdit, apply_edits
from assist_server.text.indentation import leading_whitespace

_NEAR = 3
"""Number of characters between a removed placeholder and the insertion that takes its place."""

Planner = Callable[[SyntaxTree, Definition], Sequence[Insertion]]


def reopen(
    tree: SyntaxTree, definition: Definition, plan: Planner
) -> tuple[SyntaxTree, Definition] | None:
    """Return the file without the placeholders that a plan fills again; None if there are none.

    All other placeholders stay, as do all words of a person.
    """
    found = _removals(tree.text, definition)
    opened = _without(tree, definition, found)
    if opened is None:
        return None
    insertions = plan(*opened)
    shift, kept = 0, []
    for removal in found:
        hole = removal.start - shift
        shift += removal.end - removal.start
        if any(_fills(one, hole) for one in insertions):
            kept.append(removal)
    return _without(tree, definition, kept)


def only_difference(before: str, after: str) -> TextEdit:
    """Return one edit that makes a text into another."""
    shortest, start, same = min(len(before), len(after)), 0, 0
    while start < shortest and before[start] == after[start]:
        start += 1
    while same < shortest - start and before[-1 - same] == after[-1 - same]:
        same += 1
    return TextEdit(start, len(before) - same, after[start : len(after) - same])


def _removals(text: str, definition: Definition) -> list[TextEdit]:
    """Return edits that remove the placeholders, each with its line if nothing else is on it."""
    span = definition.documentation
    found: list[TextEdit] = []
    for place in PLACEHOLDER.finditer(text, span.start, span.end) if span else ():
        first = text.rfind("\n", 0, place.start()) + 1
        last = text.find("\n", place.end())
        is_alone = not (text[first : place.start()] + text[place.end() : last]).strip()
        is_line = is_alone and last >= 0 and not _is_below_entry(text, first, place.start())
        start, end = (first, last + 1) if is_line else place.span()
        while not is_alone and text[start - 1] in " \t":
            start -= 1  # the blank before a phrase comes with it
        found.append(TextEdit(start, end, ""))
    return found


def _is_below_entry(text: str, first: int, start: int) -> bool:
    """Return whether an entry of NumPy's convention is above; its empty line keeps the indentation.

    A title of Google's convention has a colon, and a summary has quotes above it.
    """
    above = text[:first].rpartition("\n")[0].rpartition("\n")[2]
    is_entry = above.strip() and not above.rstrip().endswith((":", '"""', "'''"))
    return bool(is_entry) and len(leading_whitespace(above)) < start - first


def _without(
    tree: SyntaxTree, definition: Definition, removals: Sequence[TextEdit]
) -> tuple[SyntaxTree, Definition] | None:
    if not removals:
        return None
    opened = SyntaxTree(apply_edits(tree.text, removals), tree.language)
    ahead = [one for one in removals if one.end <= definition.keyword]
    shift = sum(one.end - one.start for one in ahead)
    found = find_definition(opened, definition.keyword - shift)
    return None if found is None or found.name != definition.name else (opened, found)


def _fills(insertion: Insertion, hole: int) -> bool:
    is_near = insertion.start - _NEAR <= hole <= insertion.end + _NEAR
    return is_near and any(isinstance(line, Slot) for line in insertion.lines)
