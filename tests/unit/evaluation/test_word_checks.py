import ast

import pytest

from assist_server.evaluation.word_checks import (
    false_facts,
    has_loop,
    is_echo,
    is_filler,
    statements,
    unsupported,
)

SOURCE = """
def load_file(path, mode="r", *, limit=3):
    if limit < 0:
        raise ValueError(limit)
    return read(path)
"""
NODE = ast.parse(SOURCE).body[0]


def docstring(section, entry):
    return f"Do.\n\n{section}:\n    {entry}\n"


@pytest.mark.parametrize(
    ("section", "entry"),
    [
        ("Raises", "KeyError: If it is missing."),
        ("Args", "mode: The mode. Defaults to `w`."),
        ("Args", "path: Defaults to 3."),
        ("Args", "limit: Not used."),
        ("Args", "path: Passed to `load`."),
        ("Returns", "Always `None`."),
    ],
)
def test_what_the_syntax_tree_refutes(section, entry):
    statement = statements(docstring(section, entry))[-1]
    assert false_facts(statement, NODE)


@pytest.mark.parametrize(
    ("section", "entry"),
    [
        ("Raises", "ValueError: If it is negative."),
        ("Args", "limit: The most lines. Defaults to 3."),
        ("Args", "mode: Not used."),
        ("Args", "path: Passed to `read`."),
        ("Returns", "Always `read(path)`."),
    ],
)
def test_what_the_syntax_tree_supports(section, entry):
    statement = statements(docstring(section, entry))[-1]
    assert not false_facts(statement, NODE)


@pytest.mark.parametrize(
    ("entry", "is_true"),
    [
        ("x: Half. Defaults to 0.5.", True),
        ("x: Half, defaults to `0.5`.", True),
        ("x: Half (default: 0.5; never more).", True),
        ('s: Words. Default: `"a,b"`', True),
        ("s: Words. Defaults to ``'a,b'``, as ever.", True),
        ("x: Half. Defaults to 0.6.", False),
        ("s: Words. Defaults to `'a'`.", False),
    ],
)
def test_defaults_that_hold_marks(entry, is_true):
    node = ast.parse("def f(x=0.5, s='a,b'):\n    return x\n").body[0]
    assert (not false_facts(statements(docstring("Args", entry))[-1], node)) is is_true


def test_a_result_of_a_function_that_returns_nothing():
    node = ast.parse("def stop(a):\n    def b():\n        return 1\n    a.c = b\n").body[0]
    statement = statements(docstring("Returns", "The one."))[-1]
    assert false_facts(statement, node) == ["nothing is returned"]


@pytest.mark.parametrize(
    ("entry", "is_empty"),
    [
        ("path: The path.", True),
        ("path: The path of the file to load.", True),
        ("path: Passed to `read`.", False),
        ("limit: If `limit < 0`.", False),
        ("mode: As for open.", False),
    ],
)
def test_words_beyond_the_signature(entry, is_empty):
    statement = statements(docstring("Args", entry))[-1]
    assert is_filler(statement, NODE) == is_empty


def test_numbers_and_names_that_are_not_in_the_source():
    assert unsupported("Reads 3 lines of readFile, as Knuth says.", SOURCE) == ["readFile", "Knuth"]
    assert unsupported("It is 1,000 times.", "1_000 times") == []
    assert unsupported("It reads 12 others.", SOURCE) == ["12"]


def test_loops_and_echoes():
    assert has_loop("It reads the next line. Then it reads the next line.")
    assert not has_loop("It reads the next line and returns it.")
    assert not has_loop("If `a == b` is set or `a == b` is not.")
    assert is_echo("One two three.", "one two three four")
    assert not is_echo("Four words.", "one two three four")
