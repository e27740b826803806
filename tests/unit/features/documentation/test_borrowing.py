# ruff: noqa: E501 - a source is read best on one line
import pytest

from assist_server.context.snapshot import Snapshot
from assist_server.features.documentation.document import document
from assist_server.settings import DocumentationSettings
from assist_server.text.edits import apply_edits


def written(marked: str, answers: dict[str, str], language_id="python", path="a.py") -> str:
    """The text after documentation by a writer with one answer for each subject."""
    text = marked.replace("█", "", 1)
    snapshot = Snapshot("file:///a", path, text, language_id)
    settings = DocumentationSettings()
    result = document(
        snapshot,
        marked.index("█"),
        lambda prefix, suffix, request: answers.get(f"{request.kind}:{request.subject}"),
        settings,
    )
    return apply_edits(text, result.edits)


@pytest.mark.parametrize("language_id", ["python", "lua", "javascript"])
@pytest.mark.parametrize(
    ("first", "second", "phrase"),
    [
        ("a", "b", "The value of a"),
        ("a", "b", "The first number a"),
        ("x", "y", "The x coordinate"),
        ("path", "mode", "Path to load"),
        ("old_name", "other", "the old name"),
        ("source", "target", "The source of it all"),
    ],
)
def test_a_neighbours_words_are_not_used(language_id, first, second, phrase):
    sources = {
        "python": f"def f█({first}, {second}):\n    go()\n",
        "lua": f"function f█({first}, {second}) end\n",
        "javascript": f"function f█({first}, {second}) {{}}\n",
    }
    after = written(sources[language_id], {f"parameter:{second}": phrase}, language_id)
    entry = next(line for line in after.split("\n") if f" {second}" in line and "f(" not in line)
    assert phrase.lower() not in entry.lower()


def test_a_phrase_that_names_its_own_subject_too_is_used():
    answers = {"parameter:target": "where the source goes as a target"}
    source = "def f█(source, target):\n    target.goes(source)\n    return source, target\n"
    assert "Where the source goes" in written(source, answers)


ELSEWHERE = (
    'def first(a, limit):\n    """Open the big file of songs.\n\n    Args:\n'
    "        a: Where all the songs\n            stand in order.\n"
    '        limit: How many there are.\n\n    Returns:\n        Whether it went well.\n    """\n\n\n'
)
# The words are in the body, so that only their order elsewhere speaks against a phrase.
SECOND = (
    "def second█(b, limit):\n    big = open(b, file, limit, many, whether, went, well, songs)\n"
    "    return stand(limit, b, order, big)\n"
)


@pytest.mark.parametrize(
    ("subject", "phrase"),
    [
        ("summary:second", "Open the big file of songs"),
        ("parameter:b", "where all the songs stand in order"),
        ("parameter:b", "How many there are"),
        ("returns:", "Whether it went well"),
        ("returns:", "How many there are"),
    ],
)
def test_what_stands_elsewhere_for_something_else_is_not_used(subject, phrase):
    after = written(ELSEWHERE + SECOND, {subject: phrase})
    assert phrase.lower() not in after[len(ELSEWHERE) :].lower()


def test_what_stands_elsewhere_for_the_same_is_used():
    after = written(ELSEWHERE + SECOND, {"parameter:limit": "how many there are"})
    assert "limit: How many there are." in after[len(ELSEWHERE) :]


def test_what_the_body_says_is_used():
    source = "def f█():\n    # Count the songs again\n    return 1\n"
    assert '"""Count the songs again.' in written(source, {"summary:f": "Count the songs again"})


@pytest.mark.parametrize(
    ("path", "phrase", "is_used"),
    [
        ("Untitled-2", "Add two numbers in the untitled file", False),
        ("notes/scratchpad.py", "Add two numbers of the scratchpad", False),
        ("songs.py", "Add two numbers to the songs", True),
    ],
)
def test_the_name_of_the_file_tells_nothing(path, phrase, is_used):
    source = (
        "songs = []\n\n\ndef ad█d(a, b):\n"
        "    # two numbers\n    while songs:\n        go(file, songs)\n"
    )
    assert (phrase in written(source, {"summary:add": phrase}, path=path)) == is_used
