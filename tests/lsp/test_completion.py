import pytest
from lsp_steps import URI, inline_params, ready, run, text_params

from assist_server.lsp.client import CAPABILITIES, RequestError

NO_GHOST_TEXT = {
    **CAPABILITIES,
    "textDocument": {},
}


def test_an_item_has_text_and_range(client):
    client.open(URI, "x = \n")
    (item,) = client.inline_completion(URI, 0, 4)
    place = {"line": 0, "character": 4}
    assert item == {"insertText": "answer()", "range": {"start": place, "end": place}}


def test_an_auto_inserted_closer_is_replaced(start):
    client = start(answer="a, b)")
    client.initialize()
    client.open(URI, "print()\n")
    (item,) = client.inline_completion(URI, 0, 6)
    assert item["insertText"] == "a, b)"
    assert item["range"]["end"] == {"line": 0, "character": 7}


def test_positions_count_what_the_client_counts(client):
    client.open(URI, "😋 = \n")  # two UTF-16 units
    (item,) = client.inline_completion(URI, 0, 5)
    assert item["range"]["start"] == {"line": 0, "character": 5}


def test_changes_are_seen(client):
    client.open(URI, "")
    place = {"line": 0, "character": 0}
    client.change(URI, 2, [{"range": {"start": place, "end": place}, "text": "def f(:\n    "}])
    client.change(URI, 3, [{"text": "x = "}])
    (item,) = client.inline_completion(URI, 0, 4)
    assert item["range"]["start"] == {"line": 0, "character": 4}


def test_automatic_requests_inside_a_word_get_nothing_and_a_reason(client):
    client.open(URI, "xyz = 1\n")
    assert client.inline_completion(URI, 0, 1, is_automatic=True) == []
    assert run(client, "assist.why", URI)[0]["outcome"] == "the cursor is inside a word"


def test_a_document_that_is_not_open_gets_nothing(client):
    assert client.inline_completion("file:///not/open.py", 0, 0) == []


def test_the_menu_is_offered_only_where_there_is_no_ghost_text(start):
    with_ghost, without = start(answer="answer()"), start(answer="answer()")
    assert "completionProvider" not in with_ghost.initialize()["capabilities"]
    assert "completionProvider" in without.initialize(NO_GHOST_TEXT)["capabilities"]


def test_the_menu_item_replaces_the_word_that_is_being_typed(start):
    client = start(answer="wer()")
    client.initialize(NO_GHOST_TEXT)
    ready(client)
    client.open(URI, "x = ans\n")
    answer = client.request("textDocument/completion", text_params(0, 7))
    (item,) = answer["items"]
    assert item["textEdit"]["newText"] == "answer()"
    assert item["textEdit"]["range"]["start"] == {"line": 0, "character": 4}
    assert item["filterText"] == "ans"


def test_a_word_without_end_does_not_keep_the_menu_busy(start):
    client = start(answer=".upper()")
    client.initialize(NO_GHOST_TEXT)
    ready(client)
    word = "a" * 200_000
    client.open(URI, f'x = "{word}"\n')
    params = text_params(0, len(word) + 6)
    (item,) = client.request("textDocument/completion", params, timeout_s=30)["items"]
    assert item["textEdit"]["newText"] == ".upper()"


def test_a_setting_puts_the_menu_beside_the_ghost_text(start):
    client = start()
    capabilities = client.initialize(options={"completion": {"menu": "always"}})["capabilities"]
    assert "completionProvider" in capabilities
    assert "inlineCompletionProvider" in capabilities


def test_a_newer_request_supersedes_and_both_are_answered(start):
    client = start(answer="answer() and more", step_ms=20)
    client.initialize()
    ready(client)
    client.open(URI, "x = \n" * 30)
    places = [inline_params(line, 4) for line in range(30)]
    numbers = [client.start_request("textDocument/inlineCompletion", place) for place in places]
    answers = [client.wait(number)["items"] for number in numbers]
    assert answers[:-1] == [[]] * 29
    assert answers[-1][0]["insertText"] == "answer() and more"
    outcomes = [record["outcome"] for record in run(client, "assist.why", URI)]
    assert outcomes.count("shown") == 1
    assert outcomes.count("superseded by a newer request") == 29


def test_requests_for_the_same_place_share_one_generation(start):
    client = start(answer="answer() and more", step_ms=20)
    client.initialize()
    ready(client)
    client.open(URI, "x = ")
    params = inline_params(0, 4)
    numbers = [client.start_request("textDocument/inlineCompletion", params) for _ in range(30)]
    answers = [client.wait(number)["items"] for number in numbers]
    assert answers[:-1] == [[]] * 29
    assert answers[-1][0]["insertText"] == "answer() and more"
    assert run(client, "assist.why", URI)[0]["detail"] == "from a generation that was running"


def test_an_answer_for_an_older_version_is_not_sent(start):
    client = start(answer="answer()", step_ms=20)
    client.initialize()
    ready(client)
    client.open(URI, "x = ")
    params = inline_params(0, 4)
    number = client.start_request("textDocument/inlineCompletion", params)
    client.change(URI, 2, [{"text": "y = "}])
    assert client.wait(number)["items"] == []
    assert run(client, "assist.why", URI)[0]["outcome"] == "the document changed meanwhile"


def test_cancelling_is_answered_at_once(start):
    client = start(answer="one.two(three)", step_ms=50)
    client.initialize()
    ready(client)
    client.open(URI, "x = ")
    params = inline_params(0, 4)
    number = client.start_request("textDocument/inlineCompletion", params)
    client.notify("$/cancelRequest", {"id": number})
    with pytest.raises(RequestError) as caught:
        client.wait(number)
    assert caught.value.code == -32800
    assert client.inline_completion(URI, 0, 4)


def test_no_text_in_the_log(start, server_log):
    client = start(answer="secret_answer()")
    client.initialize()
    client.open(URI, "secret_document = ")
    assert client.inline_completion(URI, 0, 18)
    client.request("textDocument/codeAction", {**range_params(), "context": {"diagnostics": []}})
    client.shut_down()
    assert "shown" in server_log()
    assert "secret" not in server_log()


def range_params():
    place = {"line": 0, "character": 0}
    return {"textDocument": {"uri": URI}, "range": {"start": place, "end": place}}
