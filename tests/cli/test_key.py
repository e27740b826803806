import io
import json
import sys

import pytest
from fake_model_server import fake_model_server
from keyring.errors import NoKeyringError
from memory_keyring import memory_keyring

from assist_server.cli import key, main

URL = "https://models.example.org/team"


@pytest.fixture(autouse=True)
def keyring():
    with memory_keyring() as keyring:
        yield keyring


def test_a_key_from_standard_input_is_stored_by_the_address_and_removed(run, keyring):
    result = run("key", "set", f"{URL}/v1", stdin=b" sk-123\n")
    assert (result.code, keyring.keys) == (0, {URL: "sk-123"})
    assert f"{URL}; to use it, set remote.key_in_keyring to true" in result.out
    assert "sk-123" not in result.out + result.err
    assert run("key", "remove", f"{URL}/").code == 0
    assert keyring.keys == {}


def test_in_a_terminal_the_key_is_asked_for_without_showing_it(monkeypatch, keyring):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    asked = []

    def answer(question, **how):
        asked.append(how)
        return "sk-123"

    monkeypatch.setattr(sys, "argv", ["assist-server", "key", "set", URL])
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(key.typer, "prompt", answer)
    with pytest.raises(SystemExit):
        main.main()
    assert (asked, keyring.keys) == ([{"hide_input": True}], {URL: "sk-123"})


@pytest.mark.parametrize("given", [b"", b"\n", b"sk 1\x002\n", "schl\u00fcssel".encode()])
def test_what_is_no_key_is_not_stored(run, keyring, given):
    result = run("key", "set", URL, stdin=given)
    assert (result.code, keyring.keys) == (2, {})
    assert "schl" not in result.err


@pytest.mark.parametrize("verb", ["set", "remove"])
def test_an_address_or_keyring_that_cannot_be_used_is_one_sentence(run, keyring, verb):
    assert "write it like" in run("key", verb, "localhost:8080", stdin=b"sk-123").err
    keyring.failure = NoKeyringError("sk-123")
    result = run("key", verb, URL, stdin=b"sk-123")
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert "remote.key_variable" in result.err
    assert "sk-123" not in result.err


def test_a_key_that_is_not_there_cannot_be_removed(run):
    assert f"has no key for {URL}" in run("key", "remove", URL).err


def test_doctor_uses_the_key_and_does_not_show_it(run, project):
    config = project.parent / "config" / "assist-server" / "config.toml"
    config.parent.mkdir(parents=True)
    with fake_model_server("openai", "a + b") as server:
        server.key = "sk-123"
        config.write_text(f'[remote]\nurl = "{server.url}"\nkey_in_keyring = true\n')
        missing = run("doctor", "--json")
        run("key", "set", server.url, stdin=b"sk-123")
        found = run("doctor", "--json")
        server.key = "sk-456"
        refused = run("doctor", "--json")
    assert [one.code for one in (missing, found, refused)] == [1, 0, 1]
    assert f"`assist-server key set {server.url}`" in missing.out
    details = {check["name"]: check["detail"] for check in json.loads(found.out)}
    assert f"connected to 127.0.0.1:{server.port}" in details["model"]
    assert "remote.key_in_keyring" in refused.out
    assert "sk-" not in missing.out + found.out + refused.out + refused.err
