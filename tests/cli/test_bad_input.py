"""Bad input: one line on standard error that says what to do, and exit code 2."""

import os
import re
import stat
from pathlib import Path

import pytest
from tiny_models import FAMILIES, save_family

PLACE = ("--line", 1, "--column", 1)


@pytest.fixture
def source(project):
    file = project / "a.py"
    file.write_text("def f(a):\n    return a\n")
    return file


@pytest.fixture(scope="module")
def plain_model(tmp_path_factory):
    """A model without infilling tokens."""
    return save_family(FAMILIES[0], tmp_path_factory.mktemp("models"))


def assert_refused(result, *advice):
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("assist-server: ")
    assert result.err.count("\n") == 1
    for words in advice:
        assert words in result.err


def test_a_process_refuses_in_one_line(run_process):
    assert_refused(run_process("complete", "nope.py", *PLACE), "'nope.py'", "check the path")


@pytest.mark.parametrize("verb", ["complete", "document", "summarize"])
def test_a_missing_file(run, verb):
    place = {"complete": PLACE, "document": PLACE[:2], "summarize": ()}[verb]
    assert_refused(run(verb, "nope.py", *place), "no file 'nope.py'", "check the path")


VERBS = {"complete": PLACE, "document": PLACE[:2], "summarize": ()}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "device.py", "socket"])
def test_what_is_no_regular_file(run, project, verb, kind):
    path = project / kind
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path = Path("/dev/zero")
    elif kind == "device.py":
        path.symlink_to("/dev/zero")
    else:
        os.mknod(path, stat.S_IFSOCK | 0o600)
    assert_refused(run(verb, path, *VERBS[verb]), str(path), "not a regular file", "choose a")


@pytest.mark.parametrize("verb", VERBS)
def test_a_file_that_may_not_be_read(run, source, monkeypatch, verb):
    def denied(path):
        raise PermissionError(13, "Permission denied", str(path))

    source.chmod(0)
    if os.access(source, os.R_OK):  # the superuser may
        monkeypatch.setattr(Path, "read_bytes", denied)
    assert_refused(run(verb, "a.py", *VERBS[verb]), "'a.py'", "Permission denied", "choose a")


@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_a_benchmark_that_is_no_regular_file(run, project, kind):
    path = project / "items.jsonl"
    os.mkfifo(path) if kind == "pipe" else path.mkdir()
    assert_refused(run("eval", "--infilling", path), "items.jsonl", "not a regular file")


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        (b"\x7fELF\0\0\0", "is a binary file; choose a text file"),
        (b"\x89PNG\r\n\x1a\n", "is not UTF-8 text; convert it first"),
        ("größe = 1\n".encode("latin-1"), "is not UTF-8 text; convert it first"),
        ("x = 1\n".encode("utf-16"), "is not UTF-8 text; convert it first"),
    ],
)
def test_what_is_no_text(run, project, content, advice):
    (project / "a.py").write_bytes(content)
    assert_refused(run("complete", "a.py", *PLACE), "'a.py'", advice)
    assert_refused(run("summarize", stdin=content), "'standard input'", advice)


@pytest.mark.parametrize(
    ("line", "column", "advice"),
    [
        (4, 1, "has 3 lines; choose a line from 1 to 3"),
        (0, 1, "choose a line from 1 to 3"),
        (-1, 1, "choose a line from 1 to 3"),
        (1, 11, "line 1 of a.py has 9 characters; choose a column from 1 to 10"),
        (1, 0, "choose a column from 1 to 10"),
        (3, 2, "line 3 of a.py has 0 characters; choose a column from 1 to 1"),
    ],
)
def test_a_place_outside_the_text(run, source, line, column, advice):
    assert_refused(run("complete", source, "--line", line, "--column", column), advice)


def test_a_line_to_document_outside_the_text(run, source):
    assert_refused(run("document", source, "--line", 9), "choose a line from 1 to 3")


def test_nothing_to_document(run, source, answers):
    answers("")
    assert_refused(run("document", source, "--line", 3), "put the cursor on a function")


@pytest.mark.parametrize(
    ("lines", "advice"),
    [
        ("x", "such as 10:20"),
        ("3:", "such as 10:20"),
        ("2:1", "such as 10:20"),
        ("1:9", "from 1 to 3"),
    ],
)
def test_lines_that_are_none(run, source, lines, advice):
    assert_refused(run("summarize", source, "--lines", lines), advice)


def test_nothing_to_summarize(run, answers):
    answers("")
    assert_refused(run("summarize", stdin=b" \n"), "select the text to summarize")


def test_two_outputs_at_once(run, source):
    result = run("document", source, "--line", 1, "--diff", "--write")
    assert_refused(result, "choose one of --write, --diff and --json")


@pytest.mark.parametrize("verb", ["complete", "document", "summarize"])
def test_a_device_that_is_none(run, source, verb):
    place = {"complete": PLACE, "document": PLACE[:2], "summarize": ()}[verb]
    result = run(verb, source, *place, "--device", "gpu")
    assert_refused(result, 'Set `device` to one of "auto", "cuda", "mps", "cpu"', '"gpu"')


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("complete", "a.py", "--line", "x", "--column", 1), "--line"),
        (("complete", "a.py", "--line", 1), "--column"),
        (("compleat",), "compleat"),
        (("--no-such-option",), "--no-such-option"),
    ],
)
def test_a_wrong_usage_is_explained(run, arguments, words):
    result = run(*arguments)
    assert (result.code, result.out) == (2, "")
    assert words in result.err
    assert "--help" in result.err
    assert "Traceback" not in result.err


# Models


@pytest.mark.parametrize("model", ["/no/such/folder", "./nowhere", "nonsense"])
def test_a_model_that_is_nowhere(run, source, model):
    assert_refused(run("complete", source, *PLACE, "--model", model), "set `model` to")


@pytest.mark.parametrize(
    ("pattern", "missing"),
    [("*.safetensors", "weights"), ("tokenizer*", "tokenizer"), ("config.json", "config.json")],
)
def test_a_model_folder_that_lacks_a_part(run, source, project, pattern, missing):
    folder = project / "model"
    folder.mkdir()
    for name in ("model.safetensors", "tokenizer.json", "config.json"):
        (folder / name).touch()
    for file in folder.glob(pattern):
        file.unlink()
    result = run("complete", source, *PLACE, "--model", "./model")
    assert_refused(result, f"has no {missing}", "set `model` to another folder")


def test_a_template_that_the_model_cannot_serve(run, source, project, plain_model):
    (project / ".assist.toml").write_text('fim_template = "starcoder"\n')
    result = run("complete", source, *PLACE, "--model", plain_model)
    assert_refused(result, "no '<fim_prefix>'", 'set `fim_template` to "auto"')


def test_a_template_that_is_none(run, source, project, answers):
    answers("")
    (project / ".assist.toml").write_text('fim_template = "starcodr"\n')
    assert_refused(run("complete", source, *PLACE), "'starcodr'; did you mean 'starcoder'?")


def test_a_model_without_infilling_tokens_completes_left_to_right(run, source, plain_model):
    place = ("--line", 2, "--column", 12)
    result = run("complete", source, *place, "--model", plain_model, "--json")
    assert (result.code, result.err) == (0, "")
    before = len("def f(a):\n    return ")
    assert f'"prompt_tokens": {before}' in result.out


def test_the_doctor_warns_of_a_model_without_infilling_tokens(run, plain_model):
    result = run("doctor", "--model", plain_model)
    (line,) = [line for line in result.out.splitlines() if " infilling: " in line]
    assert result.code == 0
    assert line.split()[0] == "warning"
    assert "set `fim_template`" in line


# Settings that cannot be used are told of, and do not stop the work.


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ('model = "x"\ndevice = = 1\n', ("Correct this file", "line 2, column 10")),
        ('devise = "cpu"\n', ("Write `device` for `devise`",)),
        ('device = "gpu"\n', ('Set `device` to one of "auto", "cuda"',)),
        ('model = "/tmp"\n', ("Move `model` to",)),
    ],
)
def test_a_project_s_mistake_is_a_warning(run, project, answers, toml, words):
    answers("value")
    (project / ".assist.toml").write_text(toml)
    (project / "a.py").write_text("total = \n")
    result = run("complete", "a.py", "--line", 1, "--column", 9)
    assert (result.code, result.out) == (0, "value\n")
    assert result.err.count("\n") == 1
    for word in (*words, str(project / ".assist.toml")):
        assert word in result.err


def test_a_model_of_the_hub_without_network_is_one_sentence(run_process, project, monkeypatch):
    (project / "a.py").write_text("x = \n")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_HOME", str(project))
    result = run_process("complete", "a.py", "--line", 1, "--column", 5, "--model", "some/model")
    assert result.out == ""
    assert re.fullmatch(r"assist-server: [^\n]* cannot be reached; [^\n]*\n", result.err)
