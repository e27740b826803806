# ruff: noqa: E501 - messages are read best on one line
"""Documentation of whole files, hints, and tab stops, as a client sees them."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from conversation import CAPABILITIES, conversation
from lsp_steps import URI

from assist_server.engine.backend import NullBackend

TEXT = "def f(a, b):\n    return g(a)\n\n\ndef h():\n    return 1\n"
STALE = 'def f(a, size):\n    """Do.\n\n    Args:\n        a: A.\n        sizes: S.\n    """\n    g(a)\n'
EDITS = {"documentChanges": True}
PREVIEW = {**EDITS, "changeAnnotationSupport": {"groupsOnLabel": True}}
SNIPPETS = {**EDITS, "snippetEditSupport": True}


@asynccontextmanager
async def client(edits=EDITS, options=None, text=TEXT, **workspace):
    capabilities = {**CAPABILITIES, "workspace": {"workspaceEdit": edits, **workspace}}
    async with conversation(NullBackend(), options, capabilities) as talk:
        talk.open(text)
        yield talk


async def edited(talk, command, *arguments, is_applied=True):
    """Run a command, answer the server's edit, and return the edit and the command's answer."""
    talk.run(command, command, *arguments)
    asked = await talk.asked("workspace/applyEdit")
    talk.send(id=asked["id"], result={"applied": is_applied})
    return asked["params"]["edit"], await talk.answer(command)


def test_a_file_is_documented_by_one_edit_with_progress():
    async def play():
        async with client() as talk:
            edit, answer = await edited(talk, "assist.documentAll", URI)
            values = [
                one["params"]["value"] for one in talk.messages if one.get("method") == "$/progress"
            ]
        (change,) = edit["documentChanges"]
        assert [one["range"]["start"]["line"] for one in change["edits"]] == [0, 4]
        assert change["textDocument"]["version"] == 1
        assert answer["result"]["documented"] == ["f", "h"]
        assert answer["result"]["placeholders"] == edit["documentChanges"][0]["edits"][0][
            "newText"
        ].count("TODO")
        own = [
            one for one in values if one.get("title") == "Documenting the file" or "message" in one
        ]
        assert own[0]["cancellable"] is True
        assert [one["percentage"] for one in own if one.get("message") in {"f", "h"}] == [0, 50]

    asyncio.run(play())


def test_a_client_with_annotations_shows_the_edits_and_may_apply_none():
    async def play():
        async with client(PREVIEW) as talk:
            edit, answer = await edited(talk, "assist.documentAll", URI, is_applied=False)
        (annotation,) = edit["changeAnnotations"].values()
        assert annotation == {"label": "Documentation of 2 definitions", "needsConfirmation": True}
        assert all("annotationId" in one for one in edit["documentChanges"][0]["edits"])
        assert answer["result"]["applied"] is False

    asyncio.run(play())


def test_nothing_to_document_is_said_in_one_sentence():
    async def play():
        async with client(text="x = 1\n") as talk:
            talk.run(1, "assist.documentAll", URI)
            return (await talk.answer(1))["error"]["message"]

    assert "Every public definition of this file is documented" in asyncio.run(play())


def test_placeholders_are_tab_stops_where_the_client_has_them():
    async def play(edits):
        async with client(edits, text="def f(a):\n    while a:\n        d(a.e)\n") as talk:
            start = {"line": 0, "character": 4}
            edit, _ = await edited(talk, "assist.document", URI, start)
        return edit["documentChanges"][0]["edits"][0]

    snippet = asyncio.run(play(SNIPPETS))
    assert snippet["snippet"]["kind"] == "snippet"
    assert snippet["range"]["start"] == snippet["range"]["end"] == {"line": 1, "character": 0}
    assert snippet["snippet"]["value"].startswith('    """${1:TODO: describe}.\n')
    assert asyncio.run(play(EDITS))["newText"].startswith('\n    """TODO: describe.\n')


@pytest.mark.parametrize("is_on", [True, False])
def test_hints_are_off_by_default_and_have_a_quick_fix(is_on):
    async def play():
        options = {"documentation": {"hints": True}} if is_on else None
        async with client(options=options, text=STALE) as talk:
            document = {"uri": URI}
            talk.ask(1, "textDocument/diagnostic", textDocument=document)
            report = (await talk.answer(1))["result"]
            assert report["kind"] == "full"
            if not is_on:
                assert report["items"] == []
                return
            (hint,) = report["items"]
            assert hint["severity"] == 4
            assert hint["range"]["start"] == {"line": 5, "character": 8}
            assert (hint["code"], hint["source"]) == ("renamed-parameter", "assist-server")
            context = {"diagnostics": [hint], "only": ["quickfix"]}
            talk.ask(
                2,
                "textDocument/codeAction",
                textDocument=document,
                range=hint["range"],
                context=context,
            )
            (fix,) = (await talk.answer(2))["result"]
            assert (fix["title"], fix["kind"]) == ("Update documentation of f", "quickfix")
            call = fix["command"]
            edit, _ = await edited(talk, call["command"], *call["arguments"])
            (change,) = edit["documentChanges"][0]["edits"]
            assert change["newText"] == "size"

    asyncio.run(play())


def test_a_changed_setting_lets_the_client_ask_again():
    async def play():
        async with client(diagnostics={"refreshSupport": True}) as talk:
            settings = {"assist": {"documentation": {"hints": True}}}
            talk.notify("workspace/didChangeConfiguration", settings=settings)
            assert await talk.asked("workspace/diagnostic/refresh")

    asyncio.run(play())


def test_the_file_action_is_offered_beside_the_one_for_a_definition_or_when_asked_for():
    async def play():
        async with client() as talk:
            shown = []
            for number, (line, only) in enumerate(
                [(0, None), (2, None), (2, ["source"]), (0, ["refactor"])]
            ):
                place = {"line": line, "character": 0}
                context = {"diagnostics": [], **({"only": only} if only else {})}
                talk.ask(
                    number,
                    "textDocument/codeAction",
                    textDocument={"uri": URI},
                    range={"start": place, "end": place},
                    context=context,
                )
                titles = [one["title"] for one in (await talk.answer(number))["result"]]
                shown.append("Document everything in this file" in titles)
            return shown

    assert asyncio.run(play()) == [True, False, True, False]
