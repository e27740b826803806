from assist_server.lsp.relay.session import Session

INITIALIZE = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"capabilities": {}}}
ANSWER = {"jsonrpc": "2.0", "id": 0, "result": {"capabilities": {"positionEncoding": "utf-8"}}}


def session(*messages):
    """A session with an editor that was told what the server can do."""
    started = Session()
    started.note_from_editor(INITIALIZE)
    started.note_from_server(ANSWER)
    for message in messages:
        started.note_from_editor(message)
    return started


def test_each_request_is_ended_once():
    methods = [
        "textDocument/inlineCompletion",
        "workspace/executeCommand",
        "textDocument/codeAction",
    ]
    requests = [{"id": number, "method": method} for number, method in enumerate(methods, 1)]
    one = session(*requests, {"id": "done", "method": "textDocument/completion"})
    one.note_from_server({"id": "done", "result": None})
    ends = {end["id"]: end for end in one.take_unanswered()}
    assert ends[1]["result"] == {"items": []}
    assert [ends[number]["error"]["code"] for number in (2, 3)] == [-32803, -32801]
    assert set(ends) == {1, 2, 3}
    assert one.take_unanswered() == []


def test_a_server_is_told_all_that_the_last_one_was_told():
    configurations = [
        {"method": "workspace/didChangeConfiguration", "params": {"settings": number}}
        for number in (1, 2)
    ]
    document = {"uri": "a", "languageId": "python", "version": 1, "text": "x"}
    opening = {"method": "textDocument/didOpen", "params": {"textDocument": document}}
    told = list(session({"method": "initialized"}, *configurations, opening).replay())
    again, initialized, configuration, opened = told
    assert again["params"] == INITIALIZE["params"]
    assert initialized["method"] == "initialized"
    assert configuration == configurations[1]
    assert opened == {"jsonrpc": "2.0", **opening}


def test_the_editor_gets_one_answer_to_initialize():
    answered = session()
    (again,) = answered.replay()
    assert not answered.note_from_server({"id": again["id"], "result": {}})
    refused = Session()
    refused.note_from_editor(INITIALIZE)
    refused.note_from_server({"id": 0, "error": {"code": -32603, "message": "no"}})
    (again,) = refused.replay()
    assert not refused.note_from_server({"id": again["id"], "result": {}})
    waiting = Session()
    waiting.note_from_editor(INITIALIZE)
    assert waiting.take_unanswered() == []
    (again,) = waiting.replay()
    assert again == INITIALIZE
    assert waiting.note_from_server(ANSWER)
    assert waiting.take_unanswered() == []


def test_progress_that_the_server_cannot_end_is_ended():
    def progress(token, kind):
        return {"method": "$/progress", "params": {"token": token, "value": {"kind": kind}}}

    one = session()
    for message in (progress("a", "begin"), progress("b", "begin"), progress("a", "end")):
        assert one.note_from_server(message)
    assert [end["params"]["token"] for end in one.take_unanswered()] == ["b"]


def test_anything_may_be_sent():
    one = session({}, {"id": [], "method": 1}, {"id": None}, {"method": "x", "params": 1})
    assert all(one.note_from_server(message) for message in ({}, {"id": {}}, {"method": []}))
    assert one.take_unanswered() == []
