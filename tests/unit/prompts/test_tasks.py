import os
from string import Template

import pytest

from assist_server.errors import InputError
from assist_server.prompts.tasks import FIELDS, Kinds, Need, Output, load_tasks, parse_task

HEAD = """\
---
title: Make Polite
kinds: text
output: replace
needs: [selection]
max_new_tokens: 100
---
"""
GOOD = f"{HEAD}Make it polite.\n"


def test_a_file_is_a_task():
    task = parse_task("polite", GOOD)
    assert (task.name, task.title, task.kinds, task.output) == (
        "polite", "Make Polite", Kinds.TEXT, Output.REPLACE,
    )  # fmt: skip
    assert (task.needs, task.max_new_tokens) == ({Need.SELECTION}, 100)
    assert task.instruction({}) == "Make it polite."


def test_the_user_s_words_are_no_template():
    task = parse_task("a", GOOD.replace("[sel", "[instruction, sel") + "$instruction, $$1")
    assert task.instruction({"instruction": "$path"}).endswith("\n$path, $1")


def test_the_tasks_of_this_package():
    names = load_tasks().by_name
    assert set(names) >= {
        "explain", "rewrite", "shorten", "formal", "fix-grammar", "translate", "implement", "fix",
        "add-tests", "ask", "commit-message", "continue-text",
    }  # fmt: skip
    for task in names.values():
        assert set(Template(task.body).get_identifiers()) <= FIELDS


def test_users_add_tasks_and_replace_others(tmp_path):
    (tmp_path / "polite.md").write_text(GOOD)
    (tmp_path / "formal.md").write_text(GOOD.replace("\n", "\r\n"), newline="")
    (tmp_path / "notes.txt").write_text("no task")
    tasks = load_tasks(tmp_path)
    assert tasks.find("polite").title == tasks.find("formal").title == "Make Polite"
    assert tasks.find("explain").title == "Explain"
    assert tasks.problems == ()


def test_the_user_s_folder_is_beside_the_settings(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    folder = tmp_path / "assist-server" / "tasks"
    folder.mkdir(parents=True)
    (folder / "polite.md").write_text(GOOD)
    assert load_tasks().find("polite").title == "Make Polite"


BOMB = "a: &a [x, x]\n" + "".join(f"b{n}: &b{n} [*a, *a, *a, *a]\n" for n in range(90))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "begin it with a head"),
        ("Make it polite.", "begin it with a head"),
        ("---\ntitle: a\n", "begin it with a head"),
        (GOOD.replace("title: Make", "title: [Make"), "not valid YAML (line "),
        ("---\n!!python/object/apply:os.system [ls]\n---\nx", "not valid YAML"),
        ("---\n" + "[" * 9000 + "\n---\nx", "not valid YAML"),
        ("---\ntitle: !!float _\n---\nx", "not valid YAML (line 2)"),
        ("---\ntitle: !!int '_'\n---\nx", "not valid YAML (line 2)"),
        ("---\ntitle: !!bool foo\n---\nx", "not valid YAML (line 2)"),
        ("---\ntitle: !!timestamp a: 1\n---\nx", "not valid YAML (line 2)"),
        ("---\n? [a]\n: 1\n---\nx", "not valid YAML (line "),
        ("---\ntitle: [[[a]]]\n---\nx", "not valid YAML (line 2)"),
        ("---\n" + "- " * 9000 + "\n---\nx", "not valid YAML (line "),
        ("---\na: &a {b: c}\n<<: [*a, *a]\n---\nx", "not valid YAML (line 3)"),
        ("---\nx: 2001-99-99\n---\nx", "add `title`"),
        ("---\n- a\n---\nx", "write title, kinds"),
        (f"---\n{BOMB}---\nx", "not valid YAML (line "),
        (GOOD.replace("output: replace\n", ""), "add `output`"),
        (GOOD.replace("kinds", "colour: red\nkinds"), "remove `colour`"),
        (GOOD.replace("kinds", "2: red\nkinds"), "remove `2`"),
        (GOOD.replace("Make Polite", "''"), "`title` is not"),
        (GOOD.replace("Make Polite", "x" * 81), "`title` is not"),
        (GOOD.replace("kinds: text", "kinds: poem"), "`kinds` is not one of code, text, any"),
        (GOOD.replace("output: replace", "output: [replace]"), "`output` is not one of"),
        (GOOD.replace("[selection]", "selection"), "`needs` is not a list"),
        (GOOD.replace("[selection]", "[money]"), "`needs` is not one of"),
        (GOOD.replace("100", "0"), "`max_new_tokens` is not"),
        (GOOD.replace("100", "true"), "`max_new_tokens` is not"),
        (GOOD.replace("100", "0_"), "`max_new_tokens` is not"),
        (GOOD.replace("100", "[1]"), "`max_new_tokens` is not"),
        (GOOD.replace("100", "9" * 5000), "`max_new_tokens` is not"),
        (GOOD.replace("100", "5000"), "`max_new_tokens` is not"),
        (HEAD, "write the instruction"),
        (f"{GOOD}It costs 5 $.", "begins no field"),
        (f"{GOOD}See $file.", "`$file` is no field; the fields are $instruction"),
        (f"{GOOD}Do $instruction.", "if, and only if"),
        (GOOD.replace("[selection]", "[selection, instruction]"), "if, and only if"),
        (GOOD + "x" * 40_000, "longer than 32 KB"),
        (b"\xff" + GOOD.encode(), "not UTF-8"),
    ],
)
def test_a_broken_file_is_one_problem_and_the_others_work(tmp_path, content, problem):
    path = tmp_path / "bad.md"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    (tmp_path / "polite.md").write_text(GOOD)
    tasks = load_tasks(tmp_path)
    (said,) = tasks.problems
    assert said.startswith(f"correct the task {path}, it is ignored: ")
    assert problem in said
    assert len(said) < 400
    assert "bad" not in tasks.by_name
    assert tasks.find("polite")
    with pytest.raises(InputError, match="correct the task"):
        tasks.find("bad")


def test_names_that_are_no_words_are_a_problem(tmp_path):
    (tmp_path / "Be Polite.md").write_text(GOOD)
    assert "small letters" in load_tasks(tmp_path).problems[0]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.md")
    assert "not a regular file" in load_tasks(tmp_path).problems[0]


def test_an_unknown_task_names_those_that_exist(tmp_path):
    with pytest.raises(InputError, match=r"no task 'x'; the tasks are add-tests, ask, "):
        load_tasks(tmp_path).find("x")


def test_a_file_is_read_again_when_it_has_changed(tmp_path, monkeypatch):
    path, bad = tmp_path / "polite.md", tmp_path / "bad.md"
    path.write_text(GOOD)
    bad.write_text("")
    first = load_tasks(tmp_path)
    read = []
    monkeypatch.setattr("assist_server.prompts.tasks.parse_task", lambda *args: read.append(args))
    assert load_tasks(tmp_path) == first
    assert (read, len(first.problems)) == ([], 1)
    monkeypatch.undo()
    path.write_text(GOOD.replace("Make Polite", "Be Polite"))
    assert load_tasks(tmp_path).find("polite").title == "Be Polite"
