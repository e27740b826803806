"""Text on which parsers take a time that grows with its square is not given to them."""

import tomllib

import pytest

from assist_server.context.selection import Selection
from assist_server.context.snapshot import Snapshot
from assist_server.features.comments.parsing import read_markdown
from assist_server.features.summarize.data_readers import parse_toml, read_data
from assist_server.features.summarize.describe import describe
from assist_server.features.summarize.kinds import TextKind
from assist_server.features.summarize.prose import extract


def whole(text, path):
    return Selection(Snapshot(f"file:///{path}", path, text), 0, len(text))


@pytest.fixture
def _no_inline_parser(monkeypatch):
    def fail(*_):
        pytest.fail("the text within blocks was parsed")

    monkeypatch.setattr("markdown_it.parser_inline.ParserInline.parse", fail)


MARKDOWN = (
    "# One [a](b)\n\nIt is *one* text. It is long.\n\n# Two\n\nIt is another text. So it is.\n"
)


@pytest.mark.usefixtures("_no_inline_parser")
def test_only_the_blocks_of_markdown_are_parsed():
    kind, facts = describe(whole(MARKDOWN, "a.md"))
    assert kind is TextKind.MARKDOWN
    assert "One a (line 1)" in facts.to_markdown()
    assert extract(whole(MARKDOWN, "a.md")) == "It is *one* text."
    assert read_markdown(MARKDOWN) != read_markdown(MARKDOWN.replace("[a]", "[c]"))


@pytest.mark.parametrize("form", ["{}b = 1", "[{}b]\n", "x = {{{}b = 1}}", "x = 1\n'a' . {}b = 1"])
def test_a_key_of_too_many_parts_is_not_read(form):
    text = form.format("a." * 500)
    tomllib.loads(text)  # it is valid
    with pytest.raises(RecursionError):
        parse_toml(text)
    assert read_data(text, "TOML").error == "it is nested too deeply to be read"
    assert describe(whole(text, "a.txt"))[0] is TextKind.PROSE


@pytest.mark.parametrize("text", ["a.b.c = 1", "# " + "." * 500 + "\na = 1", "a = 1.5"])
def test_other_dots_are_read(text):
    assert parse_toml(text) == tomllib.loads(text)
