"""Our own client on our own server, over a socket."""

import socket
import threading
from contextlib import contextmanager

import pytest
import uvicorn
from chat_backend import ChatBackend

from assist_server.context.cursor import CursorContext
from assist_server.context.selection import Selection
from assist_server.context.snapshot import Snapshot
from assist_server.engine.remote.remote_backend import RemoteBackend
from assist_server.errors import ModelError
from assist_server.features.inline_completion import complete
from assist_server.features.summarize.summarize import summarize
from assist_server.http.app import create_app
from assist_server.settings import RemoteSettings, Settings

FIM = {"<|fim_prefix|>": 1, "<|fim_suffix|>": 2, "<|fim_middle|>": 3}
KEY = "0123456789abcdef"
CODE = "def add(a, b):\n    return \n\nprint(1)\n"
PROSE = "The museum opened in 1932. It holds 4,500 paintings, and a flood damaged it in 2019."


@contextmanager
def served(backend):
    """The address of a server with a model."""
    listener = socket.create_server(("127.0.0.1", 0))
    app = create_app(lambda: backend, Settings(), KEY)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()


def test_a_completion_and_a_summary_come_back(monkeypatch):
    monkeypatch.setenv("MY_KEY", KEY)
    backend = ChatBackend("a + b", FIM)
    with served(backend) as url:
        remote = RemoteBackend.open(RemoteSettings(url=url, key_variable="MY_KEY"))
        context = CursorContext(Snapshot("file:///a.py", "a.py", CODE), CODE.index(" \n\n") + 1)
        assert complete(context, remote, Settings()).text == "a + b"
        assert backend.prompts()[-1].endswith("\x03def add(a, b):\n    return")
        assert "print(1)" in backend.prompts()[-1]
        backend.answer = "A museum with paintings."
        selection = Selection(Snapshot("file:///a.txt", "a.txt", PROSE), 0, len(PROSE))
        assert summarize(selection, remote, Settings()).markdown == "A museum with paintings."
        remote.close()


def test_the_client_is_told_that_the_model_does_not_infill(monkeypatch):
    monkeypatch.setenv("MY_KEY", KEY)
    with served(ChatBackend("a + b")) as url:
        remote = RemoteBackend.open(RemoteSettings(url=url, key_variable="MY_KEY"))
        assert remote.info.fim_template is None
        remote.close()
        with pytest.raises(ModelError, match="does not let us in"):
            RemoteBackend.open(RemoteSettings(url=url))
