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
