"""Golden summaries: `KIND/NAME.EXTENSION` is a text, and `KIND/NAME.EXTENSION.summary` its summary.

A summary is without a model. The text's extension stands for the document's language.
"""

import re
from pathlib import Path

import pytest

from assist_server.context.selection import Selection
from assist_server.context.snapshot import Snapshot
from assist_server.engine.backend import NullBackend
from assist_server.features.summarize.summarize import summarize
from assist_server.settings import Settings

CASES = Path(__file__).parent / "summaries"
PATHS = sorted(path for path in CASES.glob("*/*") if path.suffix != ".summary")


def summary_of(text, name, start=0):
    selection = Selection(Snapshot(f"file:///{name}", name, text), start, len(text))
    return summarize(selection, NullBackend(), Settings()).markdown


@pytest.mark.parametrize("path", PATHS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_case(path):
    expected = path.with_name(f"{path.name}.summary").read_text(encoding="utf-8")
    assert summary_of(path.read_text(encoding="utf-8"), path.name) + "\n" == expected


@pytest.mark.parametrize("path", PATHS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_line_numbers_are_those_of_the_document(path):
    text = path.read_text(encoding="utf-8")
    above = "\n" * 40  # with blank lines above, a file's kind and its facts stay the same
    alone, moved = (
        [int(line) for line in re.findall(r"^- .*?\(line (\d+)\)", markdown, re.MULTILINE)]
        for markdown in (
            summary_of(text, path.name),
            summary_of(above + text, path.name, len(above)),
        )
    )
    assert [line + 40 for line in alone][: len(moved)] == moved
    assert len(alone) - 1 <= len(moved) <= len(alone)  # a longer number may leave out the last


@pytest.mark.parametrize("kind", [path.name for path in CASES.iterdir()])
def test_no_secret_is_repeated(kind):
    secrets = ("hunter2", "s3cr3t-value", "abcd1234efgh", "tok_")
    for path in (CASES / kind).glob("*.summary"):
        assert not [one for one in secrets if one in path.read_text(encoding="utf-8")]
