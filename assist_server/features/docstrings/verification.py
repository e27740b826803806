"""Proof that an edit only documents: the code is as before, and its parameters are all named."""

import ast
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from assist_server.errors import AssistError
from assist_server.features.docstrings import comment_tags, python_sections
from assist_server.features.docstrings.styles import style_of
from assist_server.syntax.definition import Definition, Span
from assist_server.syntax.definitions import find_definition
from assist_server.syntax.parser import SyntaxTree
from assist_server.syntax.tokens import code_tokens, count_errors
from assist_server.text.edits import TextEdit, apply_edits


def verify(tree: SyntaxTree, definition: Definition, edits: Sequence[TextEdit], style: str) -> str:
    """The documentation after the edits, once all checks have passed.

    Raises:
        AssistError: the edits would change more than documentation, or document it wrongly.
    """
    if tree.language.id == "python":
        is_kept = _keeps_python(tree.text, definition, edits)
        is_kept = _keeps_tokens(tree, definition, edits) if is_kept is None else is_kept
    else:
        is_kept = _keeps_tokens(tree, definition, edits)
    documentation = _documentation(tree.text, definition, edits)
    if not is_kept or not _names_parameters(tree, definition, documentation, style):
        raise AssistError(
            f"No documentation for `{definition.name}`: it could not be added without touching the "
            "code. Correct what does not parse around it and try again."
        )
    return documentation


def _documentation(text: str, definition: Definition, edits: Sequence[TextEdit]) -> str:
    span = definition.documentation
    if span is None:
        return "".join(edit.new_text for edit in edits).strip()
    moved = [TextEdit(one.start - span.start, one.end - span.start, one.new_text) for one in edits]
    return apply_edits(text[span.start : span.end], moved)


def _names_parameters(
    tree: SyntaxTree, definition: Definition, documentation: str, style: str
) -> bool:
    """Whether each parameter is named once in what was written, and nothing else is."""
    if style in {"plain", "godoc"} or not definition.is_callable:
        return True
    names = Counter(_parameter_names(tree, documentation, style))
    expected = {parameter.name for parameter in definition.parameters}
    if definition.documentation is None:
        return names == Counter(expected)
    # A person's own words may name more: what **kwargs takes, or a name of their own.
    old = definition.documentation
    before = Counter(_parameter_names(tree, tree.text[old.start : old.end], style))
    added = names - before
    return set(added) <= expected and all(count == 1 for count in added.values())


def _parameter_names(tree: SyntaxTree, documentation: str, style: str) -> list[str]:
    span = Span(0, len(documentation))
    if tree.language.id != "python":
        return comment_tags.parameter_names(comment_tags.read_comment(documentation, span))
    docstring = python_sections.read_docstring(documentation, span)
    if docstring is None:
        return []
    name = style_of("\n".join(docstring.lines)) or style
    return python_sections.parameter_names(python_sections.read_sections(docstring.lines, name))


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
