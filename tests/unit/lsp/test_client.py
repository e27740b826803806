import sys

from assist_server.lsp import client as module
from assist_server.lsp.client import LspClient

HOLD = "import sys; sys.stdin.read()"


def test_no_stream_is_closed_while_a_thread_may_read_it(monkeypatch):
    """Else it reads from the next client's descriptor, which gets the same number."""
    monkeypatch.setattr(module, "_THREAD_S", 0.05)
    client = LspClient((sys.executable, "-c", HOLD))
    with client._arrived:  # which keeps the reading thread from ending
        client.__exit__(None, None, None)
        assert not client.process.stdout.closed
    client.__exit__(None, None, None)
    assert client.process.stdout.closed
