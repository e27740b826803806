"""One file a case: options, the source with a cursor, and the source as it should become."""

from pathlib import Path

import pytest

from assist_server.context.snapshot import Snapshot
from assist_server.errors import InputError
from assist_server.features.documentation.document import Documentation, document
from assist_server.settings import DocumentationSettings
from assist_server.text.edits import apply_edits

CASES = sorted((Path(__file__).parents[3] / "golden" / "documentation").glob("*.txt"))
SEPARATOR = "=====\n"


def silent(prefix, suffix, request):
    """A writer that knows nothing."""


def case(options: str, marked: str, writer=silent) -> tuple[str, Documentation]:
    """The source without its cursor, and its documentation."""
    named = dict(option.split("=") for option in options.split())
    settings = DocumentationSettings(style=named["style"], line_length=int(named.get("length", 88)))
    text, offset = marked.replace("█", ""), marked.index("█")
    snapshot = Snapshot("file:///source", "", text, named["language"])
    prune = named.get("prune", "").split(",")
    return text, document(snapshot, offset, writer, settings, prune)


def documented(options: str, marked: str) -> str:
    """The source after documentation from facts alone."""
    text, result = case(options, marked)
    return apply_edits(text, result.edits)


def test_there_are_cases():
    assert len(CASES) > 30


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_golden(path):
    options, marked, expected = path.read_text("utf-8").split(SEPARATOR)
    assert documented(options, marked) == expected


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_nothing_is_missing_afterwards(path):
    options, marked, _ = path.read_text("utf-8").split(SEPARATOR)
    text, result = case(options, marked)
    offset = marked.index("█")
    ahead = [edit for edit in result.edits if edit.end <= offset]
    moved = offset + sum(len(edit.new_text) - (edit.end - edit.start) for edit in ahead)
    after = apply_edits(text, result.edits)
    if len(result.edits) == 1 and result.edits[0].start <= offset <= result.edits[0].end:
        moved = result.edits[0].start
    with pytest.raises(InputError, match="already documented"):
        case(options, f"{after[:moved]}█{after[moved:]}")


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
@pytest.mark.parametrize(
    "nasty", ["*/ evil(); /*", "evil\n@param evil", "]] evil", "# evil", "-- evil"]
)
def test_what_a_writer_says_stays_prose(path, nasty):
    options, marked, _ = path.read_text("utf-8").split(SEPARATOR)
    _, result = case(options, marked, lambda prefix, suffix, request: nasty)
    assert "evil()" not in result.text
    assert result.text.lower().count("evil") == result.model_phrases <= 1
