"""Documentation of the function or class at the cursor, in the convention of its file."""

import re
from dataclasses import dataclass

from assist_server.context.snapshot import Snapshot
from assist_server.errors import InputError
from assist_server.features.docstrings.comment_plan import plan_comment
from assist_server.features.docstrings.filling import Filling, PhraseWriter
from assist_server.features.docstrings.layout import Insertion
from assist_server.features.docstrings.python_plan import plan_docstring
from assist_server.features.docstrings.styles import detect_comment_style, detect_python_style
from assist_server.features.docstrings.verification import verify
from assist_server.settings import DocumentationSettings
from assist_server.syntax.definition import Definition
from assist_server.syntax.definitions import LANGUAGE_IDS, find_definition
from assist_server.syntax.docstrings import find_docstrings
from assist_server.syntax.parser import SyntaxTree
from assist_server.text.edits import TextEdit
from assist_server.text.indentation import detect_indent_unit
from assist_server.text.newlines import detect_newline


@dataclass(frozen=True)
class Documentation:
    """Edits that document one definition, checked to change nothing else."""

    edits: tuple[TextEdit, ...]
    name: str
    """What is documented."""
    style: str
    text: str
    """The docstring or comment as it stands after the edits."""
    model_phrases: int
    fallback_phrases: int
    """How many phrases only names and types gave, because the model's were missing or unusable."""


def document(
    snapshot: Snapshot,
    offset: int,
    write_phrase: PhraseWriter,
    settings: DocumentationSettings,
) -> Documentation:
    """Document the innermost definition around `offset`, or complete what is written about it.

    What is mentioned (parameters, results, exceptions) comes from the syntax tree; only sentences
    come from `write_phrase`, one call for each. Words that a person has written stay, but for the
    entries of parameters that no longer exist.

    Raises:
        InputError: there is nothing to document: another language, no definition, or all is there.
        AssistError: the checks found that the edits would have changed the code.
    """
    tree = snapshot.syntax
    if tree is None or snapshot.language.id not in LANGUAGE_IDS:
        supported = ", ".join(LANGUAGE_IDS)
        raise InputError(f"{snapshot.language.id} cannot be documented; these can: {supported}.")
    definition = find_definition(tree, offset)
    if definition is None:
        raise InputError("Nothing to document here: put the cursor on a function or a class.")
    newline = detect_newline(snapshot.text)
    style, insertions = _plan(tree, definition, settings.style, newline)
    if not insertions:
        raise InputError(f"`{definition.name}` is already documented.")
    filling = Filling(snapshot.text, write_phrase, newline, settings.line_length)
    edits = filling.fill(insertions)
    return Documentation(
        edits=edits,
        name=definition.name,
        style=style,
        text=verify(tree, definition, edits, style),
        model_phrases=filling.model_phrases,
        fallback_phrases=filling.fallback_phrases,
    )


def _plan(
    tree: SyntaxTree, definition: Definition, wanted: str, newline: str
) -> tuple[str, tuple[Insertion, ...]]:
    """The style's name, and what is to be inserted."""
    if tree.language.id != "python":
        style = detect_comment_style(tree.text, tree.language.id)
        return style.name, plan_comment(tree.text, definition, style, newline)
    detected = detect_python_style(find_docstrings(tree), wanted)
    unit = detect_indent_unit(tree.text)
    unit = unit if re.fullmatch(r"\t| {2,8}", unit) else "    "
    return detected.name, plan_docstring(tree.text, definition, detected, unit, newline)
