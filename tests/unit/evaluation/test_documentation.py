import pytest

from assist_server.evaluation.documentation import (
    choose_functions,
    facts_documenter,
    rate_documentation,
)
from assist_server.evaluation.tasks import Source
from assist_server.settings import Settings

TEXT = '''"""Shapes."""


def area(width, height):
    """Multiply both sides of it.

    Args:
        width: Its width.
        height: Its height.

    Raises:
        ValueError: One of them is negative.
    """
    if width < 0:
        raise ValueError(width)
    return width * height


def short(n):
    """Too few."""
    return n


def only_words(n):
    """There is nothing else."""
'''
WRITTEN = TEXT[TEXT.index('    """Multiply') : TEXT.index("    if width")]


WRONG = {"filler", "false", "unsupported", "loops", "echo", "placeholders"}


@pytest.fixture
def function():
    (found,) = choose_functions([Source("a.py", TEXT)], 9, 0)
    return found


def rate(function, docstring, line_length=88):
    def write(one):
        header = "def area(width, height):\n"
        return one.text.replace(header, header + docstring)

    found = rate_documentation(write, [function], line_length)
    return {name: estimate.mean for name, estimate in found.items()}


def test_the_docstring_is_taken_away(function):
    assert function.text == TEXT.replace(WRITTEN, "")
    assert function.text.splitlines()[function.line - 1] == "def area(width, height):"
    assert function.summary == "Multiply both sides of it."


def test_what_people_wrote_passes_all_checks(function):
    found = rate(function, WRITTEN)
    assert {found[name] for name in found.keys() - WRONG - {"seconds"}} == {1.0}
    assert {name: found[name] for name in WRONG} == dict.fromkeys(WRONG, 0.0) | {"filler": 0.5}


@pytest.mark.parametrize(
    ("change", "check"),
    [
        (("        width: Its width.\n", ""), "right parameters"),
        (("        width:", "        depth: It.\n        width:"), "right parameters"),
        (("ValueError: One", "KeyError: One"), "nothing invented"),
        (("Multiply both sides of it", "Area"), "says more"),
        (("Its width", "Its " + 40 * "wide "), "fits"),
        (("    Args", '  """ Args'), "parses"),
    ],
)
def test_what_is_wrong_is_found(function, change, check):
    assert rate(function, WRITTEN.replace(*change))[check] == 0.0


def test_what_the_statements_are_worth(function):
    wrong = WRITTEN.replace("ValueError: One", "KeyError: One").replace(
        "Its width.", "TODO: describe."
    )
    found = rate(function, wrong)
    assert (found["false"], found["placeholders"]) == (1 / 3, 0.25)


def test_what_was_not_written_is_not_rated(function):
    found = rate_documentation(lambda _: None, [function], 88)
    assert (found["written"].mean, len(found)) == (0.0, 2)


def test_the_product_documents_without_a_model(function):
    found = rate_documentation(facts_documenter(Settings()), [function], 88)
    assert found["written"].mean == found["right parameters"].mean == found["parses"].mean == 1.0
