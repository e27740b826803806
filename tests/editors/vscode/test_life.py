"""The server's life as VS Code shows it: loading, crashes, and errors that are told once."""

import pytest
from workbench import CLEAR_KEY, READY, wait_for

CALL = "alpha(beta, gamma)"


def test_a_slow_model_is_shown_as_loading_and_then_completes(workbench):
    script = {"answer": CALL, "load_ms": 4000}
    workbench.open_with(script, "x = 1\n", status="loading 50 %")
    workbench.wait_for_status(READY)
    workbench.press("Control+End")
    workbench.type("y = ")
    workbench.wait_for_ghost_text(CALL)


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
    workbench.open("x = 1\n", answer="a server of its own")
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
    wait_for(lambda: not workbench.notifications(), "no message")
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
    (sentence,) = workbench.notifications()
    assert "/nowhere/model" in sentence
