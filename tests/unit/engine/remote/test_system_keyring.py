"""Keys of servers that the system's keyring has, and keyrings that cannot be used."""

import queue
import sys
import threading

import pytest
from keyring.backends.fail import Keyring as NoKeyring
from keyring.errors import KeyringLocked
from memory_keyring import memory_keyring

from assist_server.engine import backend as backend_module
from assist_server.engine.remote.address import read_address
from assist_server.engine.request import GenerationRequest, collect
from assist_server.errors import ModelError, ModelServerError
from assist_server.settings import RemoteSettings

URL = "https://a.org/team"
ELSE = r"put the key into an environment variable .*remote\.key_variable"


@pytest.fixture
def keyring():
    with memory_keyring() as keyring:
        yield keyring


def read(**settings):
    chosen = RemoteSettings(url=f"{URL}/v1/", **{"key_in_keyring": True, **settings})
    return read_address(chosen, {"MY_KEY": "sk-456"})


def test_the_key_is_found_by_the_address_and_not_shown(keyring):
    keyring.keys[URL] = "sk-123\n"
    assert read().key == "sk-123"
    assert "sk-123" not in repr(read())


def test_the_keyring_is_not_asked_unless_it_is_chosen(keyring):
    keyring.failure = AssertionError()
    assert read(key_in_keyring=False).key == ""
    assert read(key_variable="MY_KEY").key == "sk-456"


@pytest.mark.parametrize("stored", [None, "", " ", "a\nb", "schl\u00fcssel"])
def test_without_a_key_that_can_be_used_the_command_is_named(keyring, stored):
    keyring.keys = {} if stored is None else {URL: stored}
    with pytest.raises(ModelError, match=f"`assist-server key set {URL}`") as refused:
        read()
    assert "schl" not in str(refused.value)


@pytest.mark.parametrize("missing", ["keyring", "keyring.errors"])
def test_a_missing_library_is_named_with_its_extra(monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ModelError, match=rf"'assist-server\[keyring\]', or {ELSE}"):
        read()


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (KeyringLocked("sk-123"), "KeyringLocked.; unlock"),
        (OSError("sk-123"), "OSError.; unlock"),
    ],
)
def test_a_keyring_that_cannot_be_used_is_one_sentence_without_its_words(keyring, failure, said):
    keyring.failure = failure
    with pytest.raises(ModelError, match=f"{said} or repair it, then .*, or {ELSE}") as refused:
        read()
    assert not isinstance(refused.value, ModelServerError)  # which would ask again and again
    assert "sk-123" not in str(refused.value)


def test_a_system_without_a_keyring_says_what_else_to_do(keyring, monkeypatch):
    monkeypatch.setattr(keyring, "get_password", NoKeyring().get_password)
    with pytest.raises(ModelError, match=f"no keyring on this system that can be used; {ELSE}"):
        read()


def test_a_locked_keyring_is_asked_once_after_a_refusal(keyring, llama, open_remote, monkeypatch):
    monkeypatch.setattr(backend_module, "_FIRST_DELAY_S", 0.01)
    keyring.keys[llama.url] = llama.key = "sk-old"
    backend, troubles = open_remote(llama, key_in_keyring=True), queue.Queue()
    backend.watch(troubles.put)
    llama.key = "sk-new"
    keyring.failure = KeyringLocked()
    asked, ask = [], keyring.get_password
    monkeypatch.setattr(keyring, "get_password", lambda *names: asked.append(names) or ask(*names))
    with pytest.raises(ModelServerError, match=r"remote\.key_in_keyring"):
        collect(backend.generate(GenerationRequest((150,), 20)))
    refused, locked, refused_again = (troubles.get(timeout=10) for _ in range(3))
    assert refused == refused_again
    assert "unlock" in locked
    assert len(asked) == 1


def test_a_key_that_was_replaced_is_used_without_a_restart(
    keyring, llama, open_remote, monkeypatch
):
    monkeypatch.setattr(backend_module, "_FIRST_DELAY_S", 0.05)
    keyring.keys[llama.url] = llama.key = "sk-old"
    backend, is_back = open_remote(llama, key_in_keyring=True), threading.Event()
    backend.watch(lambda trouble: trouble or is_back.set())
    llama.key = "sk-new"
    with pytest.raises(ModelServerError, match=r"remote\.key_in_keyring"):
        collect(backend.generate(GenerationRequest((150,), 20)))
    keyring.keys[llama.url] = "sk-new"
    assert is_back.wait(10)
    assert collect(backend.generate(GenerationRequest((150,), 20))).text == "answer()"
