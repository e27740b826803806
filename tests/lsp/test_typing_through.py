"""What the user types of a completion does not need the model again."""

import pytest
from lsp_steps import URI, inline_params, ready, run


@pytest.fixture
def shown(start):
    """A client that has been shown `answer(one)` behind `x = `."""
    client = start(answer="answer(one)", step_ms=5)
    client.initialize()
    ready(client)
    client.open(URI, "x = \nend\n")
    assert client.inline_completion(URI, 0, 4)[0]["insertText"] == "answer(one)"
    return client


def type_at(client, character, text, version):
    place = {"line": 0, "character": character}
    client.change(URI, version, [{"range": {"start": place, "end": place}, "text": text}])


def newest(client):
    return run(client, "assist.why", URI)[0]


def test_the_rest_is_answered_without_the_model(shown):
    type_at(shown, 4, "ans", 2)
    (item,) = shown.inline_completion(URI, 0, 7, is_automatic=True)
    assert item["insertText"] == "wer(one)"
    assert item["range"]["start"] == {"line": 0, "character": 7}
    assert newest(shown)["detail"] == "the rest of the last completion"
    assert newest(shown)["milliseconds"] == 0


def test_a_closer_that_the_editor_inserted_is_replaced(shown):
    type_at(shown, 4, "answer()", 2)
    (item,) = shown.inline_completion(URI, 0, 11, is_automatic=True)
    assert item["insertText"] == "one)"
    assert item["range"] == {
        "start": {"line": 0, "character": 11},
        "end": {"line": 0, "character": 12},
    }


def test_going_back_to_where_it_was_shown(shown):
    type_at(shown, 4, "ans", 2)
    place = {"start": {"line": 0, "character": 4}, "end": {"line": 0, "character": 7}}
    shown.change(URI, 3, [{"range": place, "text": ""}])
    assert shown.inline_completion(URI, 0, 4)[0]["insertText"] == "answer(one)"
    assert newest(shown)["detail"] == "the rest of the last completion"


@pytest.mark.parametrize("typed", ["b", "answer(two", "Answer"])
def test_what_disagrees_asks_the_model(shown, typed):
    type_at(shown, 4, typed, 2)
    shown.inline_completion(URI, 0, 4 + len(typed), is_automatic=True)
    assert newest(shown)["detail"] != "the rest of the last completion"


def test_a_change_elsewhere_asks_the_model(shown):
    place = {"line": 1, "character": 0}
    shown.change(URI, 2, [{"range": {"start": place, "end": place}, "text": "the "}])
    shown.inline_completion(URI, 0, 4)
    assert newest(shown)["detail"] == ""


def test_all_of_it_typed_asks_the_model(shown):
    type_at(shown, 4, "answer(one)", 2)
    shown.inline_completion(URI, 0, 15)
    assert newest(shown)["detail"] != "the rest of the last completion"


def test_a_running_request_that_agrees_is_used(start):
    client = start(answer="answer(one)", step_ms=50)
    client.initialize()
    ready(client)
    client.open(URI, "x = ")
    older = client.start_request("textDocument/inlineCompletion", inline_params(0, 4))
    type_at(client, 4, "a", 2)
    newer = client.start_request("textDocument/inlineCompletion", inline_params(0, 5))
    assert client.wait(older)["items"] == []
    assert client.wait(newer)["items"][0]["insertText"] == "nswer(one)"
    assert newest(client)["detail"] == "from a generation that was running"


def test_a_running_request_that_turns_out_to_disagree_is_asked_anew(start):
    client = start(answer="answer(one)", step_ms=50)
    client.initialize()
    ready(client)
    client.open(URI, "x = ")
    client.start_request("textDocument/inlineCompletion", inline_params(0, 4))
    type_at(client, 4, "b", 2)
    (item,) = client.inline_completion(URI, 0, 5)
    assert item["insertText"] == "answer(one)"  # as the scripted model always says
    assert newest(client)["detail"] == ""


BLOCK = "total = 0\n    for x in a:\n        total += x"


def test_several_lines_are_typed_through(start):
    client = start(answer=BLOCK)
    client.initialize()
    ready(client)
    client.open(URI, "def f(a):\n    \n")
    place = {"line": 1, "character": 4}
    for version, (typed, rest) in enumerate([("", BLOCK), ("t", BLOCK[1:]), ("o", BLOCK[2:])], 1):
        if typed:
            client.change(URI, version, [{"range": {"start": place, "end": place}, "text": typed}])
            place["character"] += 1
        (item,) = client.inline_completion(URI, **place, is_automatic=True)
        assert item["insertText"] == rest
    assert newest(client)["detail"] == "the rest of the last completion"


def test_a_running_request_for_several_lines_is_used(start):
    client = start(answer=BLOCK, step_ms=10)
    client.initialize()
    ready(client)
    client.open(URI, "def f(a):\n    \n")
    client.start_request("textDocument/inlineCompletion", inline_params(1, 4))
    place = {"line": 1, "character": 4}
    client.change(URI, 2, [{"range": {"start": place, "end": place}, "text": "t"}])
    (item,) = client.inline_completion(URI, 1, 5, is_automatic=True)
    assert item["insertText"] == BLOCK[1:]
    assert newest(client)["detail"] == "from a generation that was running"
