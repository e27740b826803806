import pytest

from assist_server.context.cursor import CursorContext
from assist_server.context.snapshot import Snapshot
from assist_server.engine.backend import NullBackend
from assist_server.features.infilling import with_indentation
from assist_server.features.inline_completion import complete, place_after_accepting
from assist_server.features.reuse import reusable_rest
from assist_server.settings import Settings


def at_cursor(document, path="a.py"):
    offset = document.index("|")
    return CursorContext(Snapshot(f"file:///{path}", path, document.replace("|", "", 1)), offset)


@pytest.mark.parametrize(
    ("document", "path", "indentation"),
    [
        ("def f(a):\n    b = a\n|\n    return b\n", "a.py", "    "),
        ("def f(a):\n|\n    return a\n", "a.py", "    "),
        ("def f(a):\n|\n", "a.py", "    "),
        ("if a:\n  b()\nfor c in d:\n|\ne()\n", "a.py", "  "),
        ("class A:\n    def f(self):\n|\n    def g(self):\n        pass\n", "a.py", "        "),
        ("def f(a):\n    if a:\n        return 1\n|\n    return 2\n", "a.py", "    "),
        ("def f(a):\n    if a:\n        g()\n|\n    return 2\n", "a.py", "        "),
        ("def f(a):\n    if a:\n        g()\n\n|\n    return 2\n", "a.py", "    "),
        ("def f(a):\n    a = 1\n|\n        g()\n", "a.py", "    "),
        ("f(\n|\n    b,\n)\n", "a.py", "    "),
        ("def f(a):\r\n\tb = a\r\n|\r\n\treturn b\r\n", "a.py", "\t"),
        ("func f() {\n\ta := 1\n|\n\treturn a\n}\n", "a.go", "\t"),
        ("function f() {\n|\n}\n", "a.js", "    "),
        ("class A:\n    b = 1\n|\n    c = 2\n", "a.py", "    "),
        ("class A:\n|\n    b = 1\n", "a.py", "    "),
        ("class A:\n    @property\n|\n    c = 2\n", "a.py", "    "),
        ("class A:\n    @property\n|\n", "a.py", "    "),
        ("@property\n|\n", "a.py", ""),
        ("@f(\n    1,\n)\n|\ndef g():\n    pass\n", "a.py", ""),
        ("class A {\n  int a;\n|\n  int b;\n}\n", "A.java", "  "),
        ("class A {\n  @Override\n|\n}\n", "A.java", "  "),
        ("fn f() {\n    let a = 1;\n|\n}\n", "a.rs", "    "),
        ("int f(void)\n{\n|\n}\n", "a.c", "    "),
        ("int f(void)\n{\n  int a;\n|\n}\n", "a.c", "  "),
        ("function f()\n  local a = 1\n|\nend\n", "a.lua", "  "),
        ("f(\n  a,\n|\n)\n", "a.js", "  "),
        ("a = 1\n|\nb = 2\n", "a.py", ""),
        ("key:\n|\n", "a.yaml", "    "),
        ("Here is how:\n|\n", "a.md", ""),
        ("Fix it\n\nWhat we do\n|\n", "COMMIT_EDITMSG", ""),
        ("as follows:\n|\n", "a.tex", ""),
        ("def f(a):\n    return a\n|\n", "a.py", ""),
        ("def f(a):\n    return a\n\n|\n\ndef g():\n    pass\n", "a.py", ""),
        ("|", "a.py", ""),
        ("def f(a):\n  |\n    return a\n", "a.py", ""),
        ("def f(a):\n|    return a\n", "a.py", ""),
    ],
)
def test_a_blank_line_in_a_block_lacks_its_indentation(document, path, indentation):
    document = document.replace("\r\n", "\n")
    context = at_cursor(document, path)
    place = with_indentation(context)
    assert place.snapshot.text == document.replace("|", indentation)
    assert place.offset == context.offset + len(indentation)


BLOCK = "def f(a):\n    b = a\n|\n    return b\n"


def test_the_indentation_is_offered_with_the_line():
    context = at_cursor(BLOCK)
    backend = NullBackend(answer="b += 1")
    completion = complete(context, backend, Settings())
    assert completion.text == "    b += 1"
    assert place_after_accepting(context, completion).snapshot.text == BLOCK.replace(
        "|", "    b += 1"
    )
    assert backend.decode_prompt(completion.prompt_ids).endswith("    ")


@pytest.mark.parametrize("typed", ["  ", "    ", "    b +"])
def test_what_is_left_stays_while_it_is_typed(typed):
    context = at_cursor(BLOCK)
    completion = complete(context, NullBackend(answer="b += 1"), Settings())
    now = at_cursor(BLOCK.replace("|", f"{typed}|"))
    assert typed + reusable_rest(completion, context, now).text == "    b += 1"


def test_the_prompt_is_the_one_of_who_typed_the_indentation():
    typed = BLOCK.replace("|", "    |")
    prompts = [
        complete(at_cursor(document), NullBackend(answer="b += 1"), Settings()).prompt_ids
        for document in (BLOCK, typed)
    ]
    assert prompts[0] == prompts[1]


def test_nothing_is_offered_where_nothing_is_written():
    assert complete(at_cursor(BLOCK), NullBackend(answer=""), Settings()).text is None
