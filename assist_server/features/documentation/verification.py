"""Proof that an edit only documents: code and existing words stay, all parameters are named.

That words stay is checked on the text itself, without any knowledge of sections, tags or
conventions, so that a misread convention cannot hide a loss.
"""

import ast
import re
import warnings
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from assist_server.errors import AssistError
from assist_server.features.documentation import described_names
from assist_server.features.documentation.layout import has_words
from assist_server.features.documentation.signature_diff import RESULT
from assist_server.syntax.definition import Definition, Span
from assist_server.syntax.definitions import find_definition
from assist_server.syntax.parser import SyntaxTree, adds_errors, count_errors
from assist_server.syntax.tree_walk import code_tokens, program_nodes
from assist_server.text.edits import TextEdit, apply_edits

# Without quotes, as a docstring that grows to several lines needs triple ones.
_TOKEN = re.compile(r"\w+|[^\w\s\"'\\]")
_WORD = re.compile(r"\w+")
_MARKS = " \t/*!#-"
_TITLE = re.compile(r"\w+( \w+)?:?")
_RESULT_TITLE = re.compile(r"returns?:?", re.IGNORECASE)
_RESULT_TAG = re.compile(r"[:@\\](?:returns?|rtype)\b")
_HEAD_WORDS = 8
_DOCUMENTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def verify(  # noqa: PLR0913 - each is checked against the others
    tree: SyntaxTree,
    definition: Definition,
    edits: Sequence[TextEdit],
    style: str,
    prune: Collection[str] = (),
    *,
    is_whole: bool = True,
) -> str:
    """Return the documentation after the edits, once all checks have passed.

    Unless `is_whole`, new documentation may leave parameters out.

    Raises:
        AssistError: the edits would change more than documentation, remove a person's words, or
            document something incorrectly.
    """
    if not _keeps_words(tree.text, edits, prune):
        raise AssistError(
            f"No documentation for `{definition.name}`: the edit would have changed existing "
            "words. Nothing was changed; complete the documentation by hand."
        )
    if tree.language.id == "python":
        is_kept = _keeps_python(tree.text, definition, edits)
        is_kept = _keeps_tokens(tree, definition, edits) if is_kept is None else is_kept
    else:
        is_kept = _keeps_tokens(tree, definition, edits)
    documentation = _documentation(tree.text, definition, edits)
    if not is_kept:
        raise AssistError(
            f"No documentation for `{definition.name}`: it could not be added without changing the "
            "code. Correct the syntax errors around it and try again."
        )
    if not _names_parameters(tree, definition, documentation, style, is_whole=is_whole):
        raise AssistError(
            f"No documentation for `{definition.name}`: it could not be added so that each "
            "parameter is described once. Complete the documentation by hand."
        )
    return documentation


def verify_file(tree: SyntaxTree, edits: Sequence[TextEdit]) -> None:
    """Check that edits, each verified on its own, together leave the program as it is.

    Raises:
        AssistError: they do not.
    """
    after = apply_edits(tree.text, edits)
    before, python = tree.text, tree.language.id == "python"
    programs = [_python_program(text) for text in (before, after)] if python else [None]
    if programs[0] is not None:
        is_kept = programs[0] == programs[1]
    else:
        changed = SyntaxTree(after, tree.language)
        is_kept = not adds_errors(changed, tree)
        is_kept = is_kept and (python or program_nodes(changed) == program_nodes(tree))
    if not (is_kept and _keeps_words(before, edits)):
        raise AssistError(
            "The file was not documented: together, the edits would have changed the program. "
            "Document its definitions one by one."
        )


def _documentation(text: str, definition: Definition, edits: Sequence[TextEdit]) -> str:
    span = definition.documentation
    if span is None or not has_words(text[span.start : span.end].lstrip("rRuU")):
        return "".join(edit.new_text for edit in edits).strip()
    moved = [TextEdit(one.start - span.start, one.end - span.start, one.new_text) for one in edits]
    return apply_edits(text[span.start : span.end], moved)


def _names_parameters(
    tree: SyntaxTree, definition: Definition, documentation: str, style: str, *, is_whole: bool
) -> bool:
    """Return whether the new documentation names each parameter once, and nothing else."""
    if style in {"plain", "godoc"} or not definition.is_callable:
        return True
    expected = {parameter.name for parameter in definition.parameters}
    old = definition.documentation
    written = tree.text[old.start : old.end] if old else ""
    if tree.language.id != "python":
        before = described_names.in_comment(written, expected)
        after = described_names.in_comment(documentation, expected)
        return _adds_once(before, after, expected, is_new=is_whole and not has_words(written))
    if not has_words(written.lstrip("rRuU")):
        after = described_names.in_docstring(documentation, style)
        return _adds_once(Counter(), after, expected, is_new=is_whole)
    return _updates_docstring(written, documentation, expected)


def _updates_docstring(written: str, documentation: str, expected: set[str]) -> bool:
    """Return whether the update describes nothing twice, in any convention or without one."""
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
    """Return whether each added description is new, of a parameter, and given once.

    Existing words may name more: the arguments in `**kwargs`, or any other name.
    """
    if is_new:
        return after == Counter(expected)
    added = after - before
    return set(added) <= expected and all(after[name] == 1 for name in added)


def _keeps_python(text: str, definition: Definition, edits: Sequence[TextEdit]) -> bool | None:
    """Return whether the definition is the same without its docstring; None if it does not parse.

    All edits are inside the definition, so the rest of the document need not be parsed.
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
    """Return the syntax tree of a definition without its docstring; None if it does not parse."""
    source = source.removeprefix("\ufeff")
    if source[:1] in {" ", "\t", "\f"}:
        source = f"if 1:\n{source}"
    try:
        with warnings.catch_warnings():  # warnings about escapes in the user's strings
            warnings.simplefilter("ignore")
            statement = ast.parse(source).body[0]
        if isinstance(statement, ast.If):
            statement = statement.body[0]
        if not isinstance(statement, _DOCUMENTED):
            return None
        if ast.get_docstring(statement, clean=False) is not None:
            del statement.body[0]
        return ast.dump(statement)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _python_program(source: str) -> str | None:
    """Return the syntax tree of a file without docstrings; None if it does not parse."""
    try:
        with warnings.catch_warnings():  # warnings about escapes in the user's strings
            warnings.simplefilter("ignore")
            tree = ast.parse(source.removeprefix("\ufeff"))
        for node in ast.walk(tree):
            if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
                del node.body[0]
        return ast.dump(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _keeps_tokens(tree: SyntaxTree, definition: Definition, edits: Sequence[TextEdit]) -> bool:
    """Return whether the grammar finds the same definition and tokens, and no new errors."""
    after = SyntaxTree(apply_edits(tree.text, edits), tree.language, earlier=tree)
    if after.root.has_error and count_errors(after) > count_errors(tree):
        return False
    ahead = [edit for edit in edits if edit.end <= definition.keyword]
    shift = sum(len(edit.new_text) - (edit.end - edit.start) for edit in ahead)
    found = find_definition(after, definition.keyword + shift)
    if found is None or found.documentation is None or _signature(found) != _signature(definition):
        return False
    return _tokens(after, found) == _tokens(tree, definition)


def _signature(definition: Definition) -> Definition:
    """Return the definition without its offsets."""
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


def _keeps_words(text: str, edits: Sequence[TextEdit], pruned: Collection[str] = ()) -> bool:
    """Return whether all words stay in order, except entries about `pruned` names."""
    kept = [edit for edit in edits if not _is_pruning(text, edit, pruned)]
    if not kept:
        return True
    start, end = min(edit.start for edit in kept), max(edit.end for edit in kept)
    start, end = text.rfind("\n", 0, start) + 1, _line_end(text, end)
    inside = [edit for edit in kept if start <= edit.start and edit.end <= end]
    moved = [TextEdit(one.start - start, one.end - start, one.new_text) for one in inside]
    after = iter(_TOKEN.findall(apply_edits(text[start:end], moved)))
    original = "\n".join(line for line in text[start:end].split("\n") if _WORD.search(line))
    return all(_occurs_next(token, after) for token in _TOKEN.findall(original))


def _occurs_next(wanted: str, tokens: Iterator[str]) -> bool:
    return any(token == wanted for token in tokens)


def _line_end(text: str, offset: int) -> int:
    end = text.find("\n", offset)
    return len(text) if end < 0 else end


def _is_pruning(text: str, edit: TextEdit, pruned: Collection[str]) -> bool:
    """Return whether an edit removes entries about `pruned` names, or renames one."""
    removed = text[edit.start : edit.end]
    if removed in pruned:
        return _WORD.fullmatch(edit.new_text) is not None
    if RESULT in pruned and not edit.new_text and _is_result(removed):
        return True
    lines = [line for line in removed.expandtabs().split("\n") if line.strip(_MARKS)]
    if lines and _TITLE.fullmatch(lines[0].strip()):  # title of a section that becomes empty
        lines = [line for line in lines[1:] if line.strip().strip("-=~")]
    if edit.new_text or not lines:
        return False
    column = min(map(_column, lines))
    heads = [line for line in lines if _column(line) == column]
    is_tag = heads[0].lstrip(_MARKS)[:1] in {"@", "\\"}  # its other lines may have any indentation
    if is_tag:
        heads = [line for line in lines if line.lstrip(_MARKS)[:1] in {"@", "\\"}]
    return all(_names_one(line, pruned) for line in heads)


def _is_result(removed: str) -> bool:
    """Return whether a text is one block that describes a result: a section, or fields."""
    lines = [line.strip(_MARKS) for line in removed.strip().split("\n")]
    starts = [line for line in lines if line[:1] in {":", "@", "\\"}]
    is_titled = _RESULT_TITLE.fullmatch(lines[0]) is not None and not starts
    is_tagged = lines[0] in starts and all(map(_RESULT_TAG.match, starts))
    return (is_titled or is_tagged) and all(line.strip() for line in removed.strip().split("\n"))


def _column(line: str) -> int:
    return len(line) - len(line.lstrip())


def _names_one(line: str, pruned: Collection[str]) -> bool:
    """Return whether a line begins with one of the names, after a tag and type."""
    return not set(pruned).isdisjoint(re.findall(r"[\w$]+", line)[:_HEAD_WORDS])
