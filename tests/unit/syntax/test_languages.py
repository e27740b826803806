import pytest

from assist_server.syntax.languages import LANGUAGES, PLAIN_TEXT, language_for, load_grammar

SAMPLES = {
    "python": "def f(x):\n    return x\n",
    "javascript": "const f = (x) => <b>{x}</b>;\n",
    "typescript": "const x: number = <number>y;\n",
    "tsx": "const f = (x: number) => <b>{x}</b>;\n",
    "go": "package a\n\nfunc f() {}\n",
    "rust": "fn f<'a>(x: &'a str) {}\n",
    "java": "class A { void f() {} }\n",
    "c": "int f(void) { return 1; }\n",
    "cpp": "template <typename T> T f() { return T(); }\n",
    "lua": "local function f() end\n",
}


@pytest.mark.parametrize(
    ("language_id", "path", "found"),
    [
        ("python", "", "python"),
        ("javascriptreact", "", "javascript"),
        ("typescriptreact", "", "tsx"),
        ("", "src/a.py", "python"),
        ("", "src/A.JAVA", "java"),
        ("", "a.tsx", "tsx"),
        ("", "a.h", "c"),
        ("rust", "a.py", "rust"),
        ("unheard-of", "a.lua", "lua"),
        ("unheard-of", "a.unheard-of", "plaintext"),
        ("", "Makefile", "plaintext"),
        ("", "", "plaintext"),
    ],
)
def test_language_comes_from_the_editor_then_from_the_ending(language_id, path, found):
    assert language_for(language_id, path).id == found


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.id)
def test_each_grammar_parses_its_language(language):
    import tree_sitter  # noqa: PLC0415 - the parser itself, to judge the grammar alone

    tree = tree_sitter.Parser(load_grammar(language.grammar)).parse(SAMPLES[language.id].encode())

    assert not tree.root_node.has_error


def test_each_ending_and_name_means_one_language():
    languages = [*LANGUAGES, PLAIN_TEXT]
    endings = [ending for language in languages for ending in language.extensions]
    names = [name for language in languages for name in language.lsp_ids or (language.id,)]

    assert len(endings) == len(set(endings))
    assert len(names) == len(set(names))
