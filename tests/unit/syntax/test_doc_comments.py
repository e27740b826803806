import pytest

from assist_server.syntax.definitions import Definition, find_definition
from assist_server.syntax.languages import LANGUAGES
from assist_server.syntax.parser import SyntaxTree

BY_ID = {language.id: language for language in LANGUAGES}
HEADERS = {
    "javascript": "function f(a) {}\n",
    "typescript": "export function f(a: X) {}\n",
    "java": "class A {\n@Deprecated\nvoid f(int a) {}\n}\n",
    "c": "int f(int a) { return a; }\n",
    "cpp": "template <class T> int f(T a) { return 1; }\n",
    "go": "func f(a int) {}\n",
    "rust": "#[inline]\nfn f(a: u8) {}\n",
    "lua": "local function f(a) end\n",
}
ORDERS = [
    ("typescript", "// @ts-expect-error"),
    ("typescript", "// @ts-ignore because of that"),
    ("typescript", "/* @ts-ignore */"),
    ("javascript", "// eslint-disable-next-line no-x -- why"),
    ("javascript", "/* eslint-disable-next-line no-x */"),
    ("javascript", "// biome-ignore lint/style: why"),
    ("javascript", "// prettier-ignore"),
    ("javascript", "// deno-lint-ignore no-explicit-any"),
    ("javascript", "// oxlint-disable-next-line"),
    ("javascript", "/* istanbul ignore next */"),
    ("javascript", "// $FlowFixMe[incompatible-type]"),
    ("javascript", "// some-new-tool-ignore: x"),
    ("javascript", "// cspell:disable-next-line"),
    ("java", "//noinspection unused"),
    ("java", "// CHECKSTYLE:OFF"),
    ("java", "// @formatter:off"),
    ("c", "// NOLINTNEXTLINE(readability)"),
    ("cpp", "// NOLINTNEXTLINE"),
    ("cpp", "// cppcheck-suppress unusedFunction"),
    ("cpp", "// clang-format off"),
    ("lua", "---@diagnostic disable-next-line: lowercase-global"),
    ("lua", "-- luacheck: ignore"),
    ("lua", "-- stylua: ignore"),
    ("go", "//go:noinline"),
    ("go", "//go:build linux"),
    ("go", "//nolint:errcheck"),
    ("go", "//lint:ignore U1000 why"),
    ("go", "//export F"),
    ("go", "// +build linux"),
    ("go", "//line foo.go:10"),
]


def find(source: str, language_id: str) -> Definition:
    head = "package p\n\n" if language_id == "go" else ""
    text = head + source
    found = find_definition(SyntaxTree(text, BY_ID[language_id]), text.index("f("))
    assert found is not None
    return found


def text_of(source: str, language_id: str) -> str | None:
    head = "package p\n\n" if language_id == "go" else ""
    place = find(source, language_id).documentation
    return (head + source)[place.start : place.end] if place else None


def header(language_id: str) -> tuple[str, str]:
    """What stands before the definition, and the definition."""
    source = HEADERS[language_id]
    return ("class A {\n", source.partition("\n")[2]) if language_id == "java" else ("", source)


def doc(language_id: str) -> str:
    marks = {"go": "// F it.", "rust": "/// F it.", "lua": "--- F it."}
    return marks.get(language_id, "/** F it. */")


@pytest.mark.parametrize(("language_id", "order"), ORDERS)
def test_a_comment_goes_above_an_order_to_a_tool(language_id, order):
    before, source = header(language_id)
    found = find(f"{before}{order}\n{source}", language_id)
    assert found.documentation is None
    text = ("package p\n\n" if language_id == "go" else "") + f"{before}{order}\n{source}"
    assert text[found.comment_place :].startswith(order)


@pytest.mark.parametrize(("language_id", "order"), ORDERS)
def test_a_comment_above_an_order_is_the_definitions(language_id, order):
    before, source = header(language_id)
    written = doc(language_id)
    assert text_of(f"{before}{written}\n{order}\n{source}", language_id) == written


@pytest.mark.parametrize("language_id", ["javascript", "typescript", "java", "c", "cpp"])
@pytest.mark.parametrize("between", ["// a note\n", "/* a note */\n"])
def test_a_comment_above_a_plain_one_is_the_definitions(language_id, between):
    before, source = header(language_id)
    assert text_of(f"{before}/** F it. */\n{between}{source}", language_id) == "/** F it. */"


@pytest.mark.parametrize(
    ("language_id", "comment", "is_its"),
    [
        ("javascript", "/** F. @param a A. */", True),
        ("java", "/** F. @return it */", True),
        ("c", "/** F. \\param a A. */", True),
        ("rust", "/// F it.", True),
        ("javascript", "/** A file. */", False),
        ("javascript", "/** @typedef {X} Y @param a */", False),
        ("go", "// F it.", False),
        ("lua", "--- F it.", False),
    ],
)
def test_a_blank_line_below_a_comment(language_id, comment, is_its):
    before, source = header(language_id)
    expected = comment if is_its else None
    assert text_of(f"{before}{comment}\n\n{source}", language_id) == expected


@pytest.mark.parametrize(
    ("language_id", "source"),
    [
        ("typescript", "class A {\n  @dec()\n  /** F it. */\n  f(a) {}\n}\n"),
        ("typescript", "@dec()\n/** F it. */\nexport class f { constructor() {} }\n"),
        ("java", "class A {\n  @Deprecated\n  /** F it. */\n  void f(int a) {}\n}\n"),
        ("rust", "#[inline]\n/** F it. */\n#[cold]\nfn f(a: u8) {}\n"),
        ("rust", "/** F it. */\n#[inline] // why\nfn f(a: u8) {}\n"),
    ],
)
def test_a_comment_below_a_decorator_is_the_definitions(language_id, source):
    tree = SyntaxTree(source, BY_ID[language_id])
    found = find_definition(tree, source.index(" f") + 1)
    assert found is not None
    assert found.documentation is not None
    assert source[found.documentation.start : found.documentation.end] == "/** F it. */"


@pytest.mark.parametrize("prose", ["// helps with x", "// see go: it says", "// turn the light on"])
def test_prose_is_no_order(prose):
    found = find(f"{prose}\n{HEADERS['javascript']}", "javascript")
    assert found.comment_place == found.header.start
