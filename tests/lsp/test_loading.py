"""The server before, while and after the model loads."""

import json
import re
import subprocess
import sys

import pytest
from fake_hub import fake_hub, stand_in
from lsp_steps import URI, inline_params, ready, run, titles_of_progress

from assist_server.lsp.client import CAPABILITIES, LspClient, NoAnswerError, RequestError


def progress_kinds(client):
    return [note["value"]["kind"] for note in client.seen("$/progress")]


def test_initialize_is_answered_before_torch_is_imported(start):
    # The scripted model needs no torch; nothing else may bring it in.
    probe = """
import sys
sys.argv = ["serve"]
import assist_server.cli.serve, assist_server.cli.main
from assist_server.lsp.create_server import create_server
create_server(None)
print([name for name in ("torch", "transformers") if name in sys.modules])
"""
    shown = subprocess.run([sys.executable, "-c", probe], capture_output=True, check=True)
    assert shown.stdout.strip() == b"[]"


def test_a_request_waits_for_the_model_within_its_budget(start, loads_when):
    client = start(answer="answer()", loads_when=loads_when)
    client.initialize(options={"completion": {"model_wait_ms": 600_000}})
    client.open(URI, "x = ")
    number = client.start_request("textDocument/inlineCompletion", inline_params(0, 4))
    assert run(client, "assist.status")["phase"] == "loading"  # after the request has begun
    loads_when.touch()
    assert client.wait(number)["items"][0]["insertText"] == "answer()"


def test_a_request_beyond_its_budget_is_empty_and_says_why(start, loads_when):
    client = start(answer="answer()", loads_when=loads_when)
    client.initialize(options={"completion": {"model_wait_ms": 10}})
    client.open(URI, "x = ")
    assert client.inline_completion(URI, 0, 4) == []
    record = run(client, "assist.why", URI)[0]
    assert record["outcome"] == "the model is loading"
    assert "pretending" in record["detail"]
    assert run(client, "assist.status")["phase"] == "loading"


def test_a_newer_request_does_not_leave_the_older_one_waiting(start, loads_when):
    client = start(answer="answer()", loads_when=loads_when)
    client.initialize(options={"completion": {"model_wait_ms": 600_000}})
    client.open(URI, "x = ")
    params = inline_params(0, 4)
    older = client.start_request("textDocument/inlineCompletion", params)
    client.start_request("textDocument/inlineCompletion", params)
    assert client.wait(older)["items"] == []


def test_clients_that_ask_for_it_are_told_each_change_of_the_model_s_state(start, loads_when):
    client = start(loads_when=loads_when)
    client.initialize(capabilities={**CAPABILITIES, "experimental": {"assistStatus": True}})
    client.wait_until(lambda: client.seen("assist/status"))
    loads_when.touch()
    status = run(client, "assist.status", True)
    told = client.seen("assist/status")
    assert [note["phase"] for note in told][-1] == "ready"
    assert told[-1] == status
    percents = [note["percent"] for note in told[:-1]]
    assert {note["phase"] for note in told[:-1]} == {"loading"}
    assert percents == sorted(percents)
    assert percents[-1] == 50


def test_other_clients_are_not_told(start, loads_when):
    client = start(loads_when=loads_when)
    client.initialize()
    client.wait_until(lambda: client.seen("$/progress"))
    loads_when.touch()
    run(client, "assist.status", True)
    assert client.seen("assist/status") == []


def test_progress_is_shown_from_beginning_to_end(start, loads_when):
    client = start(loads_when=loads_when)
    client.initialize()
    client.wait_until(lambda: "report" in progress_kinds(client))
    loads_when.touch()
    ready(client)
    client.wait_until(lambda: "end" in progress_kinds(client))
    kinds = progress_kinds(client)
    assert kinds[0] == "begin"
    assert kinds[-1] == "end"
    assert len({note["token"] for note in client.seen("$/progress")}) == 1


def test_no_progress_for_a_client_that_cannot_show_it(start, loads_when):
    client = start(loads_when=loads_when)
    client.initialize({**CAPABILITIES, "window": {}, "experimental": {"assistStatus": True}})
    client.wait_until(lambda: client.seen("assist/status"))
    loads_when.touch()
    ready(client)
    assert client.seen("$/progress") == []


def test_a_model_that_cannot_be_loaded_is_one_message_and_a_living_server(start):
    client = start(load_error="there is no model at 'x'; set `model` to 'embedded'")
    client.initialize()
    client.open(URI, "x = ")
    client.wait_until(lambda: client.seen("window/showMessage"))
    for _ in range(3):
        assert client.inline_completion(URI, 0, 4) == []
    assert run(client, "assist.why", URI)[0]["detail"].startswith("there is no model")
    assert run(client, "assist.status")["phase"] == "failed"
    (message,) = client.seen("window/showMessage")
    assert "there is no model" in message["message"]
    with pytest.raises(RequestError, match="there is no model") as caught:
        run(client, "assist.document", URI, {"line": 0, "character": 0})
    assert caught.value.code == -32803


def test_the_end_of_input_ends_the_process_with_code_1(start):
    client = start()
    client.initialize()
    client.process.stdin.close()
    assert client.process.wait(10) == 1


def test_exit_without_shutdown_is_code_1_and_with_it_0(start):
    hasty, polite = start(), start()
    hasty.initialize()
    hasty.notify("exit")
    assert hasty.process.wait(10) == 1
    polite.initialize()
    assert polite.shut_down() == 0


def test_exit_in_the_middle_of_a_generation(start):
    client = start(answer="a" * 30, step_ms=1000)
    client.initialize()
    ready(client)
    client.open(URI, "x = ")
    params = inline_params(0, 4)
    client.start_request("textDocument/inlineCompletion", params)
    assert client.shut_down(timeout_s=5) == 0


def test_settings_come_from_all_their_places(start, tmp_path):
    (tmp_path / "assist-server").mkdir()
    (tmp_path / "assist-server" / "config.toml").write_text("device = 'cpu'\nnonsense = 1\n")
    project = tmp_path / "project"
    project.mkdir()
    (project / ".assist.toml").write_text("[completion\n")
    client = start(answer="alpha + beta")
    client.configuration = {"completion": {"max_new_tokens_single_line": 8}}
    client.initialize(
        {**CAPABILITIES, "workspace": {"configuration": True}},
        options={"completion": {"max_new_token": 5}},
        root_uri=project.as_uri(),
    )
    ready(client)
    client.open(URI, "x = ")
    assert client.inline_completion(URI, 0, 4)[0]["insertText"] == "alpha"
    shown = json.dumps(client.seen("window/showMessage"))
    assert "nonsense" in shown
    assert "completion.max_new_tokens" in shown
    assert ".assist.toml" in shown
    assert "line 1" in shown


def load_on(client, loads_when, label):
    """Let a model be loaded once that is seen."""
    client.wait_until(lambda: f"Loading the model {label}" in titles_of_progress(client))
    loads_when.touch()


def test_another_model_is_loaded_when_the_setting_changes(start, loads_when):
    client = start(answer="answer()", loads_when=loads_when)
    loads_when.touch()
    client.initialize()
    ready(client)
    loads_when.unlink()
    client.notify(
        "workspace/didChangeConfiguration", {"settings": {"assist": {"model": "other/model"}}}
    )
    load_on(client, loads_when, "other/model")
    assert run(client, "assist.status", True)["model"] == "other/model"


@pytest.fixture
def served(tmp_path):
    """A hub whose transfers stop in the middle until they are released."""
    folder = stand_in(tmp_path / "served")
    with fake_hub("somebody/model", folder) as hub:
        hub.weather.held_after = 1_000_000
        yield hub


def download_notes(client):
    """The values of the progress of downloading."""
    notes = client.seen("$/progress")
    begin = next((n for n in notes if n["value"].get("cancellable")), {"token": None})
    return begin["token"], [n["value"] for n in notes if n["token"] == begin["token"]]


def download_percents(client):
    return [value["percentage"] for value in download_notes(client)[1] if "percentage" in value]


def test_a_download_is_shown_by_bytes_before_the_loading(start, loads_when, served, tmp_path):
    script = {"answer": "answer()", "hub": served.script(tmp_path / "cache")}
    client = start(**script, loads_when=loads_when)
    client.initialize(options={"model": "somebody/model"})
    client.wait_until(lambda: 0 < max(download_percents(client), default=0) < 100)
    served.weather.released.set()
    load_on(client, loads_when, "somebody/model")
    assert run(client, "assist.status", True)["phase"] == "ready"
    percents = download_percents(client)
    assert percents == sorted(percents)
    assert percents[-1] == 100
    first, *_, last = download_notes(client)[1]
    assert (first["title"], last["kind"]) == ("Downloading the model somebody/model", "end")
    messages = [value.get("message", "") for value in download_notes(client)[1]]
    counted = r"downloading [\d.]+/16.0 MB, .+/s, [\d:]+ left"
    assert any(re.fullmatch(counted, message) for message in messages)


def test_a_cancelled_download_ends_and_can_go_on(start, served, tmp_path):
    script = {"answer": "answer()", "hub": served.script(tmp_path / "cache")}
    client = start(**script)
    client.initialize()
    client.wait_until(lambda: max(download_percents(client), default=0) > 0)
    client.notify("window/workDoneProgress/cancel", {"token": download_notes(client)[0]})
    client.wait_until(lambda: client.seen("window/showMessage"))
    (message,) = client.seen("window/showMessage")
    assert "the download was cancelled, and what has arrived is kept" in message["message"]
    assert run(client, "assist.status")["phase"] == "failed"
    served.weather.released.set()
    assert served.weather.hung_up.wait(60)
    again = start(**script)
    again.initialize()
    assert run(again, "assist.status", True)["phase"] == "ready"
    assert served.starts[0] == 0 < served.starts[1]


def test_a_missing_server_is_an_error_of_its_own():
    with (
        LspClient((sys.executable, "-c", "pass")) as client,
        pytest.raises(NoAnswerError, match="ended"),
    ):
        client.request("initialize", {}, timeout_s=10)


SELECTION = {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 0}}


def test_summaries_and_tasks_have_a_model_of_their_own_where_one_is_named(start, loads_when):
    client = start(answer="answer()", text_answer="It sets x.", loads_when=loads_when)
    loads_when.touch()
    client.initialize(options={"text_model": "someone/large"})
    client.open(URI, "x = ")
    ready(client)
    assert run(client, "assist.status")["text_model"] == "someone/large"
    assert run(client, "assist.tasks")["reason"] == ""
    assert client.inline_completion(URI, 0, 4)[0]["insertText"] == "answer()"
    loads_when.unlink()
    params = {"command": "assist.task", "arguments": ["explain", URI, SELECTION]}
    number = client.start_request("workspace/executeCommand", params)
    load_on(client, loads_when, "someone/large")  # on first use
    assert client.wait(number)["text"] == "It sets x."
    client.request("workspace/executeCommand", {"command": "assist.tasks", "arguments": []})
    assert client.inline_completion(URI, 0, 4)[0]["insertText"] == "answer()"


def test_without_a_text_model_one_model_does_everything(start):
    client = start(answer="It sets x.", text_answer="never", is_chat=True)
    client.initialize()
    client.open(URI, "x = ")
    ready(client)
    assert run(client, "assist.status")["text_model"] is None
    assert run(client, "assist.task", "explain", URI, SELECTION)["text"] == "It sets x."
    client.notify(
        "workspace/didChangeConfiguration", {"settings": {"assist": {"text_model": "org/other"}}}
    )
    assert run(client, "assist.task", "explain", URI, SELECTION)["text"] == "never"


def test_a_text_model_that_does_not_fit_is_tried_again_at_the_next_request(start, tmp_path):
    there = tmp_path / "memory"
    client = start(answer="answer()", text_answer="It sets x.", second_needs=str(there))
    client.initialize(options={"text_model": "someone/large"})
    client.open(URI, "x = ")
    ready(client)
    with pytest.raises(RequestError, match="GB are free"):
        run(client, "assist.task", "explain", URI, SELECTION)
    assert client.inline_completion(URI, 0, 4)[0]["insertText"] == "answer()"
    there.touch()
    assert run(client, "assist.task", "explain", URI, SELECTION)["text"] == "It sets x."
