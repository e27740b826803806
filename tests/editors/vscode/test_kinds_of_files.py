"""What is proposed in files that are not Python, or not written on this system."""

import pytest
from code_server import ASK_KEY, wait_for
from kinds_of_files import CALL, ELSEWHERE, NOTHING_KNOWN

LANGUAGES = {
    "COMMIT_EDITMSG": "Git Commit Message",
    "README.md": "Markdown",
    "code.js": "JavaScript",
}
LANGUAGE = '.statusbar-item[id="status.editor.mode"]'


@pytest.fixture
def edit(workbench):
    """Opens a file of some name with a model that knows Python only, and goes to its end."""

    def begin(name, text, answer=CALL):
        script = {"answer": answer, "languages": ["python"]}
        file = workbench.open_with(script, text, name=name)
        workbench.press("Control+End")
        return file

    return begin


@pytest.mark.parametrize("name", ELSEWHERE)
def test_where_the_model_knows_nothing_it_is_silent_unless_asked(workbench, edit, name):
    file = edit(name, ELSEWHERE[name])
    assert workbench.texts(LANGUAGE) == [LANGUAGES[name]]
    wait_for(lambda: NOTHING_KNOWN in workbench.reasons(), "the reason")
    assert workbench.ghost_text() == ""
    written = file.read_bytes().decode()
    assert written.rstrip(" ") == ELSEWHERE[name]
    workbench.go_to_end()
    workbench.press(ASK_KEY)
    workbench.wait_for_ghost_text(CALL)
    workbench.press("Tab")
    workbench.save(file, f"{written}{CALL}".encode())


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_is_inserted_has_the_line_ends_of_the_file(workbench, edit, settings, name):
    settings(assist__completion__multi_line="always")
    text = ELSEWHERE[name].replace("\n", "\r\n")
    file = edit(name, text, answer="first()\nsecond()")
    workbench.ask_for_ghost_text("second")
    workbench.press("Tab")
    workbench.save(file, f"{text}first()\r\nsecond()".encode())


def test_a_python_file_beside_them_is_served_unasked(workbench, edit):
    file = edit("other.py", "x = 1\n")
    workbench.type("y = ")
    workbench.wait_for_ghost_text(CALL)
    workbench.press("Tab")
    workbench.save(file, f"x = 1\ny = {CALL}".encode())
