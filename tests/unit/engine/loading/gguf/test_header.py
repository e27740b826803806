import contextlib
import struct
import tracemalloc

import gguf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny_gguf import save_gguf

from assist_server.engine.loading.gguf.header import read_header
from assist_server.engine.loading.locate import locate_model
from assist_server.errors import ModelError

ADVICE = "download it again, or set `model` to another one"


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    """The bytes of a good file."""
    file = tmp_path_factory.mktemp("gguf") / "a.gguf"
    save_gguf("llama", file)
    return file.read_bytes()


def text(value):
    return struct.pack("<Q", len(value)) + value.encode()


def start(tensors=0, values=0, version=3, magic=b"GGUF"):
    return magic + struct.pack("<IQQ", version, tensors, values)


ARCHITECTURE = text("general.architecture") + struct.pack("<I", 8) + text("llama")


def tensor(shape=(4,), kind=0, offset=0, name="token_embd.weight"):
    dimensions = struct.pack(f"<I{len(shape)}Q", len(shape), *shape)
    return text(name) + dimensions + struct.pack("<IQ", kind, offset)


def test_a_header_is_what_the_package_gguf_reads(tmp_path, content):
    (tmp_path / "a.gguf").write_bytes(content)
    header, expected = read_header(tmp_path / "a.gguf"), gguf.GGUFReader(tmp_path / "a.gguf")
    values = {key: field.contents() for key, field in expected.fields.items() if "GGUF" not in key}
    assert header.metadata == values
    for each in expected.tensors:
        found = header.tensors[each.name]
        assert found.shape == tuple(reversed(each.shape.tolist()))
        assert (found.kind, found.offset) == (each.tensor_type, each.data_offset)
        assert found.size_bytes == each.n_bytes
    assert len(header.tensors) == len(expected.tensors)
    assert header.architecture == "llama"
    assert header.value("block_count") == 2


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (b"", "it is empty"),
        (b"G", "does not start as GGUF files do"),
        (b"PK\3\4 and more that is no model", "does not start as GGUF files do"),
        (b"GGUF", "incomplete"),
        (start(version=1), "version 1"),
        (start(version=3 << 24), "version 50331648"),
        (start(values=2**63), "incomplete"),
        (start(tensors=2**63, values=1) + ARCHITECTURE, "incomplete"),
        (start(values=1) + struct.pack("<Q", 2**62) + b"key", "incomplete"),
        (start(values=1) + text("a") + struct.pack("<IIQ", 9, 8, 2**61), "incomplete"),
        (start(values=1) + text("a") + struct.pack("<IIQ", 9, 4, 2**61), "incomplete"),
        (start(values=1) + text("a") + struct.pack("<IIQ", 9, 9, 1), "unknown type 9"),
        (start(values=1) + text("a") + struct.pack("<I", 99), "unknown type 99"),
        (start(tensors=1, values=1) + ARCHITECTURE + tensor((2**60, 2**60)), "incomplete"),
        (start(tensors=1, values=1) + ARCHITECTURE + tensor((0,)), r"the shape \[0\]"),
        (start(tensors=1, values=1) + ARCHITECTURE + tensor((1,) * 9), "has 9 dimensions"),
        (start(tensors=1, values=1) + ARCHITECTURE + tensor((33,), kind=8), r"the shape \[33\]"),
        (start(tensors=1, values=1) + ARCHITECTURE + tensor(kind=4), "unknown number format 4"),
        (start(tensors=1, values=1) + ARCHITECTURE + tensor(offset=2**63), "incomplete"),
        (
            start(tensors=3, values=1)
            + ARCHITECTURE
            + tensor((80,))
            + tensor((80,), name="output.weight")
            + tensor((80,), name="output_norm.weight")
            + bytes(400),
            "its tensors overlap",
        ),
        (
            start(values=1) + text("a") + struct.pack("<IIQ", 9, 7, 20 << 20) + bytes(20 << 20),
            "more entries than any model's",
        ),
        (
            start(values=1) + text("a") + struct.pack("<IIQ", 9, 8, 5 << 20) + bytes(40 << 20),
            "more entries than any model's",
        ),
        (
            start(values=1) + text("general.alignment") + struct.pack("<II", 4, 0),
            "its alignment is wrong",
        ),
    ],
)
def test_a_file_that_is_no_model_is_one_sentence_and_takes_no_memory(written, reason, tmp_path):
    file = tmp_path / "a.gguf"
    file.write_bytes(written)
    tracemalloc.start()
    with pytest.raises(ModelError, match=reason) as caught:
        read_header(file)
    most_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert str(caught.value).endswith(ADVICE)
    assert "\n" not in str(caught.value)
    assert most_bytes < 100 << 20


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_part_of_a_file_is_incomplete_wherever_it_ends(share, content, tmp_path):
    (tmp_path / "a.gguf").write_bytes(content[: int(share * len(content))])
    with pytest.raises(ModelError, match=r"incomplete|empty|does not start"):
        locate_model(str(tmp_path / "a.gguf"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), replaced=st.binary(min_size=1, max_size=8))
def test_a_damaged_header_is_read_or_refused(place, replaced, content, tmp_path):
    at = int(place * 8000)
    (tmp_path / "a.gguf").write_bytes(content[:at] + replaced + content[at + len(replaced) :])
    with contextlib.suppress(ModelError):
        assert read_header(tmp_path / "a.gguf").file.name == "a.gguf"


def test_bytes_that_are_no_text_are_replaced(tmp_path):
    value = text("name") + struct.pack("<IQ", 8, 2) + b"\xff\xfe"
    (tmp_path / "a.gguf").write_bytes(start(values=1) + value)
    assert read_header(tmp_path / "a.gguf").metadata["name"] == "\ufffd\ufffd"


def test_a_file_that_may_not_be_read_says_why(tmp_path):
    with pytest.raises(ModelError, match="cannot be read: Is a directory"):
        read_header(tmp_path)
