"""Kinds of text, and mixtures that look like other kinds."""

from pathlib import Path

import pytest

from assist_server.context.selection import Selection
from assist_server.context.snapshot import Snapshot
from assist_server.features.summarize.kinds import TextKind, recognize

GOLDEN = Path(__file__).parents[3] / "golden" / "summaries"
OF_FOLDERS = {
    "log": TextKind.LOG,
    "trace": TextKind.TRACE,
    "diff": TextKind.DIFF,
    "commits": TextKind.COMMITS,
    "mail": TextKind.MAIL,
    "markdown": TextKind.MARKDOWN,
}
OF_EXTENSIONS = {".json": TextKind.JSON, ".toml": TextKind.TOML, ".yaml": TextKind.YAML}


def kind_of(text, path="text.txt", language=""):
    return recognize(Selection(Snapshot(f"file:///{path}", path, text, language), 0, len(text)))


def sample(name):
    return (GOLDEN / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in sorted(GOLDEN.glob("*/*"))
        if path.suffix != ".summary" and path.parent.name in OF_FOLDERS
    ],
    ids=lambda path: f"{path.parent.name}/{path.name}",
)
def test_content_alone_shows_the_kind(path):
    assert kind_of(path.read_text(encoding="utf-8")) is OF_FOLDERS[path.parent.name]


@pytest.mark.parametrize("name", ["package.json", "settings.yaml", "project.toml"])
def test_data_shows_its_format(name):
    assert kind_of(sample(f"data/{name}")) is OF_EXTENSIONS[Path(name).suffix]


@pytest.mark.parametrize("name", ["header.csv", "tabs.tsv"])
def test_a_table_shows_its_columns(name):
    assert kind_of(sample(f"table/{name}")) is TextKind.TABLE


TRACE = sample("trace/python_chain.txt")
DIFF = sample("diff/git.diff")
LOG = sample("log/python.txt")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (LOG + TRACE + LOG, TextKind.LOG),
        ("2024-05-01 12:00:00 ERROR it failed\n" + TRACE, TextKind.TRACE),
        (
            f"# Patch\n\nApply this:\n\n```diff\n{DIFF}```\n\n## Then\n\nRun it.\n",
            TextKind.MARKDOWN,
        ),
        (f"# Bug\n\nIt fails:\n\n```\n{TRACE}```\n\n## Why\n\nNobody knows.\n", TextKind.MARKDOWN),
        (sample("commits/log.txt").split("\n\ncommit")[0] + "\n\n" + DIFF, TextKind.DIFF),
        (sample("mail/single.eml") + "\n" + DIFF, TextKind.MAIL),
        (
            "From 3f1c2d4e5b6a7988776655443322110099887766 Mon Sep 17 00:00:00 2001\n"
            "From: Ann <ann@example.org>\nDate: Thu, 2 May 2024\nSubject: [PATCH] x\n---\n" + DIFF,
            TextKind.DIFF,
        ),
    ],
)
def test_the_outer_kind_counts(text, kind):
    assert kind_of(text) is kind


@pytest.mark.parametrize(
    "text",
    [
        "Note: it is late.\nAnswer: go home.\nBut nobody went, and it rained: all night.\n",
        "One, two, three.\nFour, five, six.\nSeven, eight, nine.\n",
        "The traceback was short. Error: none.\nAt home, at work (and at sea).\n",
        "commit to it\ncommit to nothing\n",
        "deadbeef is a word\nfacade is another one\nThat is all.\n",
        "+ more\n- less\n+ much more\n",
        "a = b is not the same as b = a in prose.\nIt is = or it is not.\n",
        "{curly words} are no data.\n",
        "[1] A. Author. A book. 2001.\n[2] B. Author. Another book. 2002.\n",
        "At 12:00:00 the bell rang. Nobody heard it.\nThey slept.\n",
        "Meeting: at noon in the hall\nBring:\n  warm clothes\nThanks: to all who came or sang\n",
        "The sun is up and so\nThe sea is low and so\n" * 12,
        "12:00:00 lunch with Ann\n13:30:00 a walk\n14:00:00 coffee with Bob\n",
        "x",
        "\x00\x01\x02",
        "\n\n\n",
    ],
)
def test_what_is_not_sure_is_prose(text):
    assert kind_of(text) is TextKind.PROSE


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Compiling a/b.c\nLinking step2\n" * 12, TextKind.LOG),
        ("12:00:00 started\n12:00:01 opened a file\n12:00:03 closed it\n", TextKind.LOG),
        ("a: 1\nb:\n  c: one value of many words\nd: x\n", TextKind.YAML),
    ],
)
def test_what_looks_a_little_like_prose(text, kind):
    assert kind_of(text) is kind


@pytest.mark.parametrize(
    ("path", "language", "kind"),
    [
        ("a.yaml", "", TextKind.YAML),
        ("a", "yaml", TextKind.YAML),
        ("a.md", "", TextKind.MARKDOWN),
        ("a.py", "", TextKind.CODE),
        ("a", "shellscript", TextKind.CODE),
        ("a.log", "", TextKind.LOG),
        ("a.json", "", TextKind.JSON),
    ],
)
def test_the_language_of_the_document_comes_first(path, language, kind):
    prose = "It is a text. It says: nothing.\n"
    assert kind_of(prose, path, language) is kind


def test_a_document_may_hold_another_kind():
    assert kind_of(TRACE, "server.log") is TextKind.TRACE
    assert kind_of(sample("log/json_lines.jsonl"), "events.jsonl") is TextKind.LOG
