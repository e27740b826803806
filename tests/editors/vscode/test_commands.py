"""Documentation and summaries in VS Code."""

ADD = "def add(a, b):\n    return a + b\n"


def test_documentation_is_written_into_the_file(workbench):
    file = workbench.open(ADD, answer="first number")
    workbench.press("Control+Home")
    workbench.run("Assist: Generate Documentation")
    workbench.page("waitForSelector", ".tab.active.dirty")
    head, body = ADD.split("\n", 1)
    docstring = (
        '    """First number.\n\n    Args:\n        a: The value of a.\n'
        '        b: The value of b.\n\n    Returns:\n        The result.\n    """\n'
    )
    workbench.save(file, f"{head}\n{docstring}{body}".encode())


def test_a_summary_is_shown_and_inserted_as_a_comment(workbench):
    file = workbench.open(ADD, answer="Adds.")
    workbench.press("Control+A")
    workbench.run("Assist: Summarize Selection")
    workbench.wait_for_rendered("add(a, b)")
    assert f"{file.name}, lines 1 to 2" in workbench.rendered()
    workbench.page("click", 'a.action-label[aria-label*="Insert Summary as Comment"]')
    workbench.page("waitForSelector", f'.tab.dirty[data-resource-name="{file.name}"]')
    workbench.page("click", f'.tab[data-resource-name="{file.name}"]')
    comment = "# 2 lines of Python: 1 function.\n#\n# - function add(a, b) (line 1)\n"
    workbench.save(file, (comment + ADD).encode())


def test_the_code_action_shows_a_summary_in_the_same_place(workbench):
    workbench.open(ADD, answer="Adds.")
    workbench.press("Control+A")
    workbench.run("Refactor...")  # its key is dead until the window was idle once
    workbench.page("click", '.action-widget .monaco-list-row:has-text("Summarize selection")')
    workbench.wait_for_rendered("add(a, b)")
    assert workbench.notifications() == []
