"""A summary that rests while completions are made is, to the letter, the undisturbed one."""

import ast
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tiny_models import FAMILIES, build_model, build_tokenizer

from assist_server.context.cursor import CursorContext
from assist_server.context.selection import Selection
from assist_server.context.snapshot import Snapshot
from assist_server.engine.backend import ModelChoice
from assist_server.engine.device import DevicePlan
from assist_server.engine.loading.locate import EMBEDDED_FOLDER
from assist_server.engine.request import CancelToken, Priority, collect
from assist_server.engine.transformers_backend import TransformersBackend
from assist_server.features.inline_completion import build_request
from assist_server.features.summarize.summarize import summarize
from assist_server.settings import CompletionSettings, Settings, SummarySettings

CODE = "def area(r):\n    return 3 * r * r\n\n\ndef volume(r, h):\n    return area(r) * h\n"
SETTINGS = Settings(
    completion=CompletionSettings(max_latency_ms=600_000),
    summary=SummarySettings(max_new_tokens=40, max_prompt_tokens=64),
)
WAIT_S = 60
QWEN = FAMILIES[4]

PIECE_TOKENS = "assist_server.engine.decoding.decoder.PREFILL_PIECE_TOKENS"


class WatchedBackend(TransformersBackend):
    """Stops before chosen steps of background work until `resume` is set; notes all steps."""

    def watch(self, stops):
        self.stops = stops
        self.steps = []
        self.reached, self.resume = threading.Semaphore(0), threading.Semaphore(0)

    def _run(self, request):
        for chunk in super()._run(request):
            self.steps.append(request.priority)
            is_background = request.priority is Priority.BACKGROUND
            if is_background and self.steps.count(Priority.BACKGROUND) in self.stops:
                self.reached.release()
                assert self.resume.acquire(timeout=WAIT_S)
            yield chunk


@pytest.fixture(scope="module")
def backend():
    tokenizer = build_tokenizer(QWEN)
    tokenizer.chat_template = "{% for message in messages %}{{ message.content }}{% endfor %}"
    model = build_model(QWEN, len(tokenizer))
    watched = WatchedBackend("tiny", model, tokenizer, DevicePlan("cpu", "float32", ()))
    yield watched
    watched.close()


def summary(backend, text=CODE):
    selection = Selection(Snapshot("file:///a.py", "a.py", text), 0, len(text))
    return summarize(selection, backend, SETTINGS).markdown


def ask_inline(backend):
    context = CursorContext(Snapshot("file:///b.py", "b.py", "total = "), len("total = "))
    request = build_request(context, backend, SETTINGS, CancelToken())
    return backend.generate(request)


@pytest.mark.parametrize("stops", [{1}, {2, 3}, {1, 20, 39}, {17, 41, 60, 61}])
def test_a_summary_that_rested_is_the_undisturbed_one(backend, stops, monkeypatch):
    monkeypatch.setattr(PIECE_TOKENS, 50)  # early stops are within the prompt
    backend.watch(set())
    undisturbed, alone = summary(backend), collect(ask_inline(backend))
    assert len(set(undisturbed)) > 10  # the model says something

    backend._prefixes.clear()
    backend.watch(stops)
    with ThreadPoolExecutor(1) as pool:
        resting = pool.submit(summary, backend)
        for _ in stops:
            assert backend.reached.acquire(timeout=WAIT_S)
            begun = len(backend.steps)
            stream = ask_inline(backend)
            backend.resume.release()
            generation = collect(stream)
            assert generation.token_ids == alone.token_ids
            steps = backend.steps[begun:]
            assert Priority.BACKGROUND not in steps[: len(generation.token_ids)]
        assert resting.result(WAIT_S) == undisturbed


def undocumented(source):
    """Code without docstrings and comments, about which a model is asked for a headline."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            node.body[0] = ast.Pass()
    return ast.unparse(tree)


@pytest.fixture(scope="module")
def embedded():
    choice = ModelChoice("embedded", device="cpu", dtype="float32")
    watched = WatchedBackend.load(str(EMBEDDED_FOLDER), choice)
    yield watched
    watched.close()


def test_a_completion_waits_for_one_step_of_a_long_summary(embedded):
    """The embedded model, code of 2,000 tokens, and a completion at every step."""
    source = undocumented(Path(textwrap.__file__).read_text(encoding="utf-8"))
    text = embedded.decode_prompt(embedded.encode(source)[:2000])
    embedded.watch(set())
    undisturbed, alone = summary(embedded, text), collect(ask_inline(embedded))
    stops = set(range(1, embedded.steps.count(Priority.BACKGROUND)))
    assert len(stops) > 3

    embedded._prefixes.clear()
    embedded.watch(stops)
    with ThreadPoolExecutor(1) as pool:
        resting = pool.submit(summary, embedded, text)
        for _ in stops:
            assert embedded.reached.acquire(timeout=WAIT_S)
            begun = len(embedded.steps)
            stream = ask_inline(embedded)
            embedded.resume.release()
            assert collect(stream).token_ids == alone.token_ids
            assert Priority.BACKGROUND not in embedded.steps[begun:][: len(alone.token_ids)]
        assert resting.result(WAIT_S) == undisturbed
