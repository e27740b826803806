"""Where a model does not know the language, only who asks gets an answer."""

import pytest
from lsp_steps import run

ELSEWHERE = {
    "gitcommit": "file:///project/.git/COMMIT_EDITMSG",
    "markdown": "file:///project/README.md",
    "javascript": "file:///project/a.js",
}


@pytest.fixture
def of_python(start):
    def begin(**options):
        client = start(answer="answer()", languages=["python"])
        client.initialize(options=options) if options else client.initialize()
        run(client, "assist.status", True)
        return client

    return begin


@pytest.mark.parametrize("language", ELSEWHERE)
def test_it_is_silent_unless_invoked_and_says_why(of_python, language):
    client, uri = of_python(), ELSEWHERE[language]
    client.open(uri, "x = ", language)
    assert client.inline_completion(uri, 0, 4, is_automatic=True) == []
    (why,) = run(client, "assist.why", uri)
    assert why["outcome"] == "the model does not know this language"
    assert "python" in why["detail"]
    (item,) = client.inline_completion(uri, 0, 4)
    assert item["insertText"] == "answer()"


def test_it_speaks_where_it_knows_the_language(of_python):
    client = of_python()
    client.open("file:///a.py", "x = ")
    assert client.inline_completion("file:///a.py", 0, 4, is_automatic=True)


def test_the_status_names_the_languages(of_python):
    status = run(of_python(), "assist.status", True)
    assert status["languages"] == ["python"]
    assert status["message"].endswith("(for Python)")


def test_the_setting_of_an_editor_decides(of_python):
    client = of_python(completion={"languages": {"markdown": True, "*.js": True, "python": False}})
    for language, uri in {**ELSEWHERE, "python": "file:///a.py"}.items():
        client.open(uri, "x = ", language)
    shown = {
        language: bool(client.inline_completion(uri, 0, 4, is_automatic=True))
        for language, uri in {**ELSEWHERE, "python": "file:///a.py"}.items()
    }
    expected = {"gitcommit": False, "markdown": True, "javascript": True, "python": False}
    assert shown == expected


def test_the_setting_of_a_project_decides(start, tmp_path):
    lines = '[completion.languages]\nmarkdown = true\n"*.js" = true\npython = false\n'
    (tmp_path / ".assist.toml").write_text(lines, "utf-8")
    client = start(answer="answer()", languages=["python"])
    client.initialize(root_uri=tmp_path.as_uri())
    run(client, "assist.status", True)
    documents = {**ELSEWHERE, "python": "file:///project/a.py"}
    for language, uri in documents.items():
        client.open(uri, "x = ", language)
    shown = {
        language: bool(client.inline_completion(uri, 0, 4, is_automatic=True))
        for language, uri in documents.items()
    }
    expected = {"gitcommit": False, "markdown": True, "javascript": True, "python": False}
    assert shown == expected
