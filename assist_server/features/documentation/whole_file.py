"""Documentation of all undocumented definitions of a file."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

from assist_server.context.snapshot import Snapshot
from assist_server.engine.request import CancelToken
from assist_server.errors import AssistError, InputError
from assist_server.features.documentation.document import document, find_tree
from assist_server.features.documentation.layout import PhraseWriter
from assist_server.features.documentation.undocumented import undocumented
from assist_server.features.documentation.verification import verify_file
from assist_server.settings import DocumentationSettings
from assist_server.text.edits import TextEdit

Report = Callable[[str, int], None]
"""Called with the name of a definition and the share of the work that is done, in percent."""


@dataclass(frozen=True)
class Refusal:
    """A definition that stays undocumented."""

    name: str
    line: int
    """Line of the definition, from 1."""
    reason: str


@dataclass(frozen=True)
class FileDocumentation:
    """Edits that document a file, verified together to change nothing else."""

    edits: tuple[TextEdit, ...]
    documented: tuple[str, ...]
    """Names of the definitions that get documentation, in the order of the file."""
    placeholders: int
    """Number of phrases that are left to the person."""
    refused: tuple[Refusal, ...]


def document_file(
    snapshot: Snapshot,
    write_phrase: PhraseWriter,
    settings: DocumentationSettings,
    cancel: CancelToken,
    report: Report = lambda _name, _percent: None,
) -> FileDocumentation:
    """Return edits that document what `undocumented` finds; existing documentation stays.

    Raises:
        InputError: the language is not supported, or `cancel` was set.
        AssistError: the edits together would have changed the program.
    """
    tree = find_tree(snapshot)
    definitions = undocumented(tree, include_private=settings.include_private)
    edits: list[TextEdit] = []
    documented: list[str] = []
    refused: list[Refusal] = []
    placeholders = 0
    for index, definition in enumerate(definitions):
        report(definition.name, 100 * index // len(definitions))
        try:
            found = document(snapshot, definition.keyword, write_phrase, settings)
            _refuse_overlap(found.edits, edits)
        except AssistError as error:
            if not cancel.is_cancelled:
                line = snapshot.lines.line_at(definition.keyword) + 1
                refused.append(Refusal(definition.name, line, str(error)))
        else:
            edits += found.edits
            documented.append(found.name)
            placeholders += found.placeholders
        if cancel.is_cancelled:
            raise InputError("the documentation was cancelled")
    verify_file(tree, edits)
    ordered = tuple(sorted(edits, key=lambda edit: edit.start))
    return FileDocumentation(ordered, tuple(documented), placeholders, tuple(refused))


def _refuse_overlap(edits: tuple[TextEdit, ...], earlier: list[TextEdit]) -> None:
    """Check that edits are apart from those of other definitions.

    Raises:
        InputError: they touch, as two definitions begin on the same line.
    """
    pairs = product(edits, earlier)
    if any(one.start <= other.end and other.start <= one.end for one, other in pairs):
        raise InputError(
            "It shares its line with another definition; divide the line, or document each alone."
        )
