import sys
import threading

from assist_server.lsp.client import LspClient

HOLD = "import sys; sys.stdin.read()"


def test_streams_are_closed_after_the_threads_that_use_them(monkeypatch):
    """Else a thread reads from the descriptor of the next client, which gets the same number."""
    before = threading.active_count()
    with LspClient((sys.executable, "-c", HOLD)) as client:
        stream = client.process.stdout
        close, alive = stream.close, []
        monkeypatch.setattr(
            client.process,
            "stdout",
            Closing(stream, lambda: alive.append(threading.active_count())),
        )
    assert alive == [before]
    close()


class Closing:
    """A stream that says when it is closed."""

    def __init__(self, stream, on_close):
        self.read, self._close, self._on_close = stream.read, stream.close, on_close

    def close(self):
        self._on_close()
        self._close()
