from dataclasses import dataclass, replace

import pytest
from chat_backend import ChatBackend

from assist_server.context.snapshot import Snapshot
from assist_server.engine.backend import NullBackend
from assist_server.engine.request import CancelToken, Priority
from assist_server.errors import InputError
from assist_server.features.documentation.document import document
from assist_server.features.documentation.model_writer import (
    MIN_LOG_PROB,
    model_phrase_writer,
)
from assist_server.features.documentation.phrases import PhraseKind, PhraseRequest
from assist_server.settings import DocumentationSettings, Settings
from assist_server.syntax.definition import Definition, Kind, Span

NOWHERE = Span(0, 0)
DEFINITION = Definition(Kind.FUNCTION, "read_file", NOWHERE, NOWHERE, 0)


@dataclass
class UnsureBackend(NullBackend):
    """Says its answer with a log-probability per token that a test chooses."""

    log_prob: float = 0.0

    def generate(self, request):
        for chunk in super().generate(request):
            yield replace(chunk, log_probs=(self.log_prob,) * len(chunk.token_ids))


def write(answer, log_prob, subject="read_file", cancel=None):
    backend = UnsureBackend(answer=answer, log_prob=log_prob)
    writer = model_phrase_writer("a.py", backend, Settings(), cancel or CancelToken())
    return writer("before ", " behind", PhraseRequest(PhraseKind.SUMMARY, subject, DEFINITION))


@pytest.mark.parametrize(
    ("answer", "log_prob", "is_believed"),
    [
        ("Remove the queue.", 0.0, True),
        ("Remove the queue.", MIN_LOG_PROB + 0.125, True),
        ("Remove the queue.", MIN_LOG_PROB - 0.125, False),
        ("", 0.0, False),
    ],
)
def test_an_unsure_phrase_is_not_used(answer, log_prob, is_believed):
    assert write(answer, log_prob) == (answer if is_believed else None)


def test_a_phrase_ends_with_the_first_line_that_has_words():
    assert write("\n  A line.\nAnother.", 0.0) == "\n  A line."


class SilentBackend(NullBackend):
    @property
    def info(self):
        return replace(super().info, writes_phrases=False)


def test_a_model_that_writes_no_useful_phrases_is_not_asked():
    backend = SilentBackend(answer="Remove the queue.")
    writer = model_phrase_writer("a.py", backend, Settings(), CancelToken())
    assert writer("before ", "", PhraseRequest(PhraseKind.SUMMARY, "x", DEFINITION)) is None
    assert backend.requests == []


def test_a_cancelled_writer_gives_up():
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(InputError, match="cancelled"):
        write("Anything.", 0.0, cancel=cancel)


def test_the_model_is_asked_at_the_phrase_s_place():
    backend = NullBackend(answer="x" * 99, special_ids={"[SUFFIX]": 10_001, "[PREFIX]": 10_002})
    settings = Settings(documentation=DocumentationSettings(max_phrase_tokens=5))
    writer = model_phrase_writer("a.py", backend, settings, CancelToken())
    phrase = writer("before", "behind", PhraseRequest(PhraseKind.SUMMARY, "x", DEFINITION))
    (request,) = backend.requests
    assert request.prompt_ids == (10_001, *map(ord, "behind"), 10_002, *map(ord, " before"))
    assert request.end_ids >= {10_001, 10_002}
    assert (request.max_new_tokens, phrase) == (5, None)  # cut off in the middle
    assert (request.priority, request.max_latency_ms) == (Priority.BACKGROUND, None)


@pytest.mark.parametrize(
    ("prefix", "healed"), [("    name: ", " "), ('    """', '"'), ("    ", ""), ("    Args:\n", "")]
)
def test_the_blank_before_a_phrase_belongs_to_its_first_word(prefix, healed):
    backend = NullBackend(answer="The name.")
    writer = model_phrase_writer("a.py", backend, Settings(), CancelToken())
    assert writer(prefix, "", PhraseRequest(PhraseKind.SUMMARY, "x", DEFINITION)) == "The name."
    assert backend.requests[0].healed_text == healed


CODE = """def read_file(path, mode):
    found = lines(path, mode, path)
    log(mode, path)
    count(mode)
    for line in found:
        log(line)
    return found.text
"""


def chat(answer):
    """What is written about a function by a model with a chat format, and its requests."""
    backend = ChatBackend(answer=answer)
    snapshot = Snapshot("file:///a.py", "a.py", CODE)
    writer = model_phrase_writer("a.py", backend, Settings(), CancelToken())
    return document(snapshot, 4, writer, DocumentationSettings()), backend.prompts()


def test_a_chat_model_is_asked_once_for_all_phrases():
    found, asked = chat("summary: Read the lines and log them.\n- `mode`: How the lines count.")
    assert found.text.startswith('"""Read the lines and log them.')
    assert "mode: How the lines count." in found.text
    assert found.model_phrases == 2
    assert len(asked) == 1
    assert CODE.strip() in asked[0].replace("\n\n", "\n")


@pytest.mark.parametrize(
    "answer",
    ["mode: The mode.", "depth: How deep the lines are.", "mode: Number of retries.", "", "mode"],
)
def test_what_a_chat_model_says_is_checked(answer):
    found, _ = chat(answer)
    assert found.model_phrases == 0
    assert "depth" not in found.text
