# ruff: noqa: E501 - what is printed is read best on one line
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from assist_server.cli import document as command

CODE = "import os\n\n\ndef area(width, height):\n    return width * height\n\n\nx = area(1, 2)\n"


@pytest.fixture
def source(project, answers):
    answers("")  # a model that leaves all phrases to the names
    file = project / "shapes.py"
    file.write_text(CODE)
    return file


def without_docstring(text: str) -> str:
    head, _, rest = text.partition('    """')
    return head + rest.partition('"""')[2].lstrip("\r\n")


def test_the_docstring_is_printed_and_the_file_left_alone(run, source):
    result = run("document", source, "--line", 5)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith('"""')
    assert "width" in result.out
    assert source.read_text() == CODE


def test_json(run, source):
    answer = json.loads(run("document", source, "--line", 4, "--json").out)
    assert (answer["name"], answer["style"]) == ("area", "google")
    assert run("document", source, "--line", 4).out == answer["text"] + "\n"
    assert source.read_text() == CODE


def test_write_changes_nothing_but_the_docstring(run, source):
    text = json.loads(run("document", source, "--line", 4, "--json").out)["text"]
    result = run("document", source, "--line", 4, "--write")
    assert (result.code, result.out, result.err) == (0, "", "")
    assert text in source.read_text()
    assert without_docstring(source.read_text()) == CODE
    assert [file.name for file in source.parent.iterdir()] == [source.name]


@pytest.mark.parametrize("mode", [0o640, 0o755])
def test_write_keeps_line_ends_mode_and_byte_order_mark(run, source, mode):
    code = ("\ufeff# größe\n" + CODE).replace("\n", "\r\n").encode()
    source.write_bytes(code)
    source.chmod(mode)
    run("document", source, "--line", 5, "--write")
    written = source.read_bytes()
    assert written != code
    assert written.count(b"\r\n") == written.count(b"\n")
    assert without_docstring(written.decode()).encode() == code
    assert source.stat().st_mode & 0o777 == mode


def test_write_follows_a_link(run, source, project):
    link = project / "link.py"
    link.symlink_to(source.name)
    run("document", link, "--line", 4, "--write")
    assert link.is_symlink()
    assert '"""' in source.read_text()


def refused(*_, **__):
    raise PermissionError(13, "Permission denied")


@pytest.mark.parametrize("owner_and_name", [("tempfile", "mkstemp"), ("pathlib.Path", "replace")])
def test_what_cannot_be_written_stays_as_it_is(run, source, monkeypatch, owner_and_name):
    with monkeypatch.context() as patch:
        patch.setattr(".".join(owner_and_name), refused)
        result = run("document", source, "--line", 4, "--write")
    assert (result.code, result.out) == (2, "")
    cannot = f"assist-server: cannot write '{source}': Permission denied; it is unchanged\n"
    assert result.err == cannot
    assert source.read_text() == CODE
    assert list(source.parent.iterdir()) == [source]


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_write_protected_folder(run, source):
    source.parent.chmod(0o555)
    try:
        result = run("document", source, "--line", 4, "--write")
    finally:
        source.parent.chmod(0o755)
    assert result.code == 2
    assert "it is unchanged" in result.err
    assert source.read_text() == CODE


@pytest.mark.skipif(shutil.which("git") is None, reason="git applies the diff")
@pytest.mark.parametrize(
    ("code", "line"),
    [
        (CODE, 4),
        (CODE.replace("\n", "\r\n"), 4),
        ("def area(width):\n    return width", 1),  # without a line end at the end
        ("import os\n\x0c\nx = '\u2028'\n\n\ndef area(width):\n    return width\n\x0c\n", 6),
    ],
    ids=["plain", "crlf", "unended", "form-feeds"],
)
def test_the_diff_can_be_applied(run, source, code, line):
    source.write_bytes(code.encode())
    result = run("document", source, "--line", line, "--diff")
    assert result.code == 0
    assert source.read_bytes() == code.encode()
    run("document", source, "--line", line, "--write")
    written = source.read_bytes()
    source.write_bytes(code.encode())
    subprocess.run(["git", "apply", "-"], input=result.out.encode(), check=True)
    assert source.read_bytes() == written != code.encode()


def test_the_diff_names_the_file_as_seen_from_the_working_directory(run, source):
    (folder := Path("deep")).mkdir()
    moved = source.rename(folder / "shapes.py")
    result = run("document", moved, "--line", 4, "--diff")
    assert result.out.splitlines()[:2] == ["--- a/deep/shapes.py", "+++ b/deep/shapes.py"]


def test_what_is_documented_stays(run, source):
    run("document", source, "--line", 4, "--write")
    before = source.read_bytes()
    result = run("document", source, "--line", 4, "--write")
    assert result.code == 2
    assert "`area` is already documented" in result.err
    assert source.read_bytes() == before


@pytest.mark.parametrize("output", ["--write", "--diff", "--json"])
def test_a_pipe_is_refused_and_not_waited_for(run, project, output):
    os.mkfifo(pipe := project / "pipe.py")
    result = run("document", pipe, "--line", 1, output)
    assert result.code == 2
    assert "is not a regular file" in result.err


def test_what_was_saved_while_the_model_wrote_stays(run, source, monkeypatch):
    real = command.document

    def document_slowly(*arguments):
        found = real(*arguments)
        source.write_text("x = 1\n")
        return found

    monkeypatch.setattr(command, "document", document_slowly)
    result = run("document", source, "--line", 4, "--write")
    assert result.code == 2
    assert "changed in the meantime" in result.err
    assert source.read_text() == "x = 1\n"


def test_an_entry_goes_only_when_it_is_named(run, project, answers):
    answers("")
    file = project / "a.py"
    code = 'def f(a, b):\n    """Do.\n\n    Args:\n        a: A.\n        old: Mine.\n    """\n'
    file.write_text(code)
    result = run("document", file, "--line", 1, "--diff")
    assert result.code == 0
    assert "--prune old removes it" in result.err
    assert "\n-" not in result.out.replace("--- a/", "").replace("\n---", "")
    run("document", file, "--line", 1, "--write", "--prune", "old")
    assert "old: Mine." not in file.read_text()
    assert "a: A." in file.read_text()


WHOLE = "def f(a):\n    return a\n\n\ndef g():\n    pass\n"
STALE = 'def f(a, size):\n    """Do größe.\n\n    Args:\n        a: A.\n        sizes: S.\n    """\n    g(a)\n'


@pytest.fixture
def folder(project, answers):
    answers("")
    for name in ("a.py", "below/b.py", "ignored/c.py"):
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text(WHOLE)
    (project / ".gitignore").write_text("ignored/\n")
    (project / "notes.txt").write_text("Notes.\n")
    (project / "latin.py").write_bytes(b"x = '\xe4'\n")
    return project


def test_all_of_a_folder_is_documented_and_a_second_time_nothing_is(run, folder):
    shown = run("document", "--all", folder)
    assert (shown.code, shown.out.count("+++ b/")) == (0, 2)
    assert (folder / "a.py").read_text() == WHOLE
    result = run("document", "--all", folder, "--write")
    assert (result.code, result.out) == (0, "")
    assert "'latin.py' is not UTF-8 text" in result.err.replace(f"{folder}/", "")
    assert "documented 4 definitions in 2 of 3 files" in result.err
    written = (folder / "below/b.py").read_text()
    assert written.count('"""') == 4
    assert (folder / "ignored/c.py").read_text() == WHOLE
    assert "documented 0 definitions" in run("document", "--all", folder, "--write").err
    assert (folder / "below/b.py").read_text() == written


def test_what_was_documented_as_json(run, folder):
    (line,) = run("document", "--all", folder / "a.py", "--json").out.splitlines()
    assert json.loads(line) == {"path": "a.py", "documented": ["f", "g"], "refused": []}


def test_a_check_has_exit_codes_for_ci(run, folder):
    assert run("document", "--check").code == 2  # not all of it could be read
    assert run("document", "--check", "below").code == 0
    (folder / "a.py").write_text(STALE)
    result = run("document", "--check", "a.py", "below")
    assert result.code == 1
    assert (
        result.out
        == "a.py:6:9: f: `sizes` is described, but the parameter is `size`. [renamed-parameter]\n"
    )
    assert "[undocumented]" in run("document", "--check", "--all", "below").out
    (found,) = json.loads(run("document", "--check", "--format", "json", "a.py").out)
    assert (found["startLine"], found["endColumn"], found["code"]) == (6, 14, "renamed-parameter")


def test_a_check_as_sarif(run, folder):
    (folder / "a b.py").write_text(STALE)
    log = json.loads(run("document", "--check", "--format", "sarif", "a b.py").out)
    (one,) = log["runs"]
    (result,) = one["results"]
    place = result["locations"][0]["physicalLocation"]
    assert log["version"] == "2.1.0"
    assert result["ruleId"] in {rule["id"] for rule in one["tool"]["driver"]["rules"]}
    assert place["artifactLocation"] == {"uri": "a%20b.py"}
    assert place["region"] == {"startLine": 6, "startColumn": 9, "endLine": 6, "endColumn": 14}


def test_files_outside_the_working_directory_keep_their_folders(run, folder, monkeypatch):
    file = folder / "a.py"
    file.write_text(STALE + WHOLE)
    monkeypatch.chdir(folder / "below")
    assert run("document", "--check", file).out.startswith(f"{file}:6:9: f: ")
    assert run("document", "--check", "../a.py").out.startswith("../a.py:6:9: f: ")
    (found,) = json.loads(run("document", "--check", "--format", "json", file).out)
    assert found["path"] == file.as_posix()
    for given in (file, "../a.py"):
        log = json.loads(run("document", "--check", "--format", "sarif", given).out)
        place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
        assert place["artifactLocation"] == {"uri": file.as_uri()}
    assert f"+++ b{file.as_posix()}\n" in run("document", "--all", file).out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--all"], "name one file with --line"),
        (["a.py"], "name one file with --line"),
        (["a.py", "below", "--line", 1], "name one file with --line"),
        (["--all", "a.py", "--line", 1], "without --all and --check"),
        (["--check", "a.py", "--write"], "choose its output with --format"),
        (["--check", "a.py", "--format", "xml"], "choose text, json or sarif"),
        (["--all", "a.py", "--format", "json"], "--format needs --check"),
        (["--check", "missing.py"], "there is no file 'missing.py'"),
        (["--check", "notes.txt"], "cannot be documented"),
        (["--all", "missing"], "there is no file 'missing'"),
    ],
)
def test_ways_to_call_it_wrong(run, folder, arguments, message):
    result = run("document", *arguments)
    assert (result.code, result.out) == (2, "")
    assert message in result.err
