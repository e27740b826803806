import pytest
from lsp_steps import URI, ready, run

from assist_server.lsp.client import CAPABILITIES, RequestError

SOURCE = "def area(radius):\n    return 3 * radius\n"
CHOOSE = "Choose a chat model for explanations, fixes and other tasks"
WHOLE = {"start": {"line": 0, "character": 0}, "end": {"line": 2, "character": 0}}


def titles(client, line, character, end=None, only=None):
    start = {"line": line, "character": character}
    context = {"diagnostics": [], **({"only": only} if only else {})}
    params = {
        "textDocument": {"uri": URI},
        "range": {"start": start, "end": end or start},
        "context": context,
    }
    return [action["title"] for action in client.request("textDocument/codeAction", params)]


def test_actions_are_offered_where_they_make_sense(client):
    client.open(URI, f"import os\n\n{SOURCE}")
    ready(client)
    assert titles(client, 0, 0) == []
    assert titles(client, 2, 5) == [
        "Generate documentation of area",
        "Document everything in this file",
    ]
    selected = titles(client, 0, 0, {"line": 0, "character": 5})
    assert selected == ["Summarize selection", "Summarize selection as a comment", CHOOSE]


@pytest.mark.parametrize(
    ("only", "is_offered"),
    [
        (["refactor"], True),
        (["refactor.rewrite"], True),
        (["quickfix"], False),
        (["source"], True),
        (["source.organizeImports"], False),
    ],
)
def test_the_kind_that_a_client_asks_for_is_respected(client, only, is_offered):
    client.open(URI, SOURCE)
    assert bool(titles(client, 0, 5, only=only)) == is_offered


def test_documentation_is_a_versioned_edit(client):
    client.open(URI, SOURCE, version=7)
    result = run(client, "assist.document", URI, {"line": 0, "character": 5})
    assert result["name"] == "area"
    (change,) = client.applied_edits[0]["documentChanges"]
    assert change["textDocument"] == {"uri": URI, "version": 7}
    (edit,) = change["edits"]
    assert edit["range"]["start"] == edit["range"]["end"] == {"line": 0, "character": 17}
    assert "radius:" in edit["newText"]


def test_documentation_for_a_client_without_versions(start):
    client = start()
    client.initialize({**CAPABILITIES, "workspace": {"applyEdit": True}})
    client.open(URI, SOURCE)
    run(client, "assist.document", URI, {"line": 0, "character": 5})
    assert list(client.applied_edits[0]["changes"]) == [URI]


def test_nothing_to_document_is_a_clear_error(client):
    client.open(URI, "x = 1\n")
    with pytest.raises(RequestError, match="put the cursor on a function or a class") as caught:
        run(client, "assist.document", URI, {"line": 0, "character": 0})
    assert caught.value.code == -32803


def test_a_summary_is_returned_shown_or_inserted(client):
    client.open(URI, SOURCE)
    returned = run(client, "assist.summarize", URI, WHOLE)
    assert "`area(radius)`" in returned["markdown"]
    assert client.seen("window/showMessage") == []

    run(client, "assist.showSummary", URI, WHOLE)
    assert "`area(radius)`" in client.seen("window/showMessage")[0]["message"]

    run(client, "assist.insertSummary", URI, WHOLE)
    edit = client.applied_edits[0]["documentChanges"][0]["edits"][0]
    assert edit["range"]["start"] == {"line": 0, "character": 0}
    assert all(line.startswith("# ") for line in edit["newText"].splitlines() if line != "#")


def test_a_summary_states_the_facts_of_its_kind_with_lines_of_the_document(client):
    uri = "file:///project/notes.txt"
    trace = (
        "Traceback (most recent call last):\n"
        '  File "/srv/shop/stock.py", line 4, in take\n'
        "    return self.left[article]\n"
        "KeyError: 'lamp'\n"
    )
    open_as(client, uri, "plaintext", "Seen on Monday.\n\n" + trace)
    place = {"start": {"line": 2, "character": 0}, "end": {"line": 6, "character": 0}}
    returned = run(client, "assist.summarize", uri, place)
    assert returned["method"] == "facts"
    assert returned["markdown"].startswith(
        "`KeyError: 'lamp'`, raised in `take` of `srv/shop/stock.py`, line 4."
    )
    assert "(line 4)" in returned["markdown"]


def open_as(client, uri, language_id, text):
    item = {"uri": uri, "languageId": language_id, "version": 1, "text": text}
    client.notify("textDocument/didOpen", {"textDocument": item})


def test_a_comment_is_written_as_its_language_has_it(client):
    uri = "file:///project/a.css"
    open_as(client, uri, "css", "a {\n  color: red;\n}\n")
    run(client, "assist.insertSummary", uri, WHOLE)
    (edit,) = client.applied_edits[0]["documentChanges"][0]["edits"]
    assert edit["newText"] == "/* 2 lines of CSS. */\n"


def test_a_comment_that_would_change_the_program_is_refused(client):
    uri = "file:///project/a.yaml"
    open_as(client, uri, "yaml", "a: |\n" + "  some: words of a text\n" * 4)
    place = {"start": {"line": 1, "character": 0}, "end": {"line": 4, "character": 9}}
    with pytest.raises(RequestError, match="would change the program") as caught:
        run(client, "assist.insertSummary", uri, place)
    assert caught.value.code == -32803
    assert client.applied_edits == []


def test_a_comment_is_not_offered_where_there_is_none(client):
    open_as(client, URI, "json", '{"a": 1}\n')
    ready(client)
    assert titles(client, 0, 0, {"line": 0, "character": 5}) == ["Summarize selection", CHOOSE]


def test_an_empty_selection_is_a_clear_error(client):
    client.open(URI, SOURCE)
    place = {"line": 0, "character": 3}
    with pytest.raises(RequestError, match="nothing is selected"):
        run(client, "assist.summarize", URI, {"start": place, "end": place})


def test_work_shows_progress_and_its_cancel_button_works(start):
    client = start(answer="x" * 30, step_ms=100)
    client.initialize()
    client.open(URI, SOURCE)
    params = {"command": "assist.document", "arguments": [URI, {"line": 0, "character": 5}]}
    number = client.start_request("workspace/executeCommand", params)

    def running():
        begun = [n for n in client.seen("$/progress") if n["value"].get("cancellable")]
        return begun[0]["token"] if begun else None

    client.wait_until(running)
    client.notify("window/workDoneProgress/cancel", {"token": running()})
    with pytest.raises(RequestError, match="cancelled"):
        client.wait(number)
    assert client.applied_edits == []
    token = running()
    client.wait_until(
        lambda: any(
            n["token"] == token and n["value"]["kind"] == "end" for n in client.seen("$/progress")
        )
    )


def test_an_edit_for_a_document_that_changed_meanwhile_is_not_sent(start):
    client = start(answer="x" * 10, step_ms=50)
    client.initialize()
    client.open(URI, SOURCE)
    params = {"command": "assist.document", "arguments": [URI, {"line": 0, "character": 5}]}
    number = client.start_request("workspace/executeCommand", params)
    client.change(URI, 2, [{"text": SOURCE + "\n"}])
    with pytest.raises(RequestError, match="changed meanwhile"):
        client.wait(number)
    assert client.applied_edits == []


def test_why_holds_counts_and_no_text(client):
    client.open(URI, "secret = ")
    client.inline_completion(URI, 0, 9)
    (record,) = run(client, "assist.why", URI)
    assert record["outcome"] == "shown"
    assert record["new_tokens"] > 0
    assert 0 <= record["first_token_ms"] <= record["milliseconds"]
    assert "secret" not in str(record)
    (record,) = run(client, "assist.why", URI, True)
    assert record["prompt"] == "secret = "
    assert run(client, "assist.why", "file:///other.py") == []


DESCRIBED = 'def area(radius):\n    """Measure.\n\n    Args:\n        width: Mine.\n    """\n'
HERE = {"line": 0, "character": 5}


def test_entries_about_what_is_gone_stay_until_that_is_asked_for(client):
    client.open(URI, DESCRIBED)
    both = ["Update documentation of area", "Update documentation of area without width"]
    assert titles(client, 0, 5) == both
    assert run(client, "assist.document", URI, HERE)["gone"] == ["width"]
    assert "width: Mine." in run(client, "assist.document", URI, HERE)["text"]
    assert "width" not in run(client, "assist.document", URI, HERE, ["width"])["text"]


def test_open_quotes_are_a_place_to_fill(client):
    client.open(URI, 'def area(radius):\n    """\n    return 3 * radius\n')
    assert titles(client, 1, 7)[0] == "Generate documentation of area"
    result = run(client, "assist.document", URI, {"line": 1, "character": 7})
    assert result["text"].count('"""') == 2
    assert "radius:" in result["text"]
