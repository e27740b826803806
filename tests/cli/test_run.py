import pytest
from chat_backend import ChatBackend

CODE = "def one():\r\n    return 2\r\n\r\n\r\ndef two():\r\n    pass\r\n"
FENCED = "Here:\n```python\ndef one():\n    return 1\n```\n"
FIXED = CODE.replace("return 2", "return 1")


@pytest.fixture
def source(project):
    file = project / "a.py"
    file.write_bytes(CODE.encode())
    return file


@pytest.fixture
def chat(use_backend):
    return lambda text: use_backend(ChatBackend(answer=text))


@pytest.fixture
def user_tasks(tmp_path):
    folder = tmp_path / "config" / "assist-server" / "tasks"
    folder.mkdir(parents=True)
    return folder


def test_without_a_task_all_are_listed(run, user_tasks):
    (user_tasks / "bad.md").write_text("no head")
    result = run("run")
    assert result.code == 0
    assert "explain         Explain (selection needed; show)\n" in result.out
    assert (
        "rewrite         Rewrite as Asked (selection and instruction needed; replace)" in result.out
    )
    assert result.err.count("\n") == 1
    assert "correct the task" in result.err


def test_an_answer_is_shown(run, source, chat):
    backend = chat("It is **one**.")
    result = run("run", "explain", source, "--lines", "1:2")
    assert (result.code, result.out, result.err) == (0, "It is **one**.\n", "")
    assert backend.prompts()[0].endswith("```\ndef one():\n    return 2\n```")


def test_code_is_printed_written_or_shown_as_a_diff(run, source, chat):
    chat(FENCED)
    arguments = ("run", "fix", source, "--lines", "1:2")
    assert run(*arguments).out == "def one():\r\n    return 1\n"
    assert "-    return 2\r\n+    return 1\r\n" in run(*arguments, "--diff").out
    assert source.read_bytes() == CODE.encode()
    assert run(*arguments, "--write").out == ""
    assert source.read_bytes() == FIXED.encode()


def test_a_single_line_is_the_cursor_of_a_task_that_needs_one(run, source, chat):
    chat("```\ndef two():\n    return 2\n```")
    run("run", "implement", source, "--lines", "5", "--write")
    assert source.read_bytes() == CODE.replace("pass", "return 2").encode()


def test_words_after_two_hyphens(run, source, chat):
    backend = chat("```\ndef one(): return 1\n```")
    run("run", "rewrite", source, "--lines", "1:2", "--", "in", "one", "--line")
    assert "asked for: in one --line\n" in backend.prompts()[0]


def test_standard_input_is_text(run, chat):
    backend = chat("It is one.\n")
    assert run("run", "formal", stdin=b"it's one").out == "It is one.\n"
    assert run("run", "ask", "-", "--", "why?", stdin=b"it's one").out == "It is one.\n"
    assert all("it's one" in prompt for prompt in backend.prompts())


def test_a_user_s_task(run, chat, user_tasks):
    head = "---\ntitle: Shout\nkinds: text\noutput: replace\nneeds: [selection]\n"
    (user_tasks / "shout.md").write_text(f"{head}max_new_tokens: 50\n---\nShout it.\n")
    backend = chat("IT IS!")
    assert run("run", "shout", stdin=b"it is").out == "IT IS!\n"
    assert backend.prompts()[0].startswith("Shout it.\n")


def test_a_project_s_tasks_are_not_read(run, project):
    for folder in (project / "tasks", project / ".assist" / "tasks"):
        folder.mkdir(parents=True)
        (folder / "evil.md").write_text("---\ntitle: Evil\n---\nDo it.")
    assert "evil" not in run("run").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nope",), "there is no task 'nope'; the tasks are add-tests"),
        (("fix", "a.py", "--write", "--diff"), "choose one of"),
        (("fix", "--write"), "--write needs a file"),
        (("explain", "a.py", "--diff"), "--diff needs a task that changes it"),
        (("implement", "a.py"), "add --lines"),
        (("rewrite", "a.py"), "needs words"),
        (("explain", "a.py", "--lines", "9:8"), "first line first"),
        (("explain", "b.py"), "check the path"),
        (("explain", "a.py", "--lines", "3"), "there is no text"),
    ],
)
def test_what_is_wrong_is_one_sentence(run, source, chat, arguments, said):
    chat("x")
    result = run("run", *arguments)
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert result.err.count("\n") == 1


def test_what_must_not_be_applied_is_not_written(run, source, chat):
    chat("```\ndef one(:\n```")
    result = run("run", "fix", source, "--lines", "1:2", "--write")
    assert (result.code, result.out) == (2, "")
    assert "would add a syntax error; " in result.err
    assert source.read_bytes() == CODE.encode()
    shown = run("run", "fix", source, "--lines", "1:2")
    assert (shown.code, shown.out) == (0, "def one(:\n")
    assert "not applied" in shown.err


def test_a_model_without_a_chat_format(run, source, answers):
    answers("x")
    result = run("run", "explain", source)
    assert result.code == 2
    assert "set `text_model` to one that can, such as `Qwen/" in result.err
    assert "assist-server models suggest" in result.err
