"""How the process ends: always, soon, and with the right code."""

import contextlib
import fcntl
import json
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import time
import tty
from pathlib import Path

import pytest
from lsp_steps import URI, inline_params, ready

from assist_server.lsp.client import LspClient
from assist_server.lsp.framing import FrameReader, frame

SOON_S = 1.0
STARTED_S = 20
SERVER = str(Path(__file__).parent.parent / "support" / "scripted_server.py")


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


@contextlib.contextmanager
def piped(**streams):
    """A server on streams of the test's own choice."""
    command = [sys.executable, SERVER, "{}"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, **streams) as process:
        try:
            yield process
        finally:
            process.kill()


def message(**fields):
    return frame(json.dumps({"jsonrpc": "2.0", **fields}).encode())


def test_an_input_that_is_closed_from_the_start():
    command = ["sh", "-c", f"exec {sys.executable} {SERVER} '{{}}' <&-"]
    ended = subprocess.run(command, check=False, capture_output=True, timeout=STARTED_S)
    assert ended.returncode == 1


def test_a_terminal_that_hangs_up():
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    with piped(stdin=theirs, stdout=subprocess.PIPE) as process:
        os.close(theirs)
        os.write(ours, message(id=1, method="no/such"))
        assert process.stdout.read(1)  # it listens
        os.close(ours)
        assert process.wait(STARTED_S) == 1


def test_an_input_that_does_not_block():
    theirs, ours = os.pipe()
    os.set_blocking(theirs, False)
    with piped(stdin=theirs, stdout=subprocess.PIPE) as process:
        os.close(theirs)
        frames = FrameReader()
        for number in (1, 2):  # the second one comes while the server waits
            os.write(ours, message(id=number, method="no/such"))
            assert select.select([process.stdout], [], [], STARTED_S)[0]
            assert list(frames.feed(process.stdout.read1(1 << 16)))
        os.close(ours)
        assert process.wait(STARTED_S) == 1


def test_an_output_that_does_not_block_gets_every_answer():
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    with piped(stdin=subprocess.PIPE, stdout=theirs) as process:
        os.close(theirs)
        requests = [message(id=number, method="no/such") for number in range(3_000)]
        process.stdin.write(b"".join(requests))  # the answers are more than a pipe holds
        process.stdin.flush()
        deadline = time.monotonic() + STARTED_S
        while waiting_bytes(ours) < fcntl.fcntl(ours, fcntl.F_GETPIPE_SZ) - 4096:
            assert time.monotonic() < deadline
        frames, answers = FrameReader(), 0
        while answers < len(requests):
            assert select.select([ours], [], [], STARTED_S)[0]
            answers += len(list(frames.feed(os.read(ours, 1 << 16))))
        process.stdin.close()
        assert process.wait(STARTED_S) == 1
    os.close(ours)


def waiting_bytes(descriptor):
    """How much a pipe holds."""
    return struct.unpack("i", fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4)))[0]


def test_an_output_that_nobody_reads_any_more_ends_the_server():
    with piped(stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.close()
        process.stdin.write(message(id=1, method="no/such"))
        process.stdin.flush()
        assert process.wait(STARTED_S) == 1
