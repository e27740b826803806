import asyncio
import json
import os
import signal

import pytest

from assist_server.engine.backend import NullBackend
from assist_server.engine.loading.model_pool import ModelPool
from assist_server.lsp import transport
from assist_server.lsp.create_server import create_server
from assist_server.lsp.framing import frame


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


def message(**fields):
    return frame(json.dumps({"jsonrpc": "2.0", **fields}).encode())


@pytest.mark.parametrize("beginning", [b"", b"Content-Le", message(id=1, method="x")])
def test_who_does_not_introduce_himself_to_a_port_is_left(monkeypatch, tmp_path, beginning):
    monkeypatch.setattr(transport, "_GREETING_S", 2)
    pool = ModelPool(lambda *_: NullBackend())

    async def connect(listener, place):
        """Takes the place of what waits for a signal: a client, and then a stranger."""
        host, port = place.split(":")
        token = (tmp_path / "token").read_text().strip()
        params = {"processId": None, "rootUri": None, "capabilities": {}}
        params["initializationOptions"] = {"token": token}
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(message(id=1, method="initialize", params=params))
        assert await reader.readuntil(b'"capabilities"')
        strangers_reader, strangers_writer = await asyncio.open_connection(host, int(port))
        strangers_writer.write(beginning)
        await strangers_reader.read()  # until it is left, later than the client would have been
        writer.write(message(id=2, method="shutdown") + message(method="exit"))
        assert b'"id":2' in await reader.read()
        for stream in (writer, strangers_writer):
            stream.close()
            await stream.wait_closed()
        listener.close()
        return 0

    monkeypatch.setattr(transport, "_listen", connect)
    serving = transport.serve_tcp(lambda: create_server(pool), "127.0.0.1", 0, tmp_path / "token")
    assert asyncio.run(asyncio.wait_for(serving, 30)) == 0


@pytest.mark.parametrize("is_replaced", [False, True])
def test_a_server_removes_its_own_socket_and_no_other(tmp_path, is_replaced):
    path = tmp_path / "socket"

    async def play():
        listener, ended = await asyncio.start_unix_server(lambda *_: None, path), asyncio.Event()
        serving = asyncio.ensure_future(transport._listen(listener, "a socket", path, ended))
        await asyncio.sleep(0)  # it starts
        if is_replaced:
            path.unlink()
            path.write_text("another server's")
        ended.set()
        await serving

    asyncio.run(play())
    assert path.exists() is is_replaced
