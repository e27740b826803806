"""The editors' own capabilities, as recorded from them, and variations that no editor sent yet."""

import copy
import json
from pathlib import Path

import pytest
from lsp_steps import URI, ready
from lsprotocol import types

from assist_server.lsp.lenient_converter import lenient_converter

RECORDED = sorted((Path(__file__).parent / "capabilities").glob("*.json"))
ENCODINGS = {
    "eglot": "utf-32",
    "helix": "utf-8",
    "lsp-mode": "utf-32",
    "neovim": "utf-8",
    "vscode": "utf-16",
}
EMOJI_UNITS = {"utf-8": 4, "utf-16": 2, "utf-32": 1}


def capabilities_of(path):
    recorded = json.loads(path.read_text())
    return recorded.get("capabilities", recorded)


def leaves(value, path=()):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    else:
        yield path, value


def test_all_editors_are_here():
    assert len(RECORDED) == len(ENCODINGS)


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_each_editor_initializes_and_gets_answers_in_its_encoding(path, start):
    client = start(answer="answer()")
    encoding = ENCODINGS[path.stem.rsplit("-", 1)[0]]
    answer = client.initialize(capabilities_of(path))
    assert answer["capabilities"]["positionEncoding"] == encoding
    ready(client)
    client.open(URI, "😋 = \n")
    units = EMOJI_UNITS[encoding] + 3
    (item,) = client.inline_completion(URI, 0, units)
    assert item["insertText"] == "answer()"
    assert item["range"]["start"] == {"line": 0, "character": units}
    assert client.shut_down() == 0


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_values_that_nobody_has_heard_of_are_read(path):
    converter = lenient_converter()
    recorded = capabilities_of(path)
    for place, value in leaves(recorded):
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            continue
        varied = copy.deepcopy(recorded)
        inner = varied
        for key in place[:-1]:
            inner = inner[key]
        inner[place[-1]] = "unheard-of" if isinstance(value, str) else 987
        params = {"processId": None, "rootUri": None, "capabilities": varied, "trace": "odd"}
        message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}
        assert converter.structure(message, types.InitializeRequest).params.capabilities
