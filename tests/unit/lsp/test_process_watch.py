import asyncio
import os
import subprocess
import sys

import psutil
import pytest

from assist_server.lsp.process_watch import watch_process


@pytest.fixture(params=["by descriptor", "by polling"])
def _both_ways(request, monkeypatch):
    if request.param == "by polling":
        monkeypatch.delattr(os, "pidfd_open", raising=False)
        monkeypatch.setattr("assist_server.lsp.process_watch._POLL_S", 0.01)


@pytest.fixture
def editor():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process


@pytest.mark.usefixtures("_both_ways")
def test_the_end_of_a_process_is_told_once(editor):
    async def watch():
        ended = asyncio.Event()
        stop = watch_process(editor.pid, ended.set)
        editor.communicate(b"\n")
        await asyncio.wait_for(ended.wait(), 10)
        stop()
        stop()

    asyncio.run(watch())


@pytest.mark.usefixtures("_both_ways")
def test_a_watch_that_was_stopped_tells_nothing_and_holds_nothing(editor):
    async def watch():
        told = []
        descriptors = psutil.Process().num_fds()
        stop = watch_process(editor.pid, lambda: told.append(1))
        stop()
        await asyncio.sleep(0)
        assert psutil.Process().num_fds() == descriptors
        assert len(asyncio.all_tasks()) == 1
        return told

    assert asyncio.run(watch()) == []


@pytest.mark.usefixtures("_both_ways")
def test_a_process_that_cannot_be_seen_is_not_watched():
    async def watch():
        told = []
        watch_process(2**22 - 1, lambda: told.append(1))()
        await asyncio.sleep(0)
        return told

    assert asyncio.run(watch()) == []
