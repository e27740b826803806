import asyncio
import os
import signal

from assist_server.lsp import transport


def test_a_signal_ends_listening_although_clients_stay(monkeypatch):
    """Since Python 3.12 a listener waits for its clients where it is left as a context."""

    async def wait_for_clients(_):
        await asyncio.Event().wait()

    async def listen():
        listener = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
        ending = asyncio.ensure_future(transport._listen(listener, "here"))
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGTERM)
        return await asyncio.wait_for(ending, 5)

    monkeypatch.setattr(asyncio.Server, "wait_closed", wait_for_clients)
    assert asyncio.run(listen()) == 0
