import gzip
import json

import pytest

from assist_server.errors import InputError
from assist_server.evaluation import infilling_benchmark
from assist_server.evaluation.infilling_benchmark import can_be_isolated, passes, read_items

FIELDS = {
    "name": "double",
    "prompt": "def double(n):\n    if n:",
    "suffix": "\n    return 0\n",
    "canonical_solution": "        return 2 * n",
    "tests": "assert double(4) == 8\nassert double(0) == 0\n",
}


def items(tmp_path, *fields, name="b.jsonl.gz"):
    file = tmp_path / name
    lines = "".join(json.dumps(each) + "\n" for each in fields)
    content = gzip.compress(lines.encode()) if name.endswith(".gz") else lines.encode()
    file.write_bytes(content)
    return list(read_items(file))


@pytest.mark.parametrize("name", ["b.jsonl", "b.jsonl.gz"])
@pytest.mark.parametrize("suffix", ["\n    return 0\n", "    return 0\n"])
def test_the_line_is_missing_behind_its_indentation(tmp_path, name, suffix):
    (item,) = items(tmp_path, FIELDS | {"suffix": suffix}, name=name)
    assert item.place.prefix == "def double(n):\n    if n:\n        "
    assert item.place.missing == "return 2 * n"
    assert item.place.suffix == "\n    return 0\n"


@pytest.mark.parametrize(
    "content", [b"not gzip", gzip.compress(b"{}", mtime=0), gzip.compress(b"[", mtime=0)]
)
def test_another_format_is_refused(tmp_path, content):
    file = tmp_path / "b.jsonl.gz"
    file.write_bytes(content)
    with pytest.raises(InputError, match="name a file of JSON lines"):
        list(read_items(file))


@pytest.mark.parametrize("command", ["assist-no-such-command", "false"])
def test_without_a_way_to_isolate_programs_none_is_run(monkeypatch, command):
    monkeypatch.setattr(infilling_benchmark, "_ISOLATED", (command,))
    assert not can_be_isolated()


needs_isolation = pytest.mark.skipif(
    not can_be_isolated(), reason="this system lets nobody make a network of their own"
)


@needs_isolation
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("return 2 * n", True),
        ("return n + n", True),
        ("return n", False),
        ("return (", False),
        ("import socket; socket.create_connection(('127.0.0.1', 1))", False),
        ("bytearray(1 << 31); return 2 * n", False),
    ],
)
def test_a_line_is_judged_by_the_tests(tmp_path, line, expected):
    (item,) = items(tmp_path, FIELDS)
    assert passes(item, line) == expected


@needs_isolation
def test_nothing_can_be_written(tmp_path):
    (item,) = items(tmp_path, FIELDS)
    file = tmp_path / "made"
    assert not passes(item, f"open({str(file)!r}, 'w').close(); return 2 * n")
    assert not file.exists()


@needs_isolation
def test_there_is_no_network(tmp_path):
    (item,) = items(tmp_path, FIELDS)
    probe = "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); "
    reached = probe + "s.connect(('192.0.2.1', 9)); return 2 * n"
    assert not passes(item, reached)
