import pytest

from assist_server.training.data.documents import document_of
from assist_server.training.data.sources import first_paragraph, readme_pair

README = """# Thing

[![Build](https://x.y/b.svg)](https://x.y)

Thing reads files of many kinds and says what
is in them, one after another.

## Use

Call it with the name of a file. It answers with a table of what it found in there, and ends.
It needs nothing else, and goes on where it was stopped before.
"""


def test_the_first_paragraph_of_prose_is_found():
    short, long = first_paragraph(README)
    assert short == "Thing reads files of many kinds and says what is in them, one after another."
    assert long.startswith("## Use")


@pytest.mark.parametrize(
    "block",
    [
        "# A title that is long enough for a paragraph.",
        "- a list of things that goes on for a while.",
        "    code that is indented and long enough to count.",
        "See https://a.b/c for all that there is to it.",
        "<p>Markup that is long enough for a paragraph.</p>",
        "Short.",
        "A paragraph that is long enough but leads to a list:",
        "> a quotation that is long enough to count.",
    ],
)
def test_other_blocks_are_no_prose(block):
    assert first_paragraph(f"{block}\n\n{README}")[0].startswith("Thing reads")


@pytest.mark.parametrize(
    ("path", "is_pair"), [("README.md", True), ("docs/readme.markdown", True), ("a.md", False)]
)
def test_a_readme_becomes_a_pair(path, is_pair):
    document = document_of("d", "1", "MIT", path, README.encode(), "code")
    pair = readme_pair(document)
    assert (pair is not None) is is_pair
    if pair:
        assert pair.origin.kind == "pair"
        assert pair.text.partition("\n\n")[0].endswith("one after another")
