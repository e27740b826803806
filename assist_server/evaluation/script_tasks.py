"""Places in files of other languages than Python: rest of line and whole line, by their grammar."""

import random
from collections.abc import Iterator, Sequence
from itertools import groupby

import tree_sitter

from assist_server.evaluation.tasks import Kind, Place, Source, by_turns
from assist_server.syntax.languages import language_for
from assist_server.syntax.parser import SyntaxTree
from assist_server.syntax.tree_walk import is_comment

_TEXTS = {"string", "template_string", "regex", "jsx_text"}
"""What is one token for a reader, whatever the grammar sees in it."""

_STATEMENTS = {
    "expression_statement", "lexical_declaration", "variable_declaration", "return_statement",
    "throw_statement", "import_statement", "break_statement", "continue_statement",
}  # fmt: skip


def choose_script_places(
    sources: Sequence[Source], count: int, seed: int
) -> dict[str, list[Place]]:
    """Return `count` places of each kind in each language, by the names of their suites.

    As in Python, no file gives more than its share as long as there are others.
    """
    draw = random.Random(seed)  # noqa: S311 - repeatable, not secret
    found: dict[str, list[list[Place]]] = {}
    ordered = sorted(sources, key=_language)
    for language, of_language in groupby(ordered, key=_language):
        for source in of_language:
            for kind, spans in _spans(source).items():
                places = [Place(kind, source.path, source.text, *span) for span in spans]
                found.setdefault(f"{kind}, {language}", []).append(places)
    chosen = {}
    for suite, of_files in sorted(found.items()):
        shuffled = [draw.sample(places, len(places)) for places in of_files if places]
        draw.shuffle(shuffled)
        chosen[suite] = by_turns(shuffled, count)
    return chosen


def _language(source: Source) -> str:
    language = language_for(path=source.path)
    return "typescript" if language.id == "tsx" else language.id


def _spans(source: Source) -> dict[Kind, list[tuple[int, int]]]:
    language = language_for(path=source.path)
    if language.grammar is None:
        return {}
    tree = SyntaxTree(source.text, language)
    if tree.root.has_error:
        return {}
    rests, lines = set(), set()
    for node in _visited(tree.root):
        end = tree.end(node)
        line_end = source.text.find("\n", end)
        line_end = len(source.text) if line_end < 0 else line_end
        if not node.children or node.type in _TEXTS:
            if source.text[end:line_end].strip() and not is_comment(node):
                rests.add((end, line_end))
        elif node.type in _STATEMENTS and end == line_end:
            start = tree.start(node)
            before = source.text[source.text.rfind("\n", 0, start) + 1 : start]
            if not before.strip() and "\n" not in source.text[start:end]:
                lines.add((start, end))
    return {Kind.REST_OF_LINE: sorted(rests), Kind.WHOLE_LINE: sorted(lines)}


def _visited(root: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    """Yield all nodes, but none within texts and comments."""
    pending = [root]
    while pending:
        node = pending.pop()
        yield node
        if node.type not in _TEXTS and not is_comment(node):
            pending += node.children
