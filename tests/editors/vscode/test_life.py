"""The server's life as VS Code shows it: loading, crashes, and errors that are shown once."""

import sys

import pytest
from code_server import CLEAR_KEY, HERE, RESTART_KEY, WAIT_S, wait_for
from fake_hub import fake_hub, stand_in
from workbench import READY, STATUS

CALL = "alpha(beta, gamma)"


def test_a_slow_model_is_shown_as_loading_and_then_completes(workbench):
    gate = workbench.server.home / "slowly-loaded"
    script = {"answer": CALL, "loads_when": str(gate)}
    workbench.open_with(script, "x = 1\n", status="loading 50 %")
    gate.touch()
    workbench.wait_for_status(READY)
    workbench.press("Control+End")
    workbench.type("y = ")
    workbench.wait_for_ghost_text(CALL)


def test_bytes_are_seen_while_a_model_is_downloaded_and_it_can_be_cancelled(workbench, tmp_path):
    with fake_hub("somebody/model", stand_in(tmp_path / "served")) as hub:
        hub.weather.held_after = 8_000_000
        script = {"answer": CALL, "hub": hub.script(tmp_path / "cache")}
        workbench.open_with(script, "x = 1\n", status="loading [1-9]")
        shown = lambda: "".join(workbench.texts(".statusbar-item"))  # noqa: E731 - a probe
        wait_for(lambda: "/16.0 MB, " in shown(), "bytes")
        workbench.page("click", '.statusbar-item[id="status.progress"] a')  # shows the button
        workbench.page("click", '.notification-list-item a:has-text("Cancel")')
        workbench.wait_for_status("error")
        hub.weather.released.set()
        assert hub.weather.hung_up.wait(WAIT_S)


def test_a_killed_server_is_started_again_without_a_word(workbench):
    workbench.open("x = 1\n", answer="before()")
    workbench.rewrite_script(answer=CALL)
    (server,) = workbench.server.language_servers()
    server.kill()
    workbench.wait_for_status("starting|loading")
    workbench.wait_for_status(READY)
    workbench.press("Control+End")
    workbench.type("y = ")
    workbench.wait_for_ghost_text(CALL)
    assert workbench.notifications() == []


def test_a_server_that_keeps_crashing_is_given_up_with_one_sentence(workbench):
    workbench.open_with({"answer": CALL}, "x = 1\n", is_fresh=True)
    for _ in range(4):
        (server,) = wait_for(workbench.server.language_servers, "a server")
        workbench.wait_for_status(READY)
        server.kill()
        wait_for(lambda gone=server: not gone.is_running(), "its end")
        workbench.wait_for_status("starting|loading|error")
    workbench.wait_for_status("error")
    (sentence,) = wait_for(workbench.notifications, "a message")
    assert "keeps crashing" in sentence
    assert "restart" in sentence


def test_one_click_on_the_status_tells_the_reason(workbench):
    workbench.open("x = 1\n", answer=CALL)
    workbench.page("click", '.statusbar-item[id*="assist.status"] a')
    workbench.page("waitForSelector", '.quick-input-widget input[placeholder*="is ready"]')
    rows = workbench.texts(".quick-input-list .monaco-list-row .label-name")
    assert any("Pause completion" in row for row in rows)


@pytest.mark.usefixtures("no_server_on_path")
@pytest.mark.parametrize(
    ("command", "words"),
    [
        (None, ["was not found", "assist.server.command"]),
        (["/nowhere/assist-server"], ["cannot be started", "assist.server.command"]),
        (["false"], ["ended as it started", '"false doctor"']),
    ],
    ids=["not installed", "wrong program", "crash at start"],
)
def test_a_server_that_cannot_run_is_one_sentence_with_the_remedy(
    workbench, settings, command, words
):
    settings(assist__server__command=command)
    workbench.open_with({}, "x = 1\n", status="error")
    workbench.press("Control+End")
    workbench.type("y = 2")
    workbench.page("waitForSelector", ".tab.active.dirty")
    (sentence,) = wait_for(workbench.notifications, "a message")
    assert all(word in sentence for word in words), sentence
    workbench.press("Escape", CLEAR_KEY)
    workbench.wait_for_no_messages()
    workbench.page("click", '.statusbar-item[id*="assist.status"] a')
    wait_for(lambda: workbench.notifications() == [sentence], "the whole reason")
    workbench.press("Escape")


def test_a_program_that_never_answers_holds_nothing_up(workbench, settings):
    settings(assist__server__command=["sh", "-c", "sleep 600"])
    workbench.open_with({}, "x = 1\n", status="starting")
    settings(assist__server__command=["false"])
    workbench.wait_for_status("error")
    (sentence,) = wait_for(workbench.notifications, "a message")
    assert '"false doctor"' in sentence


def test_a_wrong_model_folder_is_one_sentence(workbench, settings):
    settings(assist__model="/nowhere/model")
    workbench.open_with(None, "x = 1\n", status="error")
    workbench.press("Control+End")
    workbench.type("y = 2")
    workbench.page("waitForSelector", ".tab.active.dirty")
    (sentence,) = wait_for(workbench.notifications, "a message")
    assert "/nowhere/model" in sentence


def test_what_was_wrong_is_not_shown_once_all_is_well(workbench, settings):
    command = workbench.server.setting("assist__server__command")
    settings(assist__server__command=["/nowhere/assist-server"])
    workbench.open_with({}, "x = 1\n", status="error")
    wait_for(workbench.notifications, "a message")
    settings(assist__server__command=command)
    workbench.wait_for_status(READY)
    workbench.wait_for_no_messages()


def test_a_model_that_failed_is_not_complained_of_once_one_is_ready(workbench):
    failing = {"answer": CALL, "load_error": "there is no such model."}
    workbench.open_with(failing, "x = 1\n", status="error")
    found = wait_for(workbench.notifications, "a message")
    assert found == ["assist-server: there is no such model."]
    workbench.rewrite_script(answer=CALL)
    workbench.press(RESTART_KEY)
    workbench.wait_for_status(READY)
    workbench.wait_for_no_messages()


def test_what_came_too_early_is_asked_for_again_once_the_model_is_ready(workbench, settings):
    settings(assist__completion__model_wait_ms=0)

    def is_asked_again(gate):
        script = {"answer": CALL, "loads_when": str(gate)}
        workbench.open_with(script, "x = 1\n", status="loading")
        return is_completed_after(workbench, gate)

    assert once_in_five(workbench, is_asked_again)


def test_what_was_typed_while_the_server_started_is_asked_for(workbench, settings):
    script = workbench.server.home / "script.json"
    served = [sys.executable, str(HERE / "served.py"), str(script)]

    def is_asked_for(gate):
        workbench.open("x = 1\n", answer=CALL)
        waiting = f'until [ -e {gate} ]; do sleep 0.1; done; exec "$@"'
        settings(assist__server__command=["sh", "-c", waiting, "sh", *served])
        workbench.wait_for_status("starting")
        return is_completed_after(workbench, gate)

    assert once_in_five(workbench, is_asked_for)


def is_completed_after(workbench, gate):
    """Type, open the gate, and return whether a completion appears without another key."""
    workbench.go_to_end()
    workbench.type("y = ")
    workbench.page("waitForSelector", ".tab.dirty")
    workbench.go_to_end()
    gate.touch()
    workbench.wait_for_status(READY)
    return workbench.shows_ghost_text(CALL)


def once_in_five(workbench, attempt):
    """Try up to five times, as the editor drops a completion while its window changes."""
    gates = (workbench.server.home / f"gate-{attempt.__name__}-{number}" for number in range(5))
    return any(map(attempt, gates))


def test_the_tooltip_speaks_in_sentences(workbench):
    workbench.open("x = 1\n", answer=CALL)
    workbench.page("mouse.move", 500, 300)  # it may be there since it clicked
    workbench.page("hover", '.statusbar-item[id*="assist.status"] a')
    tooltip = lambda: "".join(workbench.texts(".monaco-hover"))  # noqa: E731 - a probe
    wait_for(lambda: "is ready" in tooltip(), "the tooltip")
    words = tooltip()
    label = workbench.page("getAttribute", f"{STATUS} a", "aria-label")
    workbench.page("mouse.move", 500, 300)
    assert "is ready on the processor" in words
    assert "nbsp" not in label  # which screen readers would read aloud
    assert "\N{NO-BREAK SPACE}" not in label
    assert "The server was started from" in words
    assert " - " not in words
