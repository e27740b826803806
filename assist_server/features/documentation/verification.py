"""Proof that an edit only documents: the code is as before, and its parameters are all named."""

import ast
import warnings
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace

from assist_server.errors import AssistError
from assist_server.features.documentation import described_names
from assist_server.features.documentation.kept_words import keeps_words
from assist_server.features.documentation.layout import has_words
from assist_server.syntax.definition import Definition, Span
from assist_server.syntax.definitions import find_definition
from assist_server.syntax.parser import SyntaxTree
from assist_server.syntax.tokens import code_tokens, count_errors
from assist_server.text.edits import TextEdit, apply_edits


def verify(
    tree: SyntaxTree,
    definition: Definition,
    edits: Sequence[TextEdit],
    style: str,
    prune: Collection[str] = (),
) -> str:
    """Return the documentation after the edits, once all checks have passed.

    Raises:
        AssistError: the edits would change more than documentation, take a person's words away, or
            document something wrongly.
    """
    if not keeps_words(tree.text, edits, prune):
        raise AssistError(
            f"No documentation for `{definition.name}`: the edit would have changed words that "
            "somebody wrote. Nothing was changed; complete what is there by hand."
        )
    if tree.language.id == "python":
        is_kept = _keeps_python(tree.text, definition, edits)
        is_kept = _keeps_tokens(tree, definition, edits) if is_kept is None else is_kept
    else:
        is_kept = _keeps_tokens(tree, definition, edits)
    documentation = _documentation(tree.text, definition, edits)
    if not is_kept:
        raise AssistError(
            f"No documentation for `{definition.name}`: it could not be added without touching the "
            "code. Correct what does not parse around it and try again."
        )
    if not _names_parameters(tree, definition, documentation, style):
        raise AssistError(
            f"No documentation for `{definition.name}`: it could not be added so that each "
            "parameter is described once. Complete what is there by hand."
        )
    return documentation


def _documentation(text: str, definition: Definition, edits: Sequence[TextEdit]) -> str:
    span = definition.documentation
    if span is None or not has_words(text[span.start : span.end].lstrip("rRuU")):
        return "".join(edit.new_text for edit in edits).strip()
    moved = [TextEdit(one.start - span.start, one.end - span.start, one.new_text) for one in edits]
    return apply_edits(text[span.start : span.end], moved)


def _names_parameters(
    tree: SyntaxTree, definition: Definition, documentation: str, style: str
) -> bool:
    """Whether each parameter is named once in what was written, and nothing else is."""
    if style in {"plain", "godoc"} or not definition.is_callable:
        return True
    expected = {parameter.name for parameter in definition.parameters}
    old = definition.documentation
    written = tree.text[old.start : old.end] if old else ""
    if tree.language.id != "python":
        before = described_names.in_comment(written, expected)
        after = described_names.in_comment(documentation, expected)
        return _adds_once(before, after, expected, is_new=not has_words(written))
    if not has_words(written.lstrip("rRuU")):
        after = described_names.in_docstring(documentation, style)
        return _adds_once(Counter(), after, expected, is_new=True)
    return _updates_docstring(written, documentation, expected)


def _updates_docstring(written: str, documentation: str, expected: set[str]) -> bool:
    """Whether nothing is described twice that was not, by any convention or by none."""
    readings = [
        (
            described_names.in_docstring(written, style),
            described_names.in_docstring(documentation, style),
        )
        for style in described_names.docstring_styles()
    ]
    before, after = max(readings, key=lambda both: len(expected & both[1].keys()))
    heads = (
        described_names.first_words(written, expected),
        described_names.first_words(documentation, expected),
    )
    return _adds_once(before, after, expected) and _adds_once(*heads, expected)


def _adds_once(
    before: Counter[str], after: Counter[str], expected: set[str], *, is_new: bool = False
) -> bool:
    """Whether what is described additionally was not yet, exists, and is described once.

    A person's own words may name more: what `**kwargs` takes, or a name of their own.
    """
    if is_new:
        return after == Counter(expected)
    added = after - before
    return set(added) <= expected and all(after[name] == 1 for name in added)


def _keeps_python(text: str, definition: Definition, edits: Sequence[TextEdit]) -> bool | None:
    """Whether the definition reads the same without its docstring; None where Python cannot tell.

    All edits lie inside the definition, so the rest of the document need not be parsed.
    """
    start = text.rfind("\n", 0, definition.header.start) + 1
    end = max(definition.span.end, *(edit.end for edit in edits))
    before = text[start:end]
    moved = [TextEdit(one.start - start, one.end - start, one.new_text) for one in edits]
    old = _without_docstring(before)
    if old is None:
        return None
    return old == _without_docstring(apply_edits(before, moved))


def _without_docstring(source: str) -> str | None:
    """The syntax tree of one definition, its docstring left out; None if there is none."""
    source = source.removeprefix("\ufeff")
    if source[:1] in {" ", "\t", "\f"}:
        source = f"if 1:\n{source}"
    try:
        with warnings.catch_warnings():  # about escapes in the user's strings
            warnings.simplefilter("ignore")
            statement = ast.parse(source).body[0]
        if isinstance(statement, ast.If):
            statement = statement.body[0]
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return None
        if ast.get_docstring(statement, clean=False) is not None:
            del statement.body[0]
        return ast.dump(statement)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _keeps_tokens(tree: SyntaxTree, definition: Definition, edits: Sequence[TextEdit]) -> bool:
    """Whether the grammar finds the same definition, of the same tokens, and no new errors."""
    after = SyntaxTree(apply_edits(tree.text, edits), tree.language)
    if after.root.has_error and count_errors(after) > count_errors(tree):
        return False
    ahead = [edit for edit in edits if edit.end <= definition.keyword]
    shift = sum(len(edit.new_text) - (edit.end - edit.start) for edit in ahead)
    found = find_definition(after, definition.keyword + shift)
    if found is None or found.documentation is None or _signature(found) != _signature(definition):
        return False
    return _tokens(after, found) == _tokens(tree, definition)


def _signature(definition: Definition) -> Definition:
    """The definition without its places."""
    nowhere = Span(0, 0)
    return replace(
        definition,
        span=nowhere,
        header=nowhere,
        keyword=0,
        comment_place=0,
        body=None,
        documentation=None,
        has_one_line_body=False,
    )


def _tokens(tree: SyntaxTree, definition: Definition) -> list[str]:
    return code_tokens(tree, definition.span, definition.documentation)
