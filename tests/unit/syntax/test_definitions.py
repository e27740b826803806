import pytest
from hypothesis import given
from hypothesis import strategies as st

from assist_server.syntax.definitions import (
    LANGUAGE_IDS,
    Definition,
    Kind,
    ParameterKind,
    Span,
    find_definition,
)
from assist_server.syntax.languages import LANGUAGES
from assist_server.syntax.parser import SyntaxTree

BY_ID = {language.id: language for language in LANGUAGES}

SOURCES = {
    "python": (
        "@dec(1)\n"
        "class Box(Base):\n"
        "    size: int = 1\n"
        "\n"
        "    async def open(self, a, /, *b, c=2, **d):\n"
        "        yield a\n"
    ),
    "javascript": (
        "class Box { get size() { return 1; } open = async ({ a }, ...b) => { throw new E(); }; }\n"
    ),
    "typescript": (
        "export abstract class Box { @dec() open(this: Box, a?: number): string { return 'x'; } }\n"
    ),
    "tsx": "export const Box = ({ a }: Props) => <b>{a}</b>;\n",
    "go": (
        "package p\n"
        "\n"
        "// Open it.\n"
        "func (b *Box) Open(a, c int, d ...string) error {\n"
        "\treturn nil\n"
        "}\n"
    ),
    "rust": "impl Box { #[inline] fn open(&self, a: u8) -> Result<u8, E> { panic!() } }\n",
    "java": "class Box { /** D. */ @A int open(int a, String... b) throws E { throw new F(); } }\n",
    "c": (
        "static char *open(const char *a, int (*b)(int), ...) { return 0; }\n"
        "struct box { int a; };\n"
    ),
    "cpp": "template <class T> struct Box { Box(int a); T open(T &&a = 1) { throw e::F(); } };\n",
    "lua": ("function Box:open(a, ...) return a end\nlocal t = { f = function(b) end }\n"),
}


def find(marked: str, language_id: str = "python") -> Definition | None:
    """The definition at the cursor in a marked text."""
    text = marked.replace("█", "", 1)
    return find_definition(SyntaxTree(text, BY_ID[language_id]), marked.index("█"))


def names(definition: Definition | None) -> list[str]:
    assert definition is not None
    return [parameter.stars + parameter.name for parameter in definition.parameters]


@given(st.sampled_from(sorted(SOURCES)), st.data())
def test_a_found_definition_lies_around_its_own_parts(language_id, data):
    source = SOURCES[language_id]
    cut = data.draw(st.integers(0, len(source)))
    text = data.draw(st.sampled_from([source, source[:cut], source[cut:], "é🐍" + source]))
    offset = data.draw(st.integers(0, len(text)))
    found = find_definition(SyntaxTree(text, BY_ID[language_id]), offset)
    if found is None:
        return
    assert 0 <= found.span.start <= found.header.start <= found.keyword <= found.header.end
    assert found.header.end <= max(found.span.end, found.header.end) <= len(text)
    assert found.name in text or found.name == "default"
    if found.body is not None:
        assert found.header.end <= found.body.start <= found.body.end <= len(text)
        # The same definition is found from its own keyword.
        assert find_definition(SyntaxTree(text, BY_ID[language_id]), found.keyword) == found


def test_every_grammar_is_read():
    assert set(LANGUAGE_IDS) == set(BY_ID) == set(SOURCES)


@pytest.mark.parametrize(
    ("marked", "name"),
    [
        ("█@dec\ndef f(): pass\n", "f"),
        ("@dec(█1)\n@other\ndef f(): pass\n", "f"),
        ("def f(): pass█\n", "f"),
        ("class A:\n█    def f(self):\n        pass\n", "f"),
        ("class A:\n    x = 1█\n    def f(self):\n        pass\n", "A"),
        ("def f():\n    def g(): pass\n    █return g\n", "f"),
        ("def f(a, b=lambda: █1):\n    pass\n", "f"),
        ("def f():\n    pass\n    █\n\nx = 1\n", "f"),
        ("class A:\n    def f(self):\n        pass\n\n    █\n", "A"),
        ("def f():\n    x = 1\n█\n    return x\n", "f"),
        ("ñ = '🐍'\ndef größe(ü): return █ü\n", "größe"),
    ],
)
def test_the_innermost_definition_around_the_cursor(marked, name):
    found = find(marked)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("marked", ["█", "x = 1█\n", "def f():\n    pass\n\n█\nx = 1\n", "def █\n"])
def test_no_definition(marked):
    assert find(marked) is None


def test_the_parameters_of_python():
    found = find("def f(a, b: int, /, c=1, *d: str, e, f: 'x' = 2, **g):█ ...\n")
    assert names(found) == ["a", "b", "c", "*d", "e", "f", "**g"]
    assert found is not None
    kinds = [parameter.kind for parameter in found.parameters]
    positional, keyword = ParameterKind.POSITIONAL_ONLY, ParameterKind.KEYWORD_ONLY
    assert kinds[:3] == [positional, positional, ParameterKind.REGULAR]
    assert kinds[4:6] == [keyword, keyword]
    assert [parameter.annotation for parameter in found.parameters][1:6:2] == ["int", "str", "'x'"]
    assert [parameter.default for parameter in found.parameters][2] == "1"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("def f(self, a)", ["a"]),
        ("@classmethod\n    def f(cls, a)", ["a"]),
        ("@staticmethod\n    def f(a, b)", ["a", "b"]),
        ("def f(this, /, a)", ["a"]),
        ("def f(*args)", ["*args"]),
    ],
)
def test_the_receiver_is_no_parameter(header, expected):
    assert names(find(f"class A:\n    {header}: ...█\n")) == expected


def test_what_python_functions_do():
    found = find("""
async def f(a) -> Iterator[int]:
    def inner(): raise KeyError
    if a: raise ValueError("a")
    try: raise errors.Custom from None
    except Exception as error: raise error
    raise
    yield█ 1
    return None
""")
    assert found is not None
    assert found.raises == ("ValueError", "errors.Custom")
    assert (found.is_async, found.is_generator, found.returns_value) == (True, True, False)
    assert found.returns == "Iterator[int]"


@pytest.mark.parametrize(
    ("source", "returns_value"),
    [
        ("def f(): return 1", True),
        ("def f(): return None", False),
        ("def f(): return", False),
        ("def f(): return lambda: 1", True),
        ("def f(): x = lambda: (yield)", False),
        ("def f() -> int: ...", True),
        ("def f() -> None: return g()", False),
        ("def f() -> t.NoReturn: return g()", False),
        ("def f() -> 'typing.Never': return g()", False),
        ("def f():\n    def g(): return 1", False),
    ],
)
def test_whether_a_value_is_returned(source, returns_value):
    found = find(f"█{source}\n")
    assert found is not None
    assert found.returns_value is returns_value
    assert not found.is_generator


@pytest.mark.parametrize(
    ("body", "documentation"),
    [
        ('    "doc"\n', '"doc"'),
        ('    # c\n\n    r"""doc"""; x = 1\n', 'r"""doc"""'),
        ('    ("doc")\n', '("doc")'),
        ('    "a" "b"\n', '"a" "b"'),
        ('    f"doc"\n', None),
        ('    b"doc"\n', None),
        ('    x = 1\n    "doc"\n', None),
    ],
)
def test_what_a_docstring_is(body, documentation):
    source = f"def f():\n{body}"
    found = find(f"█{source}")
    assert found is not None
    place = found.documentation
    assert (place and source[place.start : place.end]) == documentation


@pytest.mark.parametrize(
    ("source", "is_one_line"),
    [
        ("def f(): pass", True),
        ("def f(): \\\n  pass", True),
        ("def f():\n  pass", False),
        ("def f(): # c\n  pass", False),
        ("class A: x = 1", True),
        ("def f():", False),
    ],
)
def test_bodies_on_the_line_of_the_colon(source, is_one_line):
    found = find(f"█{source}\n")
    assert found is not None
    assert found.has_one_line_body is is_one_line


def test_the_attributes_of_a_class():
    found = find(
        "class A:█\n    a: int\n    b: str = ''\n    _c: int\n    d = 1\n    e: ClassVar[int]\n"
    )
    assert found is not None
    assert [(one.name, one.annotation) for one in found.attributes] == [("a", "int"), ("b", "str")]


@pytest.mark.parametrize(
    ("language_id", "marked", "name", "parameters"),
    [
        ("javascript", "const f = async (a, b = 1) => █a;", "f", ["a", "b"]),
        ("javascript", "foo(() => █1);\n", None, []),
        ("javascript", "const f = 1, g = (a) => █a;", None, []),
        ("javascript", "exports.run = function* (█a) {};", "run", ["a"]),
        ("javascript", "const o = { m: █x => x };", "m", ["x"]),
        ("javascript", "f = █x => x;", "f", ["x"]),
        (
            "javascript",
            "function f({ a, b: c = 1, ...d }, [e], ...g) {█}",
            "f",
            ["options", "values", "*g"],
        ),
        ("javascript", "function f(options, { a }) {█}", "f", ["options", "options2"]),
        ("javascript", "█export default (a) => a;", "default", ["a"]),
        ("typescript", "class A { █@dec() @other m(this: A, a?: number) {} }", "m", ["a"]),
        ("typescript", "declare function █f(a: string): void;", "f", ["a"]),
        ("typescript", "█export type T = { a: number };", "T", []),
        ("tsx", "const A = (props: P) => <b>█{props.x}</b>;", "A", ["props"]),
        ("go", "package p\nfunc (s S) f(_ int, a, b int, c ...T) {█}\n", "f", ["a", "b", "*c"]),
        ("go", "package p\nfunc f(int, string) {█}\n", "f", []),
        ("go", "package p\n█type T struct{}\n", "T", []),
        ("rust", "#[a]\n█#[b]\nfn f(&self, mut a: u8, (b, c): P, _: u8) {}\n", "f", ["a"]),
        ("rust", "impl A { fn f() { let c = |x| █x; } }\n", "f", []),
        ("java", "class A { @B█ void f(final int a, T... b) {} }", "f", ["a", "*b"]),
        ("java", "record R(int a, int b) { █ }", "R", ["a", "b"]),
        ("c", "int f(void) { █ }", "f", []),
        (
            "c",
            "int *f(const char *a, int b[2], int (*c)(int d), void *, ...);█",
            "f",
            ["a", "b", "c", "*..."],
        ),
        ("c", "int (*█pointer)(int a);", None, []),
        ("c", "typedef struct { int a█; } box_t;", "box_t", []),
        ("c", "void f(void) { int x = g(█1); }", "f", []),
        ("cpp", "template <class T> T A<T>::f(T &a, T &&b = 1, T... c) {█}", "f", ["a", "b", "*c"]),
        ("c", "int f(int Py_UNUSED(a), int b) {█}", "f", ["b"]),
        ("c", "int f(char *a, int b = DEFAULT) {█}", "f", ["a", "b"]),  # C++ in a header
        ("c", "bool f(int a, A&&... b) {█ return g(a, b...); }", "f", ["a", "*b"]),
        ("javascript", "function f(_, a, _) {█}", "f", ["_", "a"]),
        ("cpp", "struct A { A(int █a); };", "A", ["a"]),
        ("cpp", "auto f = [](int █a) { return a; };", None, []),
        ("lua", "function a.b:c(d, ...) return █d end", "c", ["d", "*..."]),
        ("lua", "local f = function(a) █ end", "f", ["a"]),
        ("lua", "return { f = function(self, a) █ end }", "f", ["a"]),
    ],
)
def test_other_languages(language_id, marked, name, parameters):
    found = find(marked, language_id)
    assert (found.name if found else None) == name
    assert names(found) == parameters if found else parameters == []


@pytest.mark.parametrize(
    ("language_id", "marked", "kind", "parent"),
    [
        ("python", "class A:\n    def __init__(self): █pass", Kind.CONSTRUCTOR, "A"),
        ("python", "class A:\n    if x:\n        def f(self): █pass", Kind.METHOD, "A"),
        ("python", "class A:\n    def f(self):\n        def g(): █pass", Kind.FUNCTION, None),
        ("javascript", "class A { constructor() {█} }", Kind.CONSTRUCTOR, "A"),
        ("typescript", "interface I { f(): █void }", Kind.METHOD, "I"),
        ("go", "package p\nfunc (s *S[T]) f() {█}", Kind.METHOD, "S"),
        ("rust", "impl<T> A for B<T> { fn f() {█} }", Kind.METHOD, "B"),
        ("rust", "trait█ T {}", Kind.TRAIT, None),
        ("java", "enum E { A; void f() {█} }", Kind.METHOD, "E"),
        ("java", "class A { A() {█} }", Kind.CONSTRUCTOR, "A"),
        ("cpp", "ns::A::A() {█}", Kind.CONSTRUCTOR, "A"),
        ("cpp", "enum class E█ { a };", Kind.ENUM, None),
        ("lua", "function M.f() █ end", Kind.FUNCTION, "M"),
    ],
)
def test_kinds_and_parents(language_id, marked, kind, parent):
    found = find(marked, language_id)
    assert found is not None
    assert (found.kind, found.parent) == (kind, parent)


@pytest.mark.parametrize(
    ("language_id", "marked", "raises"),
    [
        (
            "javascript",
            "function f() { throw new A(); throw e; () => { throw new B() }; █}",
            ("A",),
        ),
        ("java", "class A { void f() throws B, C { throw new D(); █} }", ("B", "C", "D")),
        ("cpp", "void f() { throw std::bad_alloc(); throw; █}", ("std::bad_alloc",)),
        ("rust", 'fn f() { panic!("a"); panic!("b"); █}', ("panic!",)),
        ("go", "package p\nfunc f() { panic(1) █}", ()),
    ],
)
def test_exceptions(language_id, marked, raises):
    found = find(marked, language_id)
    assert found is not None
    assert found.raises == raises


@pytest.mark.parametrize(
    ("language_id", "marked", "documentation"),
    [
        ("javascript", "/** A. */\nexport function f() {█}", "/** A. */"),
        ("javascript", "/** █A. */\nfunction f() {}", "/** A. */"),
        ("javascript", "/** A. */\n\nfunction f() {█}", None),
        ("javascript", "/* A. */\nfunction f() {█}", None),
        ("javascript", "x(); /** A. */\nfunction f() {█}", None),
        ("go", "package p\n\n// A\n// b.\nfunc f() {█}", "// A\n// b."),
        ("go", "package p\n\n//go:noinline\nfunc f() {█}", None),
        ("rust", "/// A\n#[inline]\n/// b.\nfn f() {█}", "/// b."),
        ("rust", "/// A\n/// b.\n#[inline]\nfn f() {█}", "/// A\n/// b."),
        ("c", "int a; ///< of a\nint f() {█}", None),
        ("cpp", "/// A\ntemplate <class T> void f() {█}", "/// A"),
        ("lua", "-- not\n--- A\n-- @param b\nfunction f(b) █ end", "--- A\n-- @param b"),
        ("lua", "function g()\n  --- A\n  local function f(b) █ end\nend", "--- A"),
    ],
)
def test_documentation_comments(language_id, marked, documentation):
    found = find(marked, language_id)
    assert found is not None
    text, place = marked.replace("█", ""), found.documentation
    assert (place and text[place.start : place.end]) == documentation


def test_spans_count_characters():
    text = "# é🐍\n@décor\ndef größe(ü='🐍'):\n    '''doc 🐍'''\n"
    found = find("█".join((text[:8], text[8:])))
    assert found is not None
    assert found.header == Span(text.index("@"), text.index(":\n") + 1)
    assert found.documentation == Span(text.index("'''"), len(text) - 1)
    assert text[found.keyword :].startswith("def größe")
