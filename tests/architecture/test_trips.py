"""Files that one message passes on its way from the transport to its answer; fewer are better.

A file is passed when one of its functions is called, on any thread. These do not count: the
transport, which is the same for all messages; the functions of the scripted backend, which stands
for a model; and what only the first message passes, such as the loading of a grammar. The filters
of `postprocess`, one in each file, are rows of one list: the package counts as one file. So does
`syntax/facts`, which has one file for each kind of fact.
"""

import asyncio
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest
from conversation import conversation
from lsp_steps import URI

import assist_server
from assist_server.engine.backend import NullBackend
from assist_server.text.lines import LineIndex

MOST_FILES = {"completion": 24, "documentation": 41, "setting": 8}
ROOMS = ("postprocess", "syntax/facts", "features/documentation/wording")
HANDLER = "lsp/handlers/inline_completion.py"

ROOT = f"{Path(assist_server.__file__).parent}/"
TRANSPORT = {
    f"lsp/{name}.py"
    for name in ("transport", "framing", "connection", "protocol", "lenient_converter")
}
TEXT = "def add(a, b):\n    return a + b\n\n\ndef twice(a):\n    total = \n    return total\n"
OTHER = "file:///project/other.py"


class Trip:
    """Notes the calls of our own functions while it is on."""

    def __init__(self):
        self.files = set()
        self.entries = Counter()
        """How often each file was entered from another one."""
        self._seen = []
        self._is_on = False

    def __enter__(self):
        self._is_on = True

    def __exit__(self, *_):
        self._is_on = False

    def note(self, frame, event, _):
        """A profiling function."""
        if not self._is_on or event != "call" or any(frame is known for known in self._seen):
            return  # a coroutine that goes on is not called again
        file, name = own_file(frame), frame.f_code.co_qualname
        if file is None or file in TRANSPORT or name.startswith("NullBackend"):
            return
        self._seen.append(frame)
        whole = next((one for one in ROOMS if file.startswith(f"{one}/")), file)
        self.files.add(whole)
        if frame.f_back is None or own_file(frame.f_back) != file:
            self.entries[file] += 1


def own_file(frame):
    name = frame.f_code.co_filename
    return name.removeprefix(ROOT) if name.startswith(ROOT) else None


@pytest.fixture
def trip():
    """A trip on this thread and on those that start from now on."""
    taken, old = Trip(), sys.getprofile()
    threading.setprofile(taken.note)
    sys.setprofile(taken.note)
    yield taken
    sys.setprofile(old)
    threading.setprofile(None)


async def complete(client, uri):
    return await client.items(uri, 5, 12, uri)


async def document(client, uri):
    client.run(uri, "assist.document", uri, {"line": 0, "character": 5})
    asked = await client.asked("workspace/applyEdit")
    client.messages.remove(asked)
    client.send(id=asked["id"], result={"applied": True})
    return (await client.answer(uri))["result"]["text"]


async def change_setting(client, uri):
    tokens = 10 + len(uri)
    settings = {"assist": {"completion": {"predict_next": False, "max_new_tokens": tokens}}}
    client.notify("workspace/didChangeConfiguration", settings=settings)
    async with asyncio.timeout(20):
        while client.server.settings.current.completion.max_new_tokens != tokens:  # noqa: ASYNC110 - no event tells of a setting
            await asyncio.sleep(0)
    return tokens


def take(trip, step):
    """Take one step twice, and note the second."""

    async def play():
        backend = NullBackend(answer="add(a, a)")
        async with conversation(backend, {"completion": {"predict_next": False}}) as client:
            for uri in (OTHER, URI):
                client.open(TEXT, uri)
            assert await step(client, OTHER)
            client.server.prefetcher.stop()  # the pause after opening the documents may end now
            with trip:
                return await step(client, URI)

    return asyncio.run(play())


@pytest.mark.parametrize(
    ("kind", "step"),
    [("completion", complete), ("documentation", document), ("setting", change_setting)],
)
def test_a_message_passes_few_files(trip, kind, step):
    assert take(trip, step)
    passed = "\n".join(sorted(trip.files))
    assert len(trip.files) <= MOST_FILES[kind], passed


def test_a_completion_enters_its_handler_once(trip):
    assert take(trip, complete)
    assert trip.entries[HANDLER] == 1


def test_a_trip_notes_each_call_on_each_thread_and_nothing_else(trip):
    LineIndex("a\nb")
    with trip:
        lines = LineIndex("a\nb")
        thread = threading.Thread(target=lines.line_text, args=(1,))
        thread.start()
        thread.join()
    lines.line_text(0)
    assert trip.files >= {"text/lines.py"}
    assert trip.entries["text/lines.py"] == 2
