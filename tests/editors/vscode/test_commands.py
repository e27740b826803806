"""Documentation and summaries in VS Code."""

from code_server import wait_for

ADD = "def add(a, b):\n    return a + b\n"


def test_documentation_is_written_into_the_file(workbench):
    file = workbench.open(ADD, answer="first number")
    workbench.press("Control+Home")
    workbench.run("Assist: Generate Documentation")
    workbench.page("waitForSelector", ".tab.active.dirty")
    head, body = ADD.split("\n", 1)
    docstring = (
        '    """Return `a + b`.\n\n    Args:\n        a: TODO: describe.\n'
        '        b: TODO: describe.\n\n    Returns:\n        `a + b`.\n    """\n'
    )
    workbench.save(file, f"{head}\n{docstring}{body}".encode())


def test_placeholders_are_tab_stops(workbench):
    file = workbench.open("def keep(path):\n    path = path.x\n    later(path)\n")
    workbench.press("Control+Home")
    workbench.run("Assist: Generate Documentation")
    workbench.page("waitForSelector", ".tab.active.dirty")
    workbench.page("waitForSelector", ".snippet-placeholder")
    workbench.type("Keep it")
    workbench.press("Tab")
    workbench.type("The path")
    docstring = '    """Keep it.\n\n    Args:\n        path: The path.\n    """\n'
    body = "    path = path.x\n    later(path)\n"
    workbench.save(file, f"def keep(path):\n{docstring}{body}".encode())


def test_documentation_keeps_the_line_ends_and_tabs_of_the_file(workbench):
    before = "def add(a, b):\r\n\tname = '😋 é漢'\r\n\treturn name\r\n"
    file = workbench.open(before, answer="first number")
    workbench.press("Control+Home")
    workbench.run("Assist: Generate Documentation")
    workbench.page("waitForSelector", ".tab.active.dirty")
    workbench.press("Control+S")
    workbench.page("waitForSelector", ".tab.active.dirty", {"state": "detached"})
    written = file.read_bytes().decode()
    head, documentation, rest = written.split('"""')
    assert head + rest.lstrip("\r\n\t") == before.replace("\tname", "\tname", 1)
    assert "\n" not in documentation.replace("\r\n", "")
    assert "\r\n\tArgs:\r\n\t" in documentation


def test_a_summary_is_shown_and_inserted_as_a_comment(workbench):
    file = workbench.open(ADD, answer="Adds.")
    workbench.press("Control+A")
    workbench.run("Assist: Summarize")
    workbench.wait_for_rendered(f"{file.name}, lines 1 to 2")
    assert "add(a, b)" in workbench.rendered()
    workbench.page("click", 'a.action-label[aria-label*="Copy Summary"]')
    copied = "2 lines of Python: 1 function.\n\n- function `add(a, b)` (line 1)"
    read = {"function": "() => navigator.clipboard.readText()"}
    wait_for(lambda: workbench.page("evaluate", read).strip() == copied, "the copy")
    workbench.page("click", 'a.action-label[aria-label*="Insert Summary as Comment"]')
    workbench.page("waitForSelector", f'.tab.dirty[data-resource-name="{file.name}"]')
    workbench.page("click", f'.tab[data-resource-name="{file.name}"]')
    comment = "# 2 lines of Python: 1 function.\n#\n# - function add(a, b) (line 1)\n"
    workbench.save(file, (comment + ADD).encode())


def test_a_summary_takes_the_place_of_the_last_one(workbench):
    file = workbench.open(f"{ADD}\n\n{ADD.replace('add', 'sum')}", answer="Adds.")
    workbench.press("Control+A")
    workbench.run("Assist: Summarize")
    workbench.wait_for_rendered(f"{file.name}, lines 1 to 6")
    workbench.page("click", f'.tab[data-resource-name="{file.name}"]')
    workbench.press("Control+Home", "Shift+ArrowDown", "Shift+ArrowDown")
    workbench.run("Assist: Summarize")
    workbench.wait_for_rendered(f"{file.name}, lines 1 to 2")
    assert len(workbench.texts('.tab[aria-label^="Summary"]')) == 1


def test_a_summary_is_inserted_where_its_text_has_moved(workbench):
    file = workbench.open(f"import sys\n\n\n{ADD}", answer="Adds.")
    workbench.press("Control+End", "Shift+ArrowUp", "Shift+ArrowUp")
    workbench.run("Assist: Summarize")
    workbench.wait_for_rendered(f"{file.name}, lines 4 to 5")
    workbench.page("click", f'.tab[data-resource-name="{file.name}"]')
    workbench.press("Control+Home")
    workbench.type("import os\n")
    workbench.page("click", '.tab[aria-label^="Summary"]')
    workbench.page("click", 'a.action-label[aria-label*="Insert Summary as Comment"]')
    wait_for(lambda: "# 2 lines" in "".join(workbench.texts(".view-line")), "the comment")
    workbench.page("click", f'.tab[data-resource-name="{file.name}"]')
    comment = "# 2 lines of Python: 1 function.\n#\n# - function add(a, b) (line 5)\n"
    workbench.save(file, f"import os\nimport sys\n\n\n{comment}{ADD}".encode())


def test_the_code_action_shows_a_summary_in_the_same_place(workbench):
    workbench.open(ADD, answer="Adds.")
    workbench.press("Control+A")
    workbench.run("Refactor...")  # its key is dead until the window was idle once
    workbench.page("click", '.action-widget .monaco-list-row:has-text("Summarize selection")')
    workbench.wait_for_rendered("add(a, b)")
    assert workbench.notifications() == []


def test_without_a_selection_the_whole_file_is_summarized(workbench):
    file = workbench.open(f"{ADD}\n\n{ADD.replace('add', 'sum')}", answer="Adds.")
    workbench.press("Control+End")
    workbench.run("Assist: Summarize")
    workbench.wait_for_rendered(f"{file.name}, lines 1 to 6")
    assert "add(a, b)" in workbench.rendered()
    assert "sum(a, b)" in workbench.rendered()


def test_nothing_to_document_is_reported_without_alarm(workbench):
    workbench.open("x = 1\n", answer="first number")
    workbench.press("Control+Home")
    workbench.run("Assist: Generate Documentation")
    (message,) = wait_for(workbench.notifications, "a message")
    assert message.startswith("assist-server: Nothing to document here")
    assert message.endswith(".")
    assert ".." not in message
    assert workbench.texts(".notifications-toasts .codicon-error") == []
    assert workbench.status() == "Assist"


def test_a_function_that_is_documented_is_reported_without_alarm(workbench):
    workbench.open('def f():\n    """Do it."""\n', answer="first number")
    workbench.press("Control+Home")
    workbench.run("Assist: Generate Documentation")
    (message,) = wait_for(workbench.notifications, "a message")
    assert message == "assist-server: `f` is already documented."
    assert workbench.texts(".notifications-toasts .codicon-error") == []


def test_all_answers_are_shown_in_one_column(workbench):
    file = workbench.open(ADD, answer="Adds.")
    workbench.press("Control+A")
    workbench.run("Assist: Summarize")
    workbench.wait_for_rendered("add(a, b)")
    for _ in range(2):
        workbench.page("click", f'.tab[data-resource-name="{file.name}"]')
        workbench.run("Assist: Show Why")
        workbench.wait_for_rendered("The last answers for")
        workbench.run("Assist: Summarize")  # the focus may be anywhere
        workbench.wait_for_rendered("add(a, b)")
    assert len(workbench.texts(".editor-group-container")) == 2
    assert len(workbench.texts(".tabs-container .tab")) == 2


def test_a_column_that_is_there_is_used(workbench):
    workbench.open(ADD, answer="Adds.")
    workbench.press("Control+Backslash")
    wait_for(lambda: len(workbench.texts(".editor-group-container")) == 2, "a second view")
    workbench.press("Control+A")
    workbench.run("Assist: Summarize")
    workbench.wait_for_rendered("add(a, b)")
    assert len(workbench.texts(".editor-group-container")) == 2
