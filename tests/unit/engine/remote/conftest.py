import pytest
from fake_model_server import fake_model_server

from assist_server.engine.remote.remote_backend import RemoteBackend
from assist_server.settings import RemoteSettings


@pytest.fixture
def llama():
    with fake_model_server("llama", "answer()") as server:
        yield server


@pytest.fixture
def openai():
    with fake_model_server("openai", "answer()") as server:
        yield server


@pytest.fixture
def open_remote():
    """Open backends of fake servers; they are closed when the test is over."""
    opened = []

    def open_server(server, **settings):
        backend = RemoteBackend.open(RemoteSettings(url=server.url, **settings))
        opened.append(backend)
        return backend

    yield open_server
    for backend in opened:
        backend.close()
