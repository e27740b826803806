"""Steps that protocol tests share."""

URI = "file:///project/sample.py"
LOADING_S = 300
"""A real model on a busy machine takes more than a minute."""


def run(client, command, *arguments, timeout_s=60):
    """Execute a command."""
    params = {"command": command, "arguments": list(arguments)}
    return client.request("workspace/executeCommand", params, timeout_s)


def ready(client):
    """Wait until the model is loaded."""
    assert run(client, "assist.status", True, timeout_s=LOADING_S)["phase"] == "ready"


def inline_params(line, character, uri=URI):
    """Parameters of an automatic inline completion."""
    return {**text_params(line, character, uri), "context": {"triggerKind": 2}}


def text_params(line, character, uri=URI):
    """Parameters of a request at a position."""
    return {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}


def titles_of_progress(client):
    """Return the titles of the progress reports so far."""
    values = [note["value"] for note in client.seen("$/progress")]
    return {value["title"] for value in values if "title" in value}
