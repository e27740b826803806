"""What is not prefetched: what would be sent to a server for nothing."""

from dataclasses import replace

import pytest

from assist_server.context.cursor import CursorContext
from assist_server.context.snapshot import Snapshot
from assist_server.engine.backend import NullBackend
from assist_server.engine.request import CancelToken
from assist_server.features.prefetch import prefetch_drafts, prefetch_prompt
from assist_server.settings import Settings

CONTEXT = CursorContext(Snapshot("file:///a.py", "a.py", "x = 1\n"), 6)


class Server(NullBackend):
    """A backend that says of itself what a test wants."""

    def __init__(self, **facts):
        super().__init__()
        self.facts, self.encoded = facts, 0

    @property
    def info(self):
        return replace(super().info, **self.facts)

    def encode(self, text, client=""):
        self.encoded += 1
        return super().encode(text, client)


@pytest.mark.parametrize("learns", [False, True])
def test_nothing_is_encoded_for_a_backend_that_does_not_learn(learns):
    backend = Server(learns=learns)
    prefetch_drafts(CONTEXT, backend, "a", CancelToken())
    assert bool(backend.encoded) is learns


@pytest.mark.parametrize("prefills", [False, True])
def test_no_prompt_goes_to_a_backend_that_does_not_prefill(prefills):
    backend = Server(prefills=prefills)
    prefetch_prompt(CONTEXT, backend, Settings(), CancelToken())
    assert bool(backend.requests) is prefills
    assert bool(backend.encoded) is prefills
