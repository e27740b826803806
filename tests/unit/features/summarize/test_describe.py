"""Facts of any text at all: no failure, no echo, lines that exist."""

import random
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assist_server.context.selection import Selection
from assist_server.context.snapshot import Snapshot
from assist_server.engine.backend import NullBackend
from assist_server.errors import InputError
from assist_server.features.summarize.summarize import summarize
from assist_server.settings import Settings

GOLDEN = Path(__file__).parents[3] / "golden" / "summaries"
SAMPLES = {
    f"{path.parent.name}/{path.name}": path.read_text(encoding="utf-8")
    for path in sorted(GOLDEN.glob("*/*"))
    if path.suffix != ".summary"
}
EXTENSIONS = sorted({name.rpartition(".")[2] for name in SAMPLES})
SCRAPS = (
    "\n",
    "{",
    "[",
    '"',
    "'",
    "\t",
    ": ",
    "- ",
    "@@",
    "&a *a",
    "\x00",
    "\u2028",
    ">",
    "=",
    "é",
)


def summary_of(text, extension, start=0):
    snapshot = Snapshot(f"file:///a.{extension}", f"a.{extension}", text)
    selection = Selection(snapshot, start, len(snapshot.text))
    try:
        return summarize(selection, NullBackend(), Settings()).markdown
    except InputError:
        return None


def check(text, extension, start=0):
    markdown = summary_of(text, extension, start)
    if markdown is None:
        return
    snapshot = Snapshot("file:///a", "a", text)
    assert markdown.split() != snapshot.text[start:].split()
    assert len(re.findall(r"^- ", markdown, re.MULTILINE)) <= 13
    first = snapshot.lines.line_at(start) + 1
    items = re.findall(r"^- (.*)$", markdown, re.MULTILINE)
    for item in items:
        if not re.match(r"and [\d,]+ more$", item):
            (line, *_) = re.findall(r"\(line (\d+)\)", item)
            assert first <= int(line) <= snapshot.lines.line_count


@given(st.text(), st.sampled_from(EXTENSIONS))
def test_any_text_has_a_summary_or_is_refused(text, extension):
    check(text, extension)


@example("diff/unified.diff", 2162, False)  # the first sentence begins with a dash
@given(st.sampled_from(sorted(SAMPLES)), st.integers(0, 2**32), st.booleans())
def test_damaged_samples_have_a_summary_or_are_refused(name, seed, is_named):
    draw = random.Random(seed)  # noqa: S311 - repeatable, not secret
    text = SAMPLES[name]
    for _ in range(draw.randint(1, 6)):
        at, until = sorted(draw.choices(range(len(text) + 1), k=2))
        change = draw.choice(["cut", "double", "scrap", "begin"])
        if change == "cut":
            text = text[:at] + text[min(until, at + 40) :]
        elif change == "double":
            text = text[:until] + text[at:until][:2000] + text[until:]
        elif change == "scrap":
            text = text[:at] + draw.choice(SCRAPS) + text[at:]
        else:
            text = text[at // 4 :]
    extension = name.rpartition(".")[2] if is_named else "txt"
    check(text, extension, draw.randint(0, len(Snapshot("a", "a", text).text) // 4))


@pytest.mark.parametrize(
    ("name", "fact", "text_of_line"),
    [
        ("log/syslog.txt", r"^- error \(line (\d+)\)", "No space left"),
        ("log/nginx.log", r"^- first error \(line (\d+)\)", "13:56:02"),
        ("trace/java.txt", r"^- innermost own call.*?\(line (\d+)\)", "Database.open"),
        ("trace/go.txt", r"^- innermost own call.*?\(line (\d+)\)", "pick.go:9"),
        ("diff/git.diff", r"^- `logo.png` \(line (\d+)\)", "diff --git a/logo.png"),
        ("commits/oneline.txt", r"^- 1 `docs` \(line (\d+)\)", "docs: how to order"),
        ("data/settings.yaml", r"^- `services` \(line (\d+)\)", "services:"),
        ("data/project.toml", r"^- `tool` \(line (\d+)\)", "[tool.ruff]"),
        ("data/package.json", r"^- `config` \(line (\d+)\)", '"config"'),
        ("mail/single.eml", r"^- copy to \(line (\d+)\)", "Cc:"),
        ("markdown/readme.md", r"^- Use \(line (\d+)\)", "## Use"),
        ("code/module.py", r"^- uses.*?\(line (\d+)\)", "import numpy"),
    ],
)
@pytest.mark.parametrize("above", [0, 7])
def test_a_line_number_names_the_line(name, fact, text_of_line, above):
    text = "\n" * above + SAMPLES[name]
    markdown = summary_of(text, name.rpartition(".")[2], above)
    line = int(re.search(fact, markdown, re.MULTILINE)[1])
    assert text_of_line in text.split("\n")[line - 1]


@pytest.mark.parametrize(
    ("extension", "text", "said"),
    [
        ("json", "[" * 100_000, "nested too deeply"),
        ("json", '{"a":' * 50_000, "nested too deeply"),
        ("toml", "a = " + "[" * 50_000, "nested too deeply"),
        ("yaml", "[" * 50_000, "nested too deeply"),
        ("csv", "a,b," * 100_000, "1 row and 200,001 columns"),
        ("csv", '"a","b"\n' + '"' * 300_000, "2 columns"),
        ("json", '{"a": [' + "1," * 3_000_000 + "1]}", "The rest was not read."),
    ],
)
def test_hostile_text_is_answered_in_a_sentence(extension, text, said):
    assert said in summary_of(text, extension)


def test_aliases_are_not_expanded():
    levels = "".join(f"k{n}: &k{n} [{', '.join([f'*k{n - 1}'] * 9)}]\n" for n in range(1, 20))
    markdown = summary_of(f"k0: &k0 [x, x]\n{levels}", "yaml")
    assert markdown.startswith("A YAML document with 20 keys")


@pytest.mark.slow
def test_of_a_long_log_both_ends_are_read():
    lines = [f"2024-05-01 12:00:00 INFO request {n} done" for n in range(100_010)]
    lines[3] = "2024-05-01 12:00:00 ERROR the first one"
    lines[-1] = "2024-05-02 12:00:00 ERROR the last one"
    markdown = summary_of("\n".join(lines), "log")
    assert "Its lines 50,001 to 50,010 were not read." in markdown
    assert "- first error (line 4): `the first one`" in markdown
    assert "- last error (line 100010): `the last one`" in markdown
