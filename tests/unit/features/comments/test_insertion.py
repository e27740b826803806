import re

import pytest
from commented_programs import HOSTILE, PROGRAMS, STRINGS
from hypothesis import given
from hypothesis import strategies as st
from other_readers import read_by_grammar, read_by_lexer

from assist_server.context.snapshot import Snapshot
from assist_server.errors import InputError
from assist_server.features.comments.insertion import comment_below, comment_edit, has_comments
from assist_server.text.newlines import edit_original, with_line_feeds

SUMMARY = "It is **one** thing.\n\n- `a`: other */ --> *) things #} ?>\n"


def commented(language_id, text, start, summary=SUMMARY, path="x"):
    snapshot = Snapshot("file:///x", path, text, language_id)
    start = len(with_line_feeds(text[:start]))
    edit = comment_edit(snapshot, start, len(snapshot.text), summary)
    return edit_original(text, [edit])


def split(marked):
    return marked.replace("‸", ""), marked.index("‸")


def read(program, text):
    if program.grammar:
        return read_by_grammar(program.grammar, text)
    return read_by_lexer(program.lexer, text)


def starts_of_lines(text):
    return [0, *(match.end() for match in re.finditer(r"\r\n|\n", text))]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda one: one.language_id)
def test_a_comment_is_one_for_those_who_read_the_language(program):
    text, start = split(program.text)
    after = commented(program.language_id, text, start)
    line = text.count("\n", 0, start)
    assert after.splitlines()[line].startswith(program.comment)
    assert read(program, after) == read(program, text)


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda one: one.name)
def test_a_comment_stays_away_from_where_it_does_harm(hostile):
    text, start = split(hostile.text)
    if hostile.before is None:
        with pytest.raises(InputError, match="copy the summary instead"):
            commented(hostile.language_id, text, start)
        return
    after = commented(hostile.language_id, text, start)
    assert after.startswith(hostile.before)
    assert re.match(r"\s*\S{1,4} It is", after.removeprefix(hostile.before))
    assert read(hostile, after) == read(hostile, text)


@pytest.mark.parametrize(("language_id", "marked"), STRINGS)
def test_no_comment_gets_into_a_text(language_id, marked):
    text, start = split(marked)
    try:
        after = commented(language_id, text, start)
    except InputError:
        return
    line = text.count("\n", 0, start)
    together = "\n".join(text.split("\n")[line - 1 : line + 1])
    assert together in after


@pytest.mark.parametrize("program", [*PROGRAMS, *HOSTILE], ids=lambda one: one.text)
def test_wherever_a_selection_begins_the_program_stays_the_same(program):
    text, _ = split(program.text)
    for start in starts_of_lines(text):
        try:
            after = commented(program.language_id, text, start)
        except InputError:
            continue
        if program.grammar or program.lexer:
            assert read(program, after) == read(program, text)


def test_a_comment_is_indented_as_its_line_and_ends_lines_as_its_file():
    assert commented("python", "if x:\r\n\t y()\r\n", 7, "One.\nTwo.") == (
        "if x:\r\n\t # One.\r\n\t # Two.\r\n\t y()\r\n"
    )
    assert commented("css", "a {\n\tb: c\n}\n", 4, "One.\nTwo.") == (
        "a {\n\t/* One.\n\t   Two. */\n\tb: c\n}\n"
    )


def test_blank_lines_above_what_is_selected_do_not_count():
    assert commented("python", "a = 1\n\n\nb = 2\n", 5, "One.") == "a = 1\n\n\n# One.\nb = 2\n"


def test_a_selection_within_a_comment_is_about_what_the_comment_is_about():
    text = "int a;\n/*\n  b\n*/\nint c;\n"
    assert commented("c", text, text.index("b"), "One.") == text.replace("/*", "// One.\n/*")


def test_long_lines_are_wrapped():
    lines = commented("python", "    x\n", 0, "- " + "word " * 40).splitlines()[:-1]
    assert max(map(len, lines)) <= 88
    assert lines[1].startswith("    #   word")


@pytest.mark.parametrize(
    "said",
    [
        "@ts-ignore",
        "type: ignore",
        "noqa",
        "mypy: ignore-errors",
        "+build linux",
        "eslint-disable",
        "!shebang",
        "prettier-ignore",
        "flake8: noqa",
    ],
)
def test_what_a_tool_would_obey_is_words(said):
    first = commented("python", "x = 1\n", 0, said).splitlines()[0]
    assert re.match(r"# (Summary: |ts-|build |shebang)", first)
    assert commented("python", "x = 1\n", 0, f"See {said}.").startswith(f"# See {said}")


def test_a_summary_names_no_encoding():
    after = commented("python", "x = 'ä'\n", 0, "About coding: latin-1.")
    assert compile(after.encode(), "x", "exec")
    scope = {}
    exec(after.encode(), scope)  # noqa: S102 - a program of this test
    assert scope["x"] == "ä"


@pytest.mark.parametrize(
    ("language_id", "path", "is_possible"),
    [
        ("python", "", True),
        ("css", "", True),
        ("json", "a.json", False),
        ("plaintext", "a.txt", False),
        ("", "a.css", True),
        ("", "Makefile", True),
        ("", "a.json", False),
        ("unheard-of", "a.unheard-of", False),
    ],
)
def test_comments_are_offered_where_there_are_some(language_id, path, is_possible):
    assert has_comments(Snapshot("file:///x", path, "a", language_id)) == is_possible


@given(
    st.text("ab*`#\\\r\n\u2028\x0b\x1c\u202e\u200b -/{}").map("a{}".format), st.sampled_from("cd")
)
def test_a_comment_is_comment_lines_and_nothing_else(summary, language_id):
    code = "int a;\n  int b;\n"
    added = (
        commented(language_id, code, 7, summary).removeprefix("int a;\n").removesuffix("  int b;\n")
    )
    assert added.endswith("\n")
    for line in added.removesuffix("\n").split("\n"):
        assert re.fullmatch(r"  //( [^\r\n\u2028\u202e\u200b]*)?(?<!\\)", line)


@pytest.mark.parametrize(
    ("language_id", "text", "start", "end", "expected"),
    [
        ("python", "class A:\n    def f(self):\n        pass\n", 13, 40, "    # It `adds`.\n    #"),
        ("typescript", "f();\n", 0, 4, "// It adds."),
        ("css", "a { }\n", 0, 5, "/* It adds."),
        ("json", "{}\n", 0, 2, ""),
        ("python", 'x = """\na\nb\n"""\n', 8, 9, ""),
    ],
)
def test_a_comment_goes_below_lines_where_it_is_one(language_id, text, start, end, expected):
    snapshot = Snapshot("file:///x", "x", text, language_id)
    written = comment_below(snapshot, start, end, "It `adds`.\n\nNote: both.")
    assert written.startswith(expected.replace("`", ""))
    assert bool(written) == bool(expected)
    assert ("Answer: Note: both." in written) == bool(expected)
