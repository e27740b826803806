"""Settings that an editor sends or a project brings along, as a real process takes them."""

import json

import pytest
from lsp_steps import URI, ready, run, titles_of_progress

OPTIONS_AND_LATER = pytest.mark.parametrize("way", ["initializationOptions", "configuration"])


def configure(client, settings):
    client.notify("workspace/didChangeConfiguration", {"settings": {"assist": settings}})
    run(client, "assist.status")


def begin(client, way, settings, root_uri=None):
    """Introduce the client, with settings at once or a little later."""
    at_once = way == "initializationOptions"
    client.initialize(options=settings if at_once else None, root_uri=root_uri)
    if not at_once:
        configure(client, settings)
    ready(client)


@OPTIONS_AND_LATER
def test_the_log_file_of_an_editor_is_written(start, tmp_path, way):
    client = start(answer="answer()")
    begin(client, way, {"log": {"file": str(tmp_path / "own.log"), "level": "info"}})
    client.open(URI, "x = ")
    assert client.inline_completion(URI, 0, 4)
    assert "textDocument/inlineCompletion: shown" in (tmp_path / "own.log").read_text()
    assert not client.seen("window/showMessage")


def test_a_log_file_begins_at_the_root_of_the_workspace(start, tmp_path):
    client = start()
    begin(client, "initializationOptions", {"log.file": "own.log"}, tmp_path.as_uri())
    assert "model: ready" in (tmp_path / "own.log").read_text()


@OPTIONS_AND_LATER
def test_the_log_level_of_an_editor_counts(start, tmp_path, way):
    client = start(answer="answer()")
    log = {"file": str(tmp_path / "own.log"), "level": "error"}
    begin(client, way, {"log": log})
    configure(client, {"log": {**log, "level": "debug"}})
    client.open(URI, "x = ")
    client.notify("no/such")
    assert client.inline_completion(URI, 0, 4)
    assert "ignored an unknown notification" in (tmp_path / "own.log").read_text()
    configure(client, {"log": {**log, "level": "error"}})
    before = (tmp_path / "own.log").read_text()
    client.notify("no/such")
    run(client, "assist.status")
    assert (tmp_path / "own.log").read_text() == before


def test_a_log_file_that_cannot_be_written_is_told(start, tmp_path):
    client = start()
    begin(client, "initializationOptions", {"log.file": str(tmp_path / "no" / "own.log")})
    (shown,) = client.seen("window/showMessage")
    assert "Correct log.file, " in shown["message"]


def test_a_hostile_file_of_a_project_is_one_message_on_one_line(start, server_log, tmp_path):
    lines = (f'"\\u001b[2J{number}" = 1\n' for number in range(2_000))
    (tmp_path / ".assist.toml").write_text("".join(lines))
    client = start()
    begin(client, "initializationOptions", None, tmp_path.as_uri())
    (shown,) = client.seen("window/showMessage")
    assert shown["message"].isprintable()
    (line,) = [line for line in server_log().splitlines() if "settings:" in line]
    assert line.isprintable()


def test_names_of_models_and_files_are_spelled_out_for_an_editor(start, loads_when, server_log):
    """Some editors show messages in a terminal."""
    client = start(load_error="it is not m\x1b[2J", loads_when=loads_when)
    client.initialize(options={"model": "m\x1b[2J"})
    client.wait_until(lambda: titles_of_progress(client))
    loads_when.touch()
    client.wait_until(lambda: client.seen("window/showMessage"))
    client.open("file:///long\x1b[2J.py", "x" * 9_000_000)
    client.wait_until(lambda: len(client.seen("window/showMessage")) > 1)
    spelled = r"\x1b[2J"
    failed, too_long = client.seen("window/showMessage")
    assert failed["message"].endswith(f"it is not m{spelled}")
    assert f"long{spelled}.py: the document" in too_long["message"]
    (title,) = titles_of_progress(client)
    assert title.endswith(f"m{spelled}")
    assert r"\u001b" not in json.dumps(client.notifications)
    assert "\x1b" not in server_log()
