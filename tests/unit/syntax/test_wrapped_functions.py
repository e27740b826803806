import pytest

from assist_server.syntax.definitions import Definition, find_definition
from assist_server.syntax.languages import LANGUAGES
from assist_server.syntax.parser import SyntaxTree

BY_ID = {language.id: language for language in LANGUAGES}


def find(marked: str, language_id: str) -> Definition | None:
    text = marked.replace("█", "", 1)
    return find_definition(SyntaxTree(text, BY_ID[language_id]), marked.index("█"))


@pytest.mark.parametrize(
    "value",
    [
        "React.memo((a, b) => {█})",
        "memo(function Inner(a, b) {█})",
        "forwardRef((a, b) => {█})",
        "memo(forwardRef((a, b) => {█}))",
        "useCallback((a, b) => {█}, [])",
        "debounce((a, b) => {█}, 100)",
        "_.throttle(function (a, b) {█}, 100)",
        "_.once((a, b) => {█})",
        "observer((a, b) => {█})",
        "asyncHandler(async (a, b) => {█})",
        "connect(state)((a, b) => {█})",
        "function (a, b) {█}.bind(this)",
        "((a, b) => {█})",
        "Object.freeze((a, b) => {█})",
    ],
)
@pytest.mark.parametrize("language_id", ["javascript", "typescript", "tsx"])
def test_a_function_inside_a_call(value, language_id):
    source = f"export const made = {value};\n"
    found = find(source, language_id)
    assert found is not None
    assert (found.name, [one.name for one in found.parameters]) == ("made", ["a", "b"])
    assert found.comment_place == 0


@pytest.mark.parametrize(
    "value",
    [
        "((a, b) => {█}) as Foo",
        "((a, b) => {█}) satisfies Foo",
        "memo<Props>((a, b) => {█})",
        "((a, b) => {█})!",
        "<Foo>((a, b) => {█})",
        "(memo((a, b) => {█}) as unknown) as Foo",
    ],
)
def test_a_function_with_a_type_around_it(value):
    found = find(f"const made = {value};\n", "typescript")
    assert found is not None
    assert [one.name for one in found.parameters] == ["a", "b"]


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("export default memo(function Inner(a, b) {█});\n", "Inner"),
        ("export default memo((a, b) => {█});\n", "default"),
        ("class A { go = debounce((a, b) => {█}, 1); }\n", "go"),
        ("const x = { go: useCallback((a, b) => {█}) };\n", "go"),
        ("module.exports.go = throttle((a, b) => {█});\n", "go"),
    ],
)
def test_other_places_of_a_wrapped_function(source, name):
    found = find(source, "tsx")
    assert found is not None
    assert (found.name, [one.name for one in found.parameters]) == (name, ["a", "b"])


@pytest.mark.parametrize(
    "value",
    ["items.map((a, b) => {█})", "setTimeout((a, b) => {█})", "useMemo((a, b) => {█})", "f(a, b)█"],
)
def test_the_result_of_another_call_is_no_function(value):
    assert find(f"const made = {value};\n", "typescript") is None


@pytest.mark.parametrize("annotation", ["asserts v", "asserts v is string", "asserts this is X"])
def test_an_assertion_returns_nothing(annotation):
    found = find(f"function ok(v: unknown): {annotation} {{█}}\n", "typescript")
    assert found is not None
    assert not found.returns_value


def test_a_type_guard_returns_something():
    found = find("function ok(v: unknown): v is string {█ return true }\n", "typescript")
    assert found is not None
    assert found.returns_value


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("int\nadd(a, b)\n    int a;\n    int b;\n{█ return a; }\n", {"a": "int", "b": "int"}),
        ("int f(a, b) char *a, b[3]; {█}\n", {"a": "char", "b": "char"}),
    ],
)
def test_types_below_the_header(source, expected):
    found = find(source, "c")
    assert found is not None
    assert {one.name: one.annotation for one in found.parameters} == expected
