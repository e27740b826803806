"""How the process ends: always, soon, and with the right code."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from lsp_steps import URI, inline_params, ready

from assist_server.lsp.client import LspClient

SOON_S = 1.0


def generating(start):
    """A server in the middle of a generation whose steps take long."""
    client = start(answer="one.two(three)", step_ms=3000)
    client.initialize()
    ready(client)
    client.open(URI, "x = ")
    client.start_request("textDocument/inlineCompletion", inline_params(0, 4))
    client.request("workspace/executeCommand", {"command": "assist.status"})
    return client


def ended_within(client, seconds):
    return client.process.wait(seconds)


def test_exit_after_shutdown(start):
    client = generating(start)
    client.request("shutdown", timeout_s=SOON_S)
    client.notify("exit")
    assert ended_within(client, SOON_S) == 0


def test_exit_without_shutdown(start):
    client = generating(start)
    client.notify("exit")
    assert ended_within(client, SOON_S) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals(start, number):
    client = generating(start)
    client.process.send_signal(number)
    assert ended_within(client, SOON_S) == 1


def test_a_signal_after_shutdown(start):
    client = generating(start)
    client.request("shutdown")
    client.process.send_signal(signal.SIGTERM)
    assert ended_within(client, SOON_S) == 0


def test_the_end_of_input(start):
    client = generating(start)
    client.process.stdin.close()
    assert ended_within(client, SOON_S) == 1


def test_the_death_of_the_editor(start):
    editor = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    client = start()
    params = {"processId": editor.pid, "capabilities": {}, "rootUri": None}
    client.request("initialize", params)
    editor.kill()
    editor.communicate()
    assert ended_within(client, 3) == 1


def test_an_editor_that_cannot_be_seen_is_not_waited_for(start):
    client = start(answer="answer()")
    params = {"processId": 2**22 - 1, "capabilities": {}, "rootUri": None}
    client.request("initialize", params)
    client.notify("initialized", {})
    ready(client)
    assert client.shut_down() == 0


def test_a_print_does_not_disturb_the_conversation(start):
    client = start(answer="answer()", prints=True)
    client.initialize()
    ready(client)
    client.open(URI, "x = ")
    assert client.inline_completion(URI, 0, 4)[0]["insertText"] == "answer()"


def test_a_client_that_does_not_read_does_not_stop_the_server(start):
    """Its answers wait; the server still hears that it should go."""
    client = start(answer="answer()")
    client.initialize()
    os.kill(client.process.pid, 0)
    command = [sys.executable, client.process.args[1], json.dumps({})]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as deaf:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "x", "params": {}}).encode()
        deaf.stdin.write((b"Content-Length: %d\r\n\r\n" % len(body) + body) * 20_000)
        deaf.stdin.close()
        assert deaf.wait(10) == 1
        deaf.stdout.close()


def test_starting_and_ending_many_times_leaves_no_process():
    started = time.monotonic()
    command = (sys.executable, "-m", "assist_server", "--stdio", "--clientProcessId=1")
    for _ in range(3):
        with LspClient(command) as client:
            client.initialize()
            assert client.shut_down() == 0
    assert time.monotonic() - started < 60
