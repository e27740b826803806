import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assist_server.text.lines import LineIndex, Position, PositionEncoding

# Line ends, what other programs take for line ends, and characters of 1 to 4 bytes; lone surrogates
# reach a server through JSON escapes.
ALPHABET = ["a", "b c", "é", "漢", "😋", "e\u0301", "\ud83d", "\ude0b", "\n", "\r\n", "\r"]
NO_LINE_ENDS = ["\f", "\v", "\x1c", "\x85", "\u2028", "\u2029", "\t"]
texts = st.lists(st.sampled_from(ALPHABET + NO_LINE_ENDS), max_size=20).map("".join)
encodings = st.sampled_from(PositionEncoding)
CODE_UNIT_BYTES = {"utf-8": 1, "utf-16": 2, "utf-32": 4}


def slow_lines(text):
    """The lines without their ends, by reading one character after the other."""
    lines, at = [""], 0
    while at < len(text):
        end = next((end for end in ("\r\n", "\n", "\r") if text.startswith(end, at)), "")
        if end:
            lines.append("")
        else:
            lines[-1] += text[at]
        at += len(end) or 1
    return lines


def slow_units(text, encoding):
    """Code units, counted character by character through the bytes of each."""
    codec = {"utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(encoding.value, encoding.value)
    size = CODE_UNIT_BYTES[encoding.value]
    return sum(len(character.encode(codec, "surrogatepass")) // size for character in text)


def slow_positions(text, encoding):
    """The position of each offset in `text`, one more than there are characters."""
    positions, line, start = [], 0, 0
    for offset in range(len(text) + 1):
        before = text[start:offset]
        positions.append(Position(line, slow_units(before.rstrip("\r"), encoding)))
        ended = re.search(r"(\n|\r)\Z", text[start : offset + 1])
        if ended and not (text[offset] == "\r" and text[offset + 1 : offset + 2] == "\n"):
            line, start = line + 1, offset + 1
    return positions


@given(texts)
def test_lines_end_where_lsp_says(text):
    index = LineIndex(text)

    assert [index.line_text(line) for line in range(index.line_count)] == slow_lines(text)


@given(texts, encodings)
@example("a\r\nb", PositionEncoding.UTF16)
@example("\r\r\n\n", PositionEncoding.UTF8)
def test_positions_are_those_of_the_slow_count(text, encoding):
    index = LineIndex(text)

    found = [index.position_at(offset, encoding) for offset in range(len(text) + 1)]

    assert found == slow_positions(text, encoding)


@given(texts, encodings)
def test_offsets_and_positions_are_inverse(text, encoding):
    index = LineIndex(text)

    for offset in range(len(text) + 1):
        is_inside_line_end = text[max(0, offset - 1) : offset + 1] == "\r\n"
        found = index.offset_at(index.position_at(offset, encoding), encoding)
        assert found == offset - is_inside_line_end


@given(texts, encodings, st.integers(-2, 25), st.integers(-2, 80))
def test_any_position_is_clamped_into_its_line(text, encoding, line, character):
    index = LineIndex(text)

    offset = index.offset_at(Position(line, character), encoding)

    if line < 0:
        assert offset == 0
    elif line >= index.line_count:
        assert offset == len(text)
    else:
        assert index.start_of(line) <= offset <= index.end_of(line)
        units = slow_units(text[index.start_of(line) : offset], encoding)
        is_at_end = offset == index.end_of(line)
        # No character more fits: a position inside one means its start.
        next_units = 0 if is_at_end else slow_units(text[offset], encoding)
        assert units <= max(0, character)
        assert is_at_end or units + next_units > character


@given(texts, encodings, st.integers(-30, 60))
def test_any_offset_is_clamped_into_the_text(text, encoding, offset):
    index = LineIndex(text)
    clamped = max(0, min(offset, len(text)))

    assert index.position_at(offset, encoding) == index.position_at(clamped, encoding)


@pytest.mark.parametrize(
    ("encoding", "characters"),
    [("utf-8", [1, 3, 6, 10]), ("utf-16", [1, 2, 3, 5]), ("utf-32", [1, 2, 3, 4])],
)
def test_units_of_each_encoding(encoding, characters):
    index = LineIndex("aé漢😋")

    found = [index.position_at(offset, PositionEncoding(encoding)) for offset in range(1, 5)]

    assert found == [Position(0, character) for character in characters]


@pytest.mark.parametrize("character", [1, 2])
def test_a_position_inside_a_character_is_its_start(character):
    assert (
        LineIndex("😋b").offset_at(Position(0, character), PositionEncoding.UTF16) == character // 2
    )


def test_an_empty_text_has_one_empty_line():
    index = LineIndex("")

    assert (index.line_count, index.start_of(0), index.end_of(0)) == (1, 0, 0)
    assert index.offset_at(Position(3, 3), PositionEncoding.UTF16) == 0


@pytest.mark.parametrize("encoding", [PositionEncoding.UTF8, PositionEncoding.UTF16])
def test_a_long_line_is_not_counted_character_by_character(encoding, monkeypatch):
    counted = []
    count = PositionEncoding.units
    monkeypatch.setattr(
        PositionEncoding, "units", lambda *of: counted.append(len(of[1])) or count(*of)
    )
    line = "😋" + "a=b;" * 25_000

    found = LineIndex(line).offset_at(Position(0, 99_000), encoding)

    assert found == 99_000 - (3 if encoding is PositionEncoding.UTF8 else 1)
    assert len(counted) < 20
    assert sum(counted) < 2 * len(line)
