import pytest
from lsp_steps import URI, ready, run

from assist_server.lsp.client import CAPABILITIES, RequestError

SOURCE = "def one():\n    return 2\n\n\nx = 1\n"
HERE = {"line": 0, "character": 5}
CURSOR = {"start": HERE, "end": HERE}
WHOLE = {"start": {"line": 0, "character": 0}, "end": {"line": 5, "character": 0}}
DEFINITION = {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 12}}
STREAM = "stream-1"
FENCED = "Here:\n```python\ndef one():\n    return 1\n```\n"


@pytest.fixture
def open_chat(start):
    """Start a server with a chat model, and open the source in it."""

    def begin(answer, text=SOURCE, capabilities=CAPABILITIES, **script):
        client = start(answer=answer, is_chat=True, **script)
        client.initialize(capabilities)
        client.open(URI, text)
        ready(client)
        return client

    return begin


def actions(client, range_=WHOLE, only=None):
    context = {"diagnostics": [], **({"only": only} if only else {})}
    params = {"textDocument": {"uri": URI}, "range": range_, "context": context}
    return client.request("textDocument/codeAction", params)


def task_titles(client, *arguments):
    found = actions(client, *arguments)
    return [action["title"] for action in found if action["kind"] == "refactor.rewrite.assist"]


def test_an_edit_is_applied_by_the_client_with_the_version(open_chat):
    client = open_chat(FENCED)
    found = run(client, "assist.task", "fix", URI, CURSOR)
    text = "def one():\n    return 1"
    assert (found["title"], found["applied"], found["note"]) == ("Fix", True, "")
    assert (found["text"], found["markdown"]) == (text, f"```\n{text}\n```")
    (change,) = client.applied_edits[0]["documentChanges"]
    assert change["textDocument"] == {"uri": URI, "version": 1}
    (edit,) = change["edits"]
    assert edit["newText"] == "def one():\n    return 1"
    assert edit["range"] == DEFINITION


def test_an_inserted_text_has_the_document_s_line_ends(open_chat):
    client = open_chat("```\ny = 1\nz = 2\n```", text="# Set y and z.\r\nx = 1\r\n")
    run(client, "assist.task", "implement", URI, CURSOR)
    (edit,) = client.applied_edits[0]["documentChanges"][0]["edits"]
    assert edit["newText"] == "\r\ny = 1\r\nz = 2"


def test_a_text_to_show_is_returned_and_nothing_is_edited(open_chat):
    client = open_chat("It is one.")
    found = run(client, "assist.task", "ask", URI, CURSOR, "What is it?")
    assert (found["text"], found["applied"]) == ("It is one.", False)
    assert found["markdown"] == "It is one."
    assert client.applied_edits == client.seen("window/showMessage") == []
    run(client, "assist.showTask", "explain", URI, CURSOR)
    assert client.seen("window/showMessage")[0]["message"] == "It is one."


def test_what_is_not_applied_is_shown_with_the_reason(open_chat):
    client = open_chat("```\ndef one(:\n```")
    found = run(client, "assist.showTask", "fix", URI, CURSOR)
    assert found["note"] == "not applied: the answer would add a syntax error"
    assert client.applied_edits == []
    said = client.seen("window/showMessage")[0]["message"]
    assert said == f"{found['note']}\n\ndef one(:"


def streamed(client):
    return [each["value"] for each in client.seen("$/progress") if each["token"] == STREAM]


def test_the_answer_is_streamed_to_a_token(open_chat):
    client = open_chat("<think>Hm.</think>It is \x1b[1mone.")
    found = run(client, "assist.task", "explain", URI, CURSOR, "", STREAM)
    first, *others = sent = streamed(client)
    assert first["range"] == DEFINITION == found["range"]
    assert len(others) > 3
    assert all(value.keys() == {"text"} for value in others)
    assert "".join(value["text"] for value in sent) == found["text"] == "It is [1mone."


def test_a_preview_is_streamed_as_it_will_be_and_edits_nothing(open_chat):
    client = open_chat(FENCED)
    found = run(client, "assist.previewTask", "fix", URI, CURSOR, "", False, STREAM)
    text = "def one():\n    return 1"
    assert found["edit"] == {"range": DEFINITION, "newText": text}
    assert (found["text"], found["range"]) == (text, DEFINITION)
    assert client.applied_edits == []
    sent, shown = streamed(client), ""
    assert sent[0]["replaced"] == DEFINITION
    for value in sent:
        shown = value["text"] if value.get("restart") else shown + value["text"]
    assert shown == text
    assert [value.get("restart") for value in sent].count(True) == 1  # the preface went


def test_what_a_preview_must_not_apply_has_the_reason_and_the_code(open_chat):
    found = run(open_chat("```\ndef one(:\n```"), "assist.previewTask", "fix", URI, CURSOR)
    assert (found["edit"], found["code"]) == (None, "def one(:")
    assert found["note"] == "not applied: the answer would add a syntax error"


def test_the_code_of_an_answer_to_show_can_be_inserted(open_chat):
    client = open_chat("Use this:\n```\nx = 1\n```\nor that:\n```\nx = 2\n```")
    found = run(client, "assist.previewTask", "explain", URI, CURSOR)
    assert (found["edit"], found["code"]) == (None, "x = 1\n\nx = 2")
    assert found["mayReplace"] is True


def test_words_about_code_are_inserted_as_a_comment_and_take_the_place_of_nothing(open_chat):
    client = open_chat("It returns `1`.")
    found = run(client, "assist.previewTask", "explain", URI, CURSOR)
    assert (found["text"], found["code"]) == ("It returns `1`.", "# It returns 1.")
    assert found["mayReplace"] is False


def start_task(client, command="assist.task"):
    again = [False] if command == "assist.previewTask" else []
    params = {"command": command, "arguments": ["fix", URI, CURSOR, "", *again, STREAM]}
    return client.start_request("workspace/executeCommand", params)


def test_the_cancel_button_ends_a_task_in_the_middle(open_chat):
    client = open_chat(FENCED + "x" * 500, step_ms=20)
    number = start_task(client)
    client.wait_until(lambda: [n for n in client.seen("$/progress") if n["token"] == STREAM])
    begun = next(n for n in client.seen("$/progress") if n["value"].get("cancellable"))
    assert begun["value"]["title"] == "Fix"
    client.notify("window/workDoneProgress/cancel", {"token": begun["token"]})
    with pytest.raises(RequestError, match="cancelled"):
        client.wait(number)
    assert client.applied_edits == []


@pytest.mark.parametrize("command", ["assist.task", "assist.previewTask"])
def test_an_answer_for_an_older_version_is_only_shown(open_chat, command):
    client = open_chat(FENCED, step_ms=10)
    number = start_task(client, command)
    client.change(URI, 2, [{"text": SOURCE + "\n"}])
    found = client.wait(number)
    assert found["note"] == "not applied: the document changed meanwhile"
    assert found["text"] == "def one():\n    return 1"
    assert not found.get("applied")
    assert not found.get("edit")
    assert client.applied_edits == []


def test_actions_are_the_tasks_that_need_only_a_selection(open_chat):
    client = open_chat("")
    titles = ["Write Tests", "Explain", "Fix"]
    assert task_titles(client) == titles
    assert task_titles(client, WHOLE, ["refactor.rewrite.assist"]) == titles
    assert len(actions(client, WHOLE, ["refactor.rewrite.assist"])) == len(titles)
    assert task_titles(client, WHOLE, ["quickfix"]) == task_titles(client, CURSOR) == []
    assert all("tags" not in action for action in actions(client))
    command = actions(client, WHOLE, ["refactor.rewrite.assist"])[1]["command"]
    assert (command["command"], command["arguments"]) == (
        "assist.showTask",
        ["explain", URI, WHOLE],
    )


def test_what_a_model_writes_is_tagged_where_the_client_shows_it(open_chat):
    document = {"codeAction": {"tagSupport": {"valueSet": [1]}}}
    client = open_chat("", capabilities={**CAPABILITIES, "textDocument": document})
    found = actions(client, WHOLE, ["refactor.rewrite"])
    tagged = {action["kind"]: action.get("tags") for action in found}
    assert tagged == {"refactor.rewrite": None, "refactor.rewrite.assist": [1]}


def test_all_tasks_are_listed_for_clients(open_chat, tmp_path):
    folder = tmp_path / "assist-server" / "tasks"
    folder.mkdir(parents=True)
    (folder / "bad.md").write_text("x")
    listed = run(open_chat(""), "assist.tasks")
    assert listed["reason"] == ""
    assert listed["problems"][0].startswith("correct the task ")
    by_name = {task["name"]: task for task in listed["tasks"]}
    assert by_name["rewrite"] == {
        "name": "rewrite",
        "title": "Rewrite as Asked",
        "kinds": "any",
        "output": "replace",
        "needs": ["instruction", "selection"],
    }


def test_without_a_chat_model_the_one_action_says_how_to_choose_one(client):
    client.open(URI, SOURCE)
    ready(client)
    (action,) = [each for each in actions(client) if each["kind"] == "refactor.rewrite.assist"]
    assert action["title"].startswith("Choose a chat model")
    run(client, action["command"]["command"])
    assert (
        "set `text_model` to one that can, such as `Qwen/"
        in client.seen("window/showMessage")[0]["message"]
    )
    assert (
        "set `text_model` to one that can, such as `Qwen/" in run(client, "assist.tasks")["reason"]
    )
    with pytest.raises(RequestError, match="`assist-server models suggest`") as caught:
        run(client, "assist.task", "fix", URI, CURSOR)
    assert caught.value.code == -32803


def test_bad_arguments_are_one_sentence(open_chat):
    client = open_chat("x")
    for arguments, said in [
        (["nope", URI, CURSOR], "there is no task 'nope'"),
        (["rewrite", URI, CURSOR], "needs words"),
        ([7, URI, CURSOR], "do not fit the command"),
        (["fix", URI], "do not fit the command"),
    ]:
        with pytest.raises(RequestError, match=said):
            run(client, "assist.task", *arguments)
