"""Answers that are shown and not applied."""

import pytest
from chat_backend import ChatBackend

from assist_server.context.selection import Selection
from assist_server.context.snapshot import Snapshot
from assist_server.features.tasks.run import run_task
from assist_server.prompts.tasks import load_tasks
from assist_server.settings import Settings
from assist_server.text.edits import apply_edits

ANSWER_CHANGES_CODE = (
    "not applied: the answer would change code, not only the text of comments and strings"
)
LEFT_OUT = "not applied: the answer seems to leave out a part of the code"


def run(tmp_path, name, document, answer, path="a.py"):
    """Return the outcome for the part between `<<` and `>>`, and the text after it."""
    before, _, rest = document.partition("<<")
    inside, _, after = rest.partition(">>")
    text = before + inside + after
    selection = Selection(
        Snapshot(f"file:///{path}", path, text), len(before), len(before + inside)
    )
    task = load_tasks(tmp_path).find(name)
    found = run_task(task, selection, "", ChatBackend(answer=answer), Settings())
    return found, apply_edits(text, found.edits)


@pytest.mark.parametrize(
    ("path", "document", "answer"),
    [
        ("a.js", 'log("<<hey you>>");\n', 'hello" + fetch("http://evil") + "you'),
        ("a.js", "log(`<<hey you>>`);\n", "hello ${fetch('x')}"),
        ("a.js", "x = <p><<hey you>></p>;\n", "hello {fetch('x')}"),
        ("a.js", "/* <<hey you>> */ f();\n", "hello */ g(); /*"),
        ("a.py", 'x = f"<<hey you>>"\n', "hello {exit()}"),
        ("a.py", "# <<hey you>>\n", "Hello\nimport os; os.system('x')"),
        ("a.py", "<<if a:\n    b()\nc()>>\n", "if a:\n    b()\n    c()"),
        ("a.py", "x = <<hey>>\n", "hello"),
        ("a.go", 'package a\n\nvar x = "<<hey you>>"\n', 'hello" + os.Args[0] + "'),
        ("a.c", "// <<hey you>>\nint x;\n", "Hello\nint y;"),
    ],
)
def test_prose_never_changes_a_program(tmp_path, path, document, answer):
    found, _ = run(tmp_path, "formal", document, answer, path)
    assert (found.edits, found.note) == ((), ANSWER_CHANGES_CODE)
    assert found.text == answer


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("a.js", 'log("<<hey you>>", `${x}`);\n'),
        ("a.js", "log(`<<hey you>> ${x}`);\n"),
        ("a.js", "x = <p><<hey you>></p>;\n"),
        ("a.py", 'def f():\n    """<<hey you>>"""\n'),
        ("a.py", "x = 'a\\n<<hey you>>'  # b\n"),
        ("a.go", "package a\n\nvar x = `<<hey you>>`\n"),
        ("a.rs", 'fn f() { g("<<hey you>>") }\n'),
        ("a.java", 'class A { String x = "<<hey you>>"; }\n'),
        ("a.c", "/* <<hey you>> */\nint x;\n"),
        ("a.lua", "x = [[<<hey you>>]]\n"),
    ],
)
def test_the_text_of_comments_and_strings_is_changed(tmp_path, path, document):
    _, text = run(tmp_path, "formal", document, "Good day", path)
    assert text == document.replace("<<hey you>>", "Good day")


AREA = "def area(r):\n    return r<<>> * r\n\n\ndef other():\n    return area(1)\n"


@pytest.mark.parametrize(
    "answer",
    [
        "# area was deleted",
        "area = 5",
        "def size(r):\n    return area(r)",
        "class Shape:\n    def area(r):\n        return 3 * r * r",
        "def size(r):\n    def area():\n        return 1\n    return area()",
        "class area:\n    pass",
    ],
)
def test_a_definition_must_be_defined_again(tmp_path, answer):
    found, _ = run(tmp_path, "fix", AREA, f"```\n{answer}\n```")
    assert (found.edits, found.note) == ((), "not applied: the answer does not define 'area'")


@pytest.mark.parametrize(
    ("path", "document", "answer"),
    [
        (
            "a.py",
            AREA,
            "from math import pi\n\n\n# Of a circle.\n@cache\ndef area(r):\n    return 1",
        ),
        (
            "a.py",
            "class A:\n    def f(self):<<>>\n        pass\n",
            "async def f(self):\n    return 1",
        ),
        ("a.js", "export function f() { return <<>>0 }\n", "export const f = () => 1;"),
        ("a.js", "export function f() { return <<>>0 }\n", "function f() { return 1 }"),
        ("a.c", "int f(void) { return <<>>0; }\n", "static int f(void) { return 1; }"),
        (
            "a.go",
            "package a\n\nfunc (t T) F() int { return <<>>0 }\n",
            "// F is.\nfunc (t T) F() int { return 1 }",
        ),
        ("a.rs", "impl A { fn f() -> i32 { <<>>0 } }\n", "pub fn f() -> i32 { 1 }"),
    ],
)
def test_a_definition_may_look_different(tmp_path, path, document, answer):
    found, _ = run(tmp_path, "fix", document, f"```\n{answer}\n```", path)
    assert found.edits, found.note


@pytest.mark.parametrize(
    "answer",
    [
        "```\nx = 1\n# ... rest of the code unchanged\n```",
        "```\nx = 1\n# \u2026\n```",
        "```\nx = 1  # Existing code here\n```",
        "```\nx = 1\n```\n\nThe rest stays the same.",
    ],
)
def test_a_part_of_the_code_is_not_applied(tmp_path, answer):
    found, _ = run(tmp_path, "fix", "<<x = 0\ny = 2>>\n", answer)
    assert (found.edits, found.note) == ((), LEFT_OUT)


def test_an_ellipsis_of_the_author_stays(tmp_path):
    found, _ = run(
        tmp_path, "fix", "<<x = 0  # ... and more>>\n", "```\nx = 1  # ... and more\n```"
    )
    assert found.edits, found.note


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("I cannot help with that.", "a refusal"),
        ("I\u2019m sorry, but no.", "a refusal"),
        ("As an AI, I have no opinion.", "a refusal"),
        ("Here is a shorter version:\n\nIt is late.", "a preface"),
        ("Sure! Here you go: It is late.", "a preface"),
    ],
)
@pytest.mark.parametrize("path", ["a.md", "a.sh"])
def test_words_to_the_user_replace_nothing(tmp_path, answer, reason, path):
    found, _ = run(tmp_path, "shorten", "<<It is rather late today.>>\n", answer, path)
    assert (found.edits, found.note) == ((), f"not applied: the answer begins with {reason}")
    assert found.text == answer


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("I can not come to-day.", "I cannot come today."),
        ("Here is a long list of what we need: bread.", "Here is what we need: bread."),
        ("It is sure to rain.", "Rain is sure: take a coat."),
    ],
)
def test_such_words_of_the_author_stay(tmp_path, source, answer):
    _, text = run(tmp_path, "shorten", f"<<{source}>>\n", answer, "a.md")
    assert text == f"{answer}\n"


def test_nothing_of_an_answer_that_is_not_applied_is_lost(tmp_path):
    answer = "Broken:\n```\nx = (\n```\nSo it goes.\n```\ny = 1\n```"
    found, _ = run(tmp_path, "fix", "<<x = 0>>\n", answer)
    assert (found.edits, found.text) == ((), answer)
    found, _ = run(tmp_path, "fix", "<<x = 0>>\n", "```\nx = (\n```")
    assert (found.edits, found.text) == ((), "x = (")
