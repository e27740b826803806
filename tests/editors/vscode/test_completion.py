"""Ghost text in VS Code: what is seen while one types, and what is in the file."""

import pytest
from code_server import ASK_KEY, RESTART_KEY, wait_for
from workbench import READY

CALL = "alpha(beta, gamma)"


@pytest.fixture
def typing(workbench):
    """Opens a file, types at its end, and waits for the script's ghost text."""

    def begin(text="x = 1\n", answer=CALL, typed="y = ", **script):
        file = workbench.open(text, answer=answer, **script)
        workbench.press("Control+End")
        workbench.type(typed)
        workbench.wait_for_ghost_text(answer)
        return file

    return begin


def test_tab_accepts_all_of_it(workbench, typing):
    file = typing()
    workbench.press("Tab")
    workbench.save(file, f"x = 1\ny = {CALL}".encode())


def test_typing_what_is_shown_keeps_the_rest(workbench, typing):
    file = typing()
    for typed in range(1, 6):
        workbench.type(CALL[typed - 1])
        workbench.wait_for_ghost_text(CALL[typed:])
    workbench.press("Tab")
    workbench.save(file, f"x = 1\ny = {CALL}".encode())


def test_words_are_accepted_one_by_one(workbench, typing):
    file = typing()
    workbench.press("Control+ArrowRight")
    workbench.wait_for_ghost_text(CALL[len("alpha") :])
    workbench.press("Control+ArrowRight")
    workbench.wait_for_ghost_text(CALL[len("alpha(") :])
    workbench.press("Escape")
    workbench.wait_for_ghost_text("")
    workbench.save(file, b"x = 1\ny = alpha(")


def test_lines_are_accepted_one_by_one(workbench, settings):
    block = "first = 1\nsecond = 2\nthird = 3"
    settings(assist__completion__multi_line="always")
    file = workbench.open("x = 1\n", answer=block)
    workbench.press("Control+End")
    workbench.ask_for_ghost_text("third")
    workbench.press("Control+ArrowDown")
    workbench.save(file, b"x = 1\nfirst = 1\n")
    workbench.wait_for_ghost_text()
    workbench.press("Tab")
    workbench.save(file, f"x = 1\n{block}".encode())


def test_other_completions_are_shown_by_the_editors_own_keys(workbench):
    file = workbench.open("x = 1\n", answer="first()", drawn=["second()", "third()"])
    workbench.press("Control+End")
    workbench.type("y = ")
    workbench.wait_for_ghost_text("first()")
    workbench.press("Alt+]")
    workbench.wait_for_ghost_text("second()")
    workbench.press("Alt+]")
    workbench.wait_for_ghost_text("third()")
    workbench.press("Alt+[", "Alt+[")
    workbench.wait_for_ghost_text("first()")
    workbench.press("Alt+[")
    workbench.wait_for_ghost_text("third()")
    workbench.press("Tab")
    workbench.save(file, b"x = 1\ny = third()")


def test_why_tells_texts_and_settings_and_puts_together_what_was_overtaken(workbench):
    workbench.open("x = 1\n", answer=CALL, step_ms=100)
    workbench.press("Control+End")
    workbench.type("y = ")
    workbench.wait_for_status("working")
    workbench.type("1 + ")
    workbench.wait_for_ghost_text(CALL)
    workbench.run("Assist: Show Why")
    workbench.wait_for_rendered("The last answers for code")
    page = workbench.rendered()
    assert CALL in page
    assert "overtaken by what was typed next" in page
    assert "cancelled" not in page


def test_why_leads_to_the_setting_that_decided(workbench, settings):
    workbench.open("x = 1\n", answer=CALL)
    settings(assist__completion__enabled=False)
    wait_for(lambda: "completion.enabled" in workbench.reasons(), "the reason")
    workbench.click_rendered("completion.enabled")
    workbench.page("waitForSelector", '.settings-editor [data-key="assist.completion.enabled"]')


def test_line_ends_tabs_and_emoji_survive(workbench, typing):
    before = "\tname = '😋 é漢'\r\n\tif name:\r\n\t\t"
    file = typing(before, answer="print(name, '😋')", typed="a = ")
    workbench.press("Tab")
    workbench.save(file, f"{before}a = print(name, '😋')".encode())


def test_undo_takes_back_what_was_accepted_and_not_what_was_typed(workbench, typing):
    file = typing()
    workbench.press("Tab", "Control+Z")
    workbench.save(file, b"x = 1\ny = ")


def test_ghost_text_follows_the_cursor_between_two_views_of_a_file(workbench, typing):
    file = typing()
    workbench.press("Control+Backslash")
    wait_for(lambda: len(workbench.texts(".editor-group-container")) == 2, "a second view")
    workbench.wait_for_ghost_text("")
    workbench.press(ASK_KEY)
    workbench.wait_for_ghost_text(CALL)
    workbench.press("Tab")
    workbench.save(file, f"x = 1\ny = {CALL}".encode())


def test_a_file_that_is_closed_before_its_answer_comes_is_no_trouble(workbench):
    slow = {"answer": CALL, "step_ms": 100}
    workbench.open_with(slow, "x = 1\n")
    workbench.press("Control+End")
    workbench.type("y = ")
    workbench.wait_for_status("working")
    file = workbench.open_with(slow, "x = 1\n")
    workbench.press("Control+End")
    workbench.type("z = ")
    workbench.wait_for_ghost_text(CALL)
    workbench.press("Tab")
    workbench.save(file, f"x = 1\nz = {CALL}".encode())
    assert workbench.notifications() == []


def test_a_restart_with_requests_under_way_loses_them_alone(workbench):
    workbench.open("x = 1\n", answer=CALL, step_ms=2000)
    workbench.press("Control+End")
    workbench.type("y = ")
    workbench.wait_for_status("working")
    workbench.rewrite_script(answer=CALL)
    before = workbench.server.language_servers()
    workbench.press(RESTART_KEY)
    wait_for(lambda: set(workbench.server.language_servers()) - set(before), "a new server")
    workbench.wait_for_status(READY)
    workbench.type("1 + ")
    workbench.wait_for_ghost_text(CALL)
    assert workbench.notifications() == []


def test_a_long_file_is_completed_at_its_end(workbench, typing):
    before = "".join(f"value_{number} = {number}\n" for number in range(20_000))
    file = typing(before)
    workbench.press("Tab")
    workbench.save(file, f"{before}y = {CALL}".encode())


def test_menu_and_ghost_text_are_there_together(workbench, settings):
    settings(assist__completion__menu="always")
    file = workbench.open("x = 1\n", answer=CALL)
    workbench.press("Control+End")
    workbench.type("y =")
    workbench.wait_for_ghost_text(CALL)
    workbench.press("Control+Space")
    row = '.suggest-widget.visible .monaco-list-row[aria-label*="alpha(beta, gamma)"]'
    workbench.page("waitForSelector", row)
    workbench.press("Enter")
    workbench.save(file, f"x = 1\ny ={CALL}".encode())


def test_a_pause_is_silent_until_it_is_ended(workbench, typing):
    file = typing(typed="y")
    workbench.run("Assist: Pause Completion")
    workbench.wait_for_status("paused")
    workbench.type("z = ")
    workbench.save(file, b"x = 1\nyz = ")
    assert not workbench.ghost_text()
    workbench.run("Assist: Resume Completion")
    workbench.wait_for_status(READY)
    workbench.type("1 + ")
    workbench.wait_for_ghost_text(CALL)


def test_a_setting_of_the_user_counts_at_once_and_is_given_as_the_reason(workbench, settings):
    workbench.open("x = 1\n", answer=CALL)
    settings(assist__completion__enabled=False)
    workbench.press("Control+End")
    wait_for(lambda: "switched off by the settings" in workbench.reasons(), "the reason")
    assert not workbench.ghost_text()


def test_a_setting_that_is_not_set_leaves_the_users_file_in_force(workbench):
    file = workbench.server.home / ".config" / "assist-server" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text("[completion]\nenabled = false\n", encoding="utf-8")
    try:
        workbench.open_with({"answer": CALL}, "x = 1\n", is_fresh=True)  # it reads the file
        workbench.press("Control+End")
        assert wait_for(lambda: "switched off by the settings" in workbench.reasons(), "the reason")
    finally:
        file.unlink()
        workbench.open_with({"answer": CALL}, "x = 1\n", is_fresh=True)  # without the file again


def test_a_model_is_chosen_from_those_at_hand(workbench, settings):
    settings(assist__model=None)
    workbench.open("x = 1\n", answer=CALL)
    workbench.run("Assist: Choose a Model...")
    row = '.quick-input-list .monaco-list-row[aria-label^="embedded"]'
    workbench.page("click", row)
    file = workbench.server.machine_settings
    # Compared as text: the editor may be in the middle of writing it.
    wait_for(lambda: '"assist.model": "embedded"' in file.read_text(), "the setting")
