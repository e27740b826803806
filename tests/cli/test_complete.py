import itertools
import json
import random
import re
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest

from assist_server.lsp.client import LspClient

# Two models compute by turns here; waiting threads of the one would only slow down the other.
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
# And no deadline that a busy machine could miss.
SMALL_PROMPTS = "[completion]\nmax_prompt_tokens = 96\nmax_latency_ms = 600_000\n"
PLACES_WITH_TEXT = 8
MOST_PLACES = 20

# Behind an opening that wants something to follow.
OPENING = re.compile(r"^ +[^#\n]*?(?:\bself\.|\breturn |\w\()(?=\w)", re.MULTILINE)


@dataclass(frozen=True)
class Place:
    """A file and a cursor in it, both counted from 1."""

    file: Path
    line: int
    column: int


def standard_library_places(folder: Path):
    """Copies of library files, each with the rest of one line cut off behind an opening."""
    choice = random.Random(0)  # noqa: S311 - the same places in every run
    files = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    choice.shuffle(files)
    for file in files:
        text = file.read_text(encoding="utf-8")
        openings = list(OPENING.finditer(text))
        if openings:
            offset = choice.choice(openings).end()
            copy = folder / file.name
            text = text[:offset] + text[text.find("\n", offset) :]
            copy.write_text(text, encoding="utf-8")
            line_start = text.rfind("\n", 0, offset) + 1
            yield Place(copy, text.count("\n", 0, offset) + 1, offset - line_start + 1)


def one_json(result):
    assert result.code == 0, result.err
    return json.loads(result.out)


def test_the_command_line_and_the_server_complete_alike(project, run, use_backend, embedded):
    use_backend(embedded)
    (project / ".assist.toml").write_text(SMALL_PROMPTS)
    with LspClient(env=ONE_THREAD) as client:
        client.initialize(root_uri=project.as_uri())
        wait = {"command": "assist.status", "arguments": [True]}
        assert client.request("workspace/executeCommand", wait, 120)["phase"] == "ready"
        answers = []
        for place in itertools.islice(standard_library_places(project), MOST_PLACES):
            found = one_json(run(
                *("complete", place.file, "--line", place.line, "--column", place.column, "--json")
            ))  # fmt: skip
            assert seen_by_editor(client, place) == shown(found)
            assert_measured(found)
            answers.append(found)
            if len([one for one in answers if one["text"]]) == PLACES_WITH_TEXT:
                break
        assert len([one for one in answers if one["text"]]) == PLACES_WITH_TEXT
        client.shut_down()


def seen_by_editor(client, place):
    uri = place.file.as_uri()
    client.open(uri, place.file.read_text(encoding="utf-8"))
    items = client.inline_completion(uri, place.line - 1, place.column - 1)
    likeliest = items[:1]  # others are drawn for who asks
    return [(item["insertText"], *item["range"].values()) for item in likeliest]


def shown(found):
    """What an editor would see of the command's answer."""
    if found["text"] is None:
        return []
    start, end = (
        {"line": place["line"] - 1, "character": place["column"] - 1}
        for place in found["range"].values()
    )
    return [(found["text"], start, end)]


def assert_measured(found):
    assert 0 < found["prompt_tokens"] <= 96
    assert 0 <= found["new_tokens"] <= 64
    assert found["milliseconds"] > 0
    assert found["finish_reason"] in {"end_of_text", "stop_rule", "max_new_tokens"}
    assert found["mean_log_prob"] is None or found["mean_log_prob"] <= 0
    assert found["outcome"] == ("shown" if found["text"] else "filtered")
    assert bool(found["detail"]) == (found["outcome"] == "filtered")


def test_a_process_completes(project, run_process):
    (project / "a.py").write_text("def main():\n    pass\n\n\nif __name__ == \n")
    result = run_process("complete", "a.py", "--line", 5, "--column", 16)
    assert (result.code, result.err) == (0, "")
    assert result.out.strip()


def test_the_range_counts_characters_from_one(project, run, answers):
    answers("value)")
    (project / "a.py").write_text("\n'\N{ROCKET}', call()\n", encoding="utf-8")
    found = one_json(run("complete", "a.py", "--line", 2, "--column", 11, "--json"))
    start, end = {"line": 2, "column": 11}, {"line": 2, "column": 12}
    assert (found["text"], found["range"]) == ("value)", {"start": start, "end": end})


def test_only_the_text_is_printed(project, run, answers):
    answers("1 + 2\n")
    (project / "a.py").write_text("total = \n")
    result = run("complete", "a.py", "--line", 1, "--column", 9)
    assert (result.code, result.out, result.err) == (0, "1 + 2\n", "")


def test_nothing_to_show_says_why_and_is_no_failure(project, run, answers):
    answers("")
    (project / "a.py").write_text("total = \n")
    result = run("complete", "a.py", "--line", 1, "--column", 9)
    assert (result.code, result.out) == (0, "")
    assert result.err == "nothing to show: filtered, it is too short to be worth accepting\n"


@pytest.mark.parametrize("column", [1, 6])
def test_the_first_and_the_last_column_of_a_line(project, run, answers, column):
    backend = answers("x")
    (project / "a.py").write_text("total = \nother\n")
    assert run("complete", "a.py", "--line", 2, "--column", column).code == 0
    assert len(backend.requests[0].prompt_ids) == len("total = \n") + column - 1


def test_the_project_s_settings_count(project, run, answers):
    backend = answers("x + " * 20)
    (project / ".assist.toml").write_text("[completion]\nmax_new_tokens_single_line = 7\n")
    (project / "a.py").write_text("total = \n")
    assert run("complete", "a.py", "--line", 1, "--column", 9).out == "x + x\n"
    assert backend.requests[0].max_new_tokens == 7
