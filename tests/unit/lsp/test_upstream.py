"""The faults below us that we work around; a failure here says that a workaround can go.

Each test shows one fault of pygls 2.1.1 or lsprotocol 2025.0.0 as it is.
"""

import sys
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.capabilities import ServerCapabilitiesBuilder
from pygls.protocol import LanguageServerProtocol, default_converter
from pygls.workspace import TextDocument

from assist_server.lsp.client import LspClient, NoAnswerError

PLAIN_SERVER = Path(__file__).parents[3] / "benchmarks" / "plain_pygls_server.py"
MENDED = "mended upstream: {} can go"


def test_documents_take_form_feeds_for_line_ends():
    document = TextDocument("file:///a.py", source="a\fb\n", language_id="python")
    assert len(document.lines) == 2, MENDED.format("lsp/documents.py, for this reason")


def test_positions_behind_the_end_are_clamped_one_too_early():
    document = TextDocument("file:///a.py", source="ab", language_id="python")
    found = document.offset_at_position(types.Position(0, 9))
    assert found == 1, MENDED.format("lsp/documents.py, for this reason")


def test_unknown_enumeration_members_are_refused():  # lsprotocol issue 438
    converter = default_converter()
    capabilities = {"workspace": {"workspaceEdit": {"failureHandling": "unheard-of"}}}
    with pytest.raises(Exception, match="ClientCapabilities"):
        converter.structure(capabilities, types.ClientCapabilities)


def test_inline_completion_is_announced_only_with_options():
    builder = ServerCapabilitiesBuilder(
        types.ClientCapabilities(),
        {types.TEXT_DOCUMENT_INLINE_COMPLETION},
        {},
        [],
        types.TextDocumentSyncKind.Incremental,
        None,
        "utf-16",
    )
    announced = builder.build().inline_completion_provider
    assert announced is None, MENDED.format("the options at registration")


def test_every_server_that_looked_up_a_message_is_kept_alive():
    is_cached = hasattr(LanguageServerProtocol.get_message_type, "cache_info")
    assert is_cached, MENDED.format("get_message_type in lsp/protocol.py")


@pytest.fixture
def plain():
    with LspClient((sys.executable, str(PLAIN_SERVER))) as client:
        yield client


def test_requests_with_bad_parameters_are_never_answered(plain):
    plain.initialize()
    bad = plain.start_request("textDocument/inlineCompletion", {"nonsense": 1})
    assert plain.inline_completion("file:///a.py", 0, 0) == []  # asked later, answered
    with pytest.raises(NoAnswerError):
        plain.wait(bad, timeout_s=0)


def test_requests_before_initialize_are_run(plain):
    answered = plain.inline_completion("file:///a.py", 0, 0)
    assert answered == [], MENDED.format("the check in lsp/protocol.py")


def test_exit_without_shutdown_is_code_0(plain):
    plain.initialize()
    plain.notify("exit")
    assert plain.process.wait(10) == 0, MENDED.format("the exit code of lsp/transport.py")
