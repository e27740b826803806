"""Tasks of a chat model in VS Code: shown while they are written, then kept, discarded or used."""

import pytest
from code_server import wait_for

AREA = "def area(width, height):\n    return width * hieght\n\n\nprint(area(2, 3))\n"
FIXED = AREA.replace("hieght", "height")
FIX = "Here it is:\n```python\ndef area(width, height):\n    return width * height\n```\n"
CHANGED = ".monaco-diff-editor .view-line"


def start_task(workbench, title, words=""):
    workbench.run("Assist: Run a Task")
    row = f'.quick-input-list .monaco-list-row[aria-label*="{title}"]'
    workbench.page("click", row)
    if words:
        workbench.page("waitForSelector", '.quick-input-widget input[placeholder=""]')
        workbench.type(words)
        workbench.press("Enter")


def labelled(label):
    return f'a.action-label[aria-label*="{label}"]'


def click_button(workbench, label):
    workbench.page("click", labelled(label))


def shown(workbench):
    return "\n".join(workbench.texts(CHANGED))


def test_a_change_is_seen_while_it_is_written_kept_and_undone_in_one_step(workbench):
    file = workbench.open(AREA, answer=FIX, is_chat=True, step_ms=20)
    workbench.press("Control+Home")
    start_task(workbench, "fix: ")
    wait_for(lambda: workbench.texts(CHANGED), "the comparison")
    wait_for(lambda: "width * height" in shown(workbench), "the new line")
    workbench.wait_for_no_messages()
    click_button(workbench, "Keep")
    workbench.page("waitForSelector", f'.tab.active.dirty[data-resource-name="{file.name}"]')
    assert len(workbench.texts(".tabs-container .tab")) == 1
    workbench.save(file, FIXED.encode())
    workbench.press("Control+Z")
    workbench.save(file, AREA.encode())


@pytest.mark.parametrize(
    "button",
    ['.notification-list-item .monaco-button:has-text("Cancel")', ".tab.active .tab-actions a"],
    ids=["cancel", "close"],
)
def test_a_task_is_cancelled_in_the_middle(workbench, button):
    workbench.open(AREA, answer=FIX + "x" * 5000, is_chat=True, step_ms=20)
    workbench.press("Control+Home")
    start_task(workbench, "rewrite: ", "shorter")
    wait_for(lambda: "def area" in shown(workbench), "the first words")
    assert workbench.notifications() == ["Rewrite"]
    workbench.page("waitForSelector", labelled("Discard"))
    assert workbench.texts(labelled("Keep")) == []  # there is nothing to keep yet
    workbench.page("click", button)
    wait_for(lambda: not workbench.texts(CHANGED), "the end of the comparison")
    workbench.wait_for_no_messages()
    workbench.wait_for_status("^Assist$")
    assert workbench.texts(CHANGED) == []
    assert workbench.texts(".tab.dirty") == []


def test_an_answer_is_read_while_it_is_written_and_inserted(workbench):
    file = workbench.open(AREA, answer="It `adds`:\n```\nx = 1\n```", is_chat=True, step_ms=20)
    workbench.press("Control+Home")
    start_task(workbench, "explain: ")
    workbench.wait_for_rendered("It adds")
    workbench.wait_for_no_messages()
    click_button(workbench, "Insert Below")
    workbench.page("waitForSelector", f'.tab.dirty[data-resource-name="{file.name}"]')
    workbench.page("click", f'.tab[data-resource-name="{file.name}"]')
    head, rest = AREA.split("\n\n\n")
    workbench.save(file, f"{head}\nx = 1\n\n\n{rest}".encode())


@pytest.mark.parametrize("by", ["menu", "action"])
def test_without_a_chat_model_the_one_entry_lets_choose_one(workbench, by):
    workbench.open(AREA)
    workbench.press("Control+A")
    if by == "menu":
        workbench.run("Assist: Run a Task")
        workbench.page(
            "click", '.quick-input-list .monaco-list-row:has-text("Choose a Chat Model")'
        )
    else:
        workbench.run("Refactor...")
        workbench.page("click", '.action-widget .monaco-list-row:has-text("Choose a chat model")')
    choice = ".quick-input-list .monaco-list-row"
    wait_for(lambda: any("embedded" in row for row in workbench.texts(choice)), "the models")
    workbench.press("Escape")
