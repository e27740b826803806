"""A summary of code without a model that can be talked to: a headline, and what is defined."""

from collections import Counter

from assist_server.context.snapshot import Snapshot
from assist_server.features.summarize.headline import write_headline
from assist_server.features.summarize.opening_sentence import opening_sentence
from assist_server.features.summarize.work import Selection, Work
from assist_server.syntax.comment_marks import find_comment_marks
from assist_server.syntax.definition import Definition
from assist_server.syntax.definitions import find_definitions
from assist_server.text.newlines import split_lines

_MAX_LISTED = 20


def describe_code(selection: Selection, work: Work) -> str:
    """Describe code by the model's comment, or a plain count, and its definitions."""
    tree = selection.snapshot.syntax
    if tree is None:
        return _count(selection, [])
    found = find_definitions(tree, selection.start, selection.end)
    lines = [write_headline(selection, work) or _count(selection, found)]
    listed = found[:_MAX_LISTED]
    if listed:
        lines += ["", *(_list_item(selection.snapshot, definition) for definition in listed)]
    if len(found) > len(listed):
        lines.append(f"- and {len(found) - len(listed)} more")
    return "\n".join(lines)


def _count(selection: Selection, found: list[Definition]) -> str:
    count = len(split_lines(selection.text))
    what = f"{count} line{'s' * (count != 1)} of {_language_name(selection.snapshot)}"
    if not found:
        return f"{what}."
    kinds = Counter(definition.kind.value for definition in found)
    counted = ", ".join(
        f"{n} {kind}{'' if n == 1 else 'es' if kind.endswith('s') else 's'}"
        for kind, n in kinds.items()
    )
    return f"{what}: {counted}."


def _language_name(snapshot: Snapshot) -> str:
    marks = find_comment_marks(snapshot.language_id, snapshot.path)
    return marks.name if marks else snapshot.language.id.capitalize()


def _list_item(snapshot: Snapshot, definition: Definition) -> str:
    names = ", ".join(parameter.stars + parameter.name for parameter in definition.parameters)
    signature = f"{definition.name}({names})" if definition.is_callable else definition.name
    line = snapshot.lines.line_at(definition.keyword) + 1
    place = definition.documentation
    sentence = opening_sentence(snapshot.text[place.start : place.end]) if place else ""
    what = f": {sentence}" if sentence else ""
    return f"- {definition.kind.value} `{signature}` (line {line}){what}"
