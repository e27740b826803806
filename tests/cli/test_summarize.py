import json

import pytest
from fake_model_server import fake_model_server

CODE = "class Stack:\n    def push(self, item):\n        pass\n\n\ndef size(stack):\n    return 0\n"


@pytest.fixture
def source(project, answers):
    answers("")
    file = project / "a.py"
    file.write_text(CODE)
    return file


def test_a_file(run, source):
    result = run("summarize", source)
    assert (result.code, result.err) == (0, "")
    assert result.out == (
        "7 lines of Python: 1 class, 1 method, 1 function.\n"
        "\n"
        "- class `Stack` (line 1)\n"
        "- method `push(item)` (line 2)\n"
        "- function `size(stack)` (line 6)\n"
    )


def test_json(run, source):
    answer = json.loads(run("summarize", source, "--json").out)
    assert answer == {"markdown": run("summarize", source).out.rstrip("\n"), "method": "facts"}


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("6:7", "2 lines of Python: 1 function.\n\n- function `size(stack)` (line 6)\n"),
        ("7:8", "1 line of Python.\n"),
        ("3", "1 line of Python.\n"),
    ],
)
def test_some_lines(run, source, lines, said):
    assert run("summarize", source, "--lines", lines).out == said


@pytest.mark.parametrize("file", [(), ("-",)])
def test_standard_input_is_prose(run, answers, file):
    backend = answers("never asked")
    result = run("summarize", *file, "--json", stdin="Flüsse führen Wasser. Ja.".encode())
    assert json.loads(result.out) == {"markdown": "Flüsse führen Wasser.", "method": "extract"}
    assert backend.requests == []


def test_some_lines_of_standard_input(run, answers):
    answers("")
    result = run("summarize", "--lines", "2:2", stdin=b"One.\nIt is the second. So?\n")
    assert result.out == "It is the second.\n"


def test_nothing_shorter_is_one_sentence_and_an_error(run, answers):
    answers("")
    result = run("summarize", stdin=b"It is one sentence.\n")
    assert (result.code, result.out) == (2, "")
    assert "too short to be summarized" in result.err


def test_a_log_on_standard_input_is_recognized(run, answers):
    backend = answers("never asked")
    log = b"".join(b"2024-05-01 12:00:0%d INFO request %d done\n" % (n, n) for n in range(9))
    result = run("summarize", stdin=log + b"2024-05-01 12:00:09 ERROR the disk is full\n")
    assert result.out == (
        "1 error, no warnings and 9 info in 10 lines of a log from 2024-05-01 12:00:00 to "
        "2024-05-01 12:00:09.\n"
        "\n"
        "- error (line 10): `the disk is full`\n"
        "- 9 times (line 1): `request * done`\n"
    )
    assert backend.requests == []


def test_a_server_for_text_summarizes(run, project):
    config = project.parent / "config" / "assist-server" / "config.toml"
    config.parent.mkdir(parents=True)
    with fake_model_server("openai", "Rivers carry water.") as server:
        config.write_text(f'[remote]\nurl = "{server.url}"\nused_for = "text"\n')
        result = run("summarize", stdin=b"Rivers carry much water to the sea. So it was.\n" * 9)
        assert "Rivers carry water." in result.out
        assert server.bodies("/v1/chat/completions")
