"""The index that edits keep is the index of the edited text, whatever was edited."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assist_server.text import lines
from assist_server.text.lines import LineIndex, Position, PositionEncoding

ALPHABETS = {
    "ascii": ["a", "bc", " ", "\n"],
    "wide": ["é", "漢", "😋", "a", "\n"],
    "crlf": ["a", "\r\n", "b"],
    "lone cr": ["a", "\r", "b", "\n"],
    "no line ends": ["\f", "\v", "\x85", "\u2028", "a", "\n"],
}
EDITS = 50_000


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch):
    """Blocks of a few lines, so that small texts have several."""
    monkeypatch.setattr(lines, "_BLOCK_LINES", 3)


def random_text(rng, alphabet, most):
    return "".join(rng.choices(alphabet, k=rng.randrange(most)))


def starts(index):
    return [index.start_of(line) for line in range(index.line_count)]


def slow_offset(text, position, encoding):
    """As the specification says it, a character at a time."""
    line, offset = 0, 0
    while line < position.line:
        if offset >= len(text):
            return len(text)
        step = 2 if text.startswith("\r\n", offset) else 1
        line += text[offset] in "\r\n"
        offset += step
    units = 0
    while offset < len(text) and text[offset] not in "\r\n":
        units += encoding.units(text[offset])
        if units > position.character:
            break
        offset += 1
    return offset


@pytest.mark.slow
@pytest.mark.parametrize("encoding", PositionEncoding)
@pytest.mark.parametrize("name", ALPHABETS)
def test_sequences_of_random_edits(name, encoding):
    """Each edit is placed by positions, on the index that the edits before have kept."""
    rng = random.Random(name)  # noqa: S311 - repeatable, not secret
    text = random_text(rng, ALPHABETS[name], 30)
    index = LineIndex(text)
    for number in range(EDITS):
        places = [Position(rng.randrange(8), rng.randrange(10)) for _ in range(2)]
        offsets = [index.offset_at(place, encoding) for place in places]
        assert offsets == [slow_offset(text, place, encoding) for place in places]
        start, end = sorted(offsets)
        inserted = random_text(rng, ALPHABETS[name], 6)

        changed, index = index.after_edit(start, end, inserted)

        text = text[:start] + inserted + text[end:]
        assert changed == text
        if number % 10 == 0 or len(text) < 8:
            assert starts(index) == starts(LineIndex(text))
        if len(text) > 80:  # begin again, so that edits keep hitting the ends
            text = random_text(rng, ALPHABETS[name], 30)
            index = LineIndex(text)
    assert starts(index) == starts(LineIndex(text))


@given(st.data())
def test_single_edits_of_any_text(data):
    pieces = st.sampled_from([piece for alphabet in ALPHABETS.values() for piece in alphabet])
    texts = st.lists(pieces, max_size=25).map("".join)
    text, inserted = data.draw(texts), data.draw(texts)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))

    changed, index = LineIndex(text).after_edit(start, end, inserted)

    assert changed == text[:start] + inserted + text[end:]
    assert starts(index) == starts(LineIndex(changed))
    assert [index.line_at(offset) for offset in range(len(changed) + 1)] == [
        LineIndex(changed).line_at(offset) for offset in range(len(changed) + 1)
    ]
