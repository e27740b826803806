import pytest
from hypothesis import given
from hypothesis import strategies as st

from assist_server.lsp.framing import KEPT_BYTES, MAX_BODY_BYTES, FrameReader, frame

bodies = st.lists(st.binary(max_size=60), max_size=6)


@given(bodies, st.data())
def test_messages_survive_any_cutting_of_the_stream(bodies, data):
    stream = b"".join(map(frame, bodies))
    reader, found = FrameReader(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found += reader.feed(stream[:size])
        stream = stream[size:]
    assert found == bodies


@given(st.lists(st.binary(max_size=40), max_size=5))
def test_nothing_makes_the_reader_raise(pieces):
    reader = FrameReader()
    for piece in pieces:
        list(reader.feed(piece))


@pytest.mark.parametrize(
    "header",
    [b"content-length: 2\r\n\r\n", b"Content-Length:2\n\n", b"A: b\r\nContent-Length:  2 \r\n\r\n"],
)
def test_sloppy_headers(header):
    assert list(FrameReader().feed(header + b"{}")) == [b"{}"]


def test_a_message_beyond_all_measure_is_skipped_and_the_next_one_read():
    reader = FrameReader()
    length = MAX_BODY_BYTES + 1
    assert list(reader.feed(b"Content-Length: %d\r\n\r\n" % length)) == []
    for _ in range(length // (1 << 20)):
        assert list(reader.feed(b"x" * (1 << 20))) == []
    assert list(reader.feed(b"x" * (length % (1 << 20)) + frame(b"{}"))) == [b"{}"]


@pytest.mark.parametrize("size", [1 << 12, 1 << 20], ids="pieces of {}".format)
def test_of_a_skipped_message_beginning_and_end_are_told_in_its_turn(size):
    told = []
    reader = FrameReader(lambda *what: told.append((*what, len(found))))
    found, reader.max_body_bytes = [], 100_000
    body = b"begin" + b"x" * 200_000 + b"end}"
    stream = frame(b"1") + frame(body) + frame(b"2")
    for start in range(0, len(stream), size):
        found += reader.feed(stream[start : start + size])
    ((beginning, end, length, _),) = told
    assert found == [b"1", b"2"]
    assert (beginning, end) == (body[: len(beginning)], body[-len(end) :])
    assert len(beginning) == len(end) == KEPT_BYTES
    assert length == len(body)


def test_endless_noise_is_not_collected():
    reader = FrameReader()
    for _ in range(100):
        list(reader.feed(b"x" * 10_000))
    assert len(reader._buffer) < 20_000
    assert list(reader.feed(b"\r\n\r\n" + frame(b"{}"))) == [b"{}"]


@pytest.mark.parametrize("wrong", [b"Content-Length: 1\r\n\r\n{}", b"Content-Length: 5\r\n\r\n{}"])
def test_after_a_wrong_length_the_reader_finds_a_header_again(wrong):
    bodies = [b'{"n":%d}' % number for number in range(5)]
    found = list(FrameReader().feed(wrong + b"".join(map(frame, bodies))))
    assert found[-3:] == bodies[-3:]
