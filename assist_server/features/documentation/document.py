"""Documentation of the function or class at the cursor, in the convention of its file."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from assist_server.context.snapshot import Snapshot
from assist_server.errors import InputError
from assist_server.features.documentation.comments.plan import plan_comment
from assist_server.features.documentation.knowledge import Knowledge
from assist_server.features.documentation.layout import (
    Filling,
    Insertion,
    PhraseWriter,
    Plan,
    Telling,
    has_words,
)
from assist_server.features.documentation.opened import closing_edit
from assist_server.features.documentation.python.plan import plan_docstring
from assist_server.features.documentation.reopened import only_difference, reopen
from assist_server.features.documentation.signature_diff import collects_arguments
from assist_server.features.documentation.styles import (
    CODE_MARKS,
    CommentStyle,
    PythonStyle,
    detect_comment_style,
    detect_python_style,
)
from assist_server.features.documentation.verification import verify
from assist_server.settings import DocumentationSettings
from assist_server.syntax.definition import Definition
from assist_server.syntax.definitions import LANGUAGE_IDS, find_definition
from assist_server.syntax.documentation import find_docstrings
from assist_server.syntax.parser import SyntaxTree
from assist_server.text.edits import TextEdit, apply_edits
from assist_server.text.indentation import detect_indent_unit

_NOTHING_TOLD = Telling()


@dataclass(frozen=True)
class Documentation:
    """Edits that document one definition, verified to change nothing else."""

    edits: tuple[TextEdit, ...]
    name: str
    """Name of the definition."""
    style: str
    text: str
    """The docstring or comment after the edits."""
    model_phrases: int
    fact_phrases: int
    """Number of phrases that state what the source shows."""
    placeholders: int
    """Number of phrases that nobody knows: left to the person."""
    gone: tuple[str, ...] = ()
    """Described names that the definition does not have; their entries stay."""


def document(
    snapshot: Snapshot,
    offset: int,
    write_phrase: PhraseWriter,
    settings: DocumentationSettings,
    prune: Collection[str] = (),
) -> Documentation:
    """Return edits that document the definition at `offset`, or complete its documentation.

    Parameters, results and exceptions come from the syntax tree, and so do phrases where it shows
    enough; the others come from `write_phrase`, one call for each, if they are plausible. Existing
    words stay, except entries about the names in `prune` that are not parameters: these entries get
    the parameter's present name, or are removed.

    Raises:
        InputError: there is nothing to document: unsupported language, no definition, complete, or
            nothing known that could be added.
        AssistError: the edits would have changed the code, or existing words.
    """
    place = find_place(snapshot, offset)

    def planned(tree: SyntaxTree, definition: Definition) -> Sequence[Insertion]:
        return plan_documentation(
            tree, definition, convention_of(place.tree, settings.style), prune
        ).insertions

    reopened = reopen(place.tree, place.definition, planned)
    tree, definition = reopened or (place.tree, place.definition)
    known, style = Knowledge(tree, definition), convention_of(place.tree, settings.style)
    plan = plan_documentation(tree, definition, style, prune, known.telling)
    if not plan.insertions:
        raise InputError(_nothing_to_do(definition, plan))
    filling = Filling(
        tree.text,
        write_phrase,
        settings.line_length,
        snapshot.path,
        know=known.phrase,
        know_little=known.little,
        body=_body(tree.text, definition),
        code_marks=CODE_MARKS.get(style.name, CODE_MARKS["google"]),
        keeps_unknown=settings.unknown == "todo",
    )
    edits = filling.fill(plan.insertions)
    if not edits:
        raise InputError(
            f"Nothing is known about `{definition.name}` that its documentation does not say; "
            'set documentation.unknown to "todo" for placeholders.'
        )
    text = verify(tree, definition, edits, style.name, prune, is_whole=filling.keeps_unknown)
    return Documentation(
        edits=_edits_of(place, tree, edits, definition, plan),
        name=definition.name,
        style=style.name,
        text=text,
        model_phrases=filling.model_phrases,
        fact_phrases=filling.fact_phrases,
        placeholders=filling.placeholders,
        gone=_gone(definition, plan, prune),
    )


def _edits_of(
    place: "Place",
    tree: SyntaxTree,
    edits: tuple[TextEdit, ...],
    definition: Definition,
    plan: Plan,
) -> tuple[TextEdit, ...]:
    """Return edits of the document, whose text may differ from the tree's.

    Raises:
        InputError: they would change nothing, as they only put placeholders back.
    """
    if tree is not place.tree:
        before, after = place.tree.text, apply_edits(tree.text, edits)
        if before == after:
            raise InputError(_nothing_to_do(definition, plan))
        edits = (only_difference(before, after),)
    closing = place.closing
    return edits if closing is None else (_joined(place.tree, closing, edits),)


def _body(text: str, definition: Definition) -> str:
    """Return the text below the header, with its comments but without the documentation."""
    written = definition.documentation or definition.header
    inside = max(written.start, definition.header.end), max(written.end, definition.header.end)
    return text[definition.header.end : inside[0]] + text[inside[1] : definition.span.end]


@dataclass(frozen=True)
class Place:
    """The definition at the cursor."""

    tree: SyntaxTree
    definition: Definition
    closing: TextEdit | None = None
    """Edit that closes documentation just opened; the tree is that of the text after it."""


def find_tree(snapshot: Snapshot) -> SyntaxTree:
    """Return the syntax tree of a document.

    Raises:
        InputError: its language is not supported.
    """
    language, tree = snapshot.language, snapshot.syntax
    if tree is None or language.id not in LANGUAGE_IDS:
        supported = ", ".join(LANGUAGE_IDS)
        raise InputError(f"{language.id} cannot be documented; these can: {supported}.")
    return tree


def find_place(snapshot: Snapshot, offset: int) -> Place:
    """Return the definition at an offset, and the edit that closes documentation just opened.

    Raises:
        InputError: there is none, or its language is not supported.
    """
    language, tree = snapshot.language, find_tree(snapshot)
    closing = closing_edit(snapshot.text, offset, language)
    if closing is not None:
        closed = SyntaxTree(apply_edits(snapshot.text, [closing]), language)
        definition = find_definition(closed, offset)
        written = definition.documentation if definition else None
        if definition and written and written.start <= closing.start <= written.end:
            return Place(closed, definition, closing)
    definition = find_definition(tree, offset)
    if definition is None:
        raise InputError("Nothing to document here: put the cursor on a function or a class.")
    return Place(tree, definition)


def described_but_gone(tree: SyntaxTree, definition: Definition) -> tuple[str, ...]:
    """Return the names that the documentation describes, but the signature does not have."""
    plan = plan_documentation(tree, definition, convention_of(tree, "auto"), ())
    return _gone(definition, plan, ())


def _gone(definition: Definition, plan: Plan, prune: Collection[str]) -> tuple[str, ...]:
    if collects_arguments(definition):
        return ()
    return tuple(name for name in plan.gone if name not in prune)


def _nothing_to_do(definition: Definition, plan: Plan) -> str:
    gone = _gone(definition, plan, ())
    if not gone:
        return f"`{definition.name}` is already documented."
    listed = ", ".join(f"`{name}`" for name in gone)
    return (
        f"`{definition.name}` is already documented. It also describes {listed}, which it does not "
        "take; these entries stay unless you ask to prune them."
    )


def _joined(tree: SyntaxTree, closing: TextEdit, edits: Sequence[TextEdit]) -> TextEdit:
    """Return one edit of the original text that closes the documentation and fills it.

    The tree and the edits are those of the text after `closing`.
    """
    length = len(closing.new_text)
    start = min(closing.start, *(edit.start for edit in edits))
    end = max(closing.start + length, *(edit.end for edit in edits))
    moved = [TextEdit(one.start - start, one.end - start, one.new_text) for one in edits]
    return TextEdit(start, end - length, apply_edits(tree.text[start:end], moved))


@lru_cache(maxsize=1)  # each definition of a file asks for it
def convention_of(tree: SyntaxTree, wanted: str) -> PythonStyle | CommentStyle:
    """Return the style that a file follows, or the one that is wanted."""
    if tree.language.id != "python":
        return detect_comment_style(tree.text, tree.language.id)
    examples = [one for one in find_docstrings(tree) if has_words(one.lstrip("rRuU"))]
    return detect_python_style(examples, wanted)


def plan_documentation(
    tree: SyntaxTree,
    definition: Definition,
    style: PythonStyle | CommentStyle,
    prune: Collection[str] = (),
    telling: Telling = _NOTHING_TOLD,
) -> Plan:
    """Return the insertions in a style."""
    if isinstance(style, CommentStyle):
        return plan_comment(tree.text, definition, style, prune, telling)
    # NumPy's convention wants the section in any case.
    is_told = telling.tells_result and style.name != "numpy"
    style = replace(style, summary_tells_result=is_told)
    return plan_docstring(tree.text, definition, style, _indent_unit(tree.text), prune)


@lru_cache(maxsize=1)  # each definition of a file asks for it
def _indent_unit(text: str) -> str:
    unit = detect_indent_unit(text)
    return unit if re.fullmatch(r"\t| {2,8}", unit) else "    "
