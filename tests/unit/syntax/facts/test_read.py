# ruff: noqa: E501 - a source is read best on one line
"""Facts of small functions in each language: what guards errors, what is returned and when."""

import pytest

from assist_server.syntax.definitions import find_definitions
from assist_server.syntax.facts.fact import Act, Facts, Guard, ValueKind
from assist_server.syntax.facts.read import read_facts
from assist_server.syntax.languages import language_for
from assist_server.syntax.parser import SyntaxTree


def facts(source: str, language_id: str = "python") -> Facts:
    """The facts of the first function."""
    tree = SyntaxTree(source, language_for(language_id))
    found = [one for one in find_definitions(tree, 0, len(source)) if one.is_callable]
    return read_facts(tree, found[0])


def told(guard: Guard) -> str:
    """A guard in a short form: `+` holds, `-` fails, `^` caught, `?` not known."""
    parts = [f"+{one.code}{f' @{one.element}' * bool(one.element)}" for one in guard.holds]
    parts += [f"-{one.code}{f' @{one.element}' * bool(one.element)}" for one in guard.fails]
    parts += [f"^{name}" for name in guard.caught]
    return " ".join([*parts, *["?"] * (not guard.is_known)])


def failures(body: str, language_id: str = "python") -> list[tuple[str, str, str | None]]:
    return [(one.name, told(one.guard), one.message) for one in facts(body, language_id).failures]


def python(body: str, signature: str = "a, b") -> str:
    lines = "\n".join(f"    {line}" for line in body.split("\n"))
    return f"def f({signature}):\n{lines}\n"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("if a < 0:\n    raise ValueError('too small')", [("ValueError", "+a < 0", "too small")]),
        ("raise ValueError", [("ValueError", "", None)]),
        # another branch
        ("if a:\n    x()\nelse:\n    raise KeyError(b)", [("KeyError", "-a", None)]),
        ("if a:\n    x()\nelif b:\n    raise KeyError", [("KeyError", "+b -a", None)]),
        (
            "if a == 1:\n    x()\nelif a == 2:\n    raise KeyError",
            [("KeyError", "+a == 2", None)],  # the other one says nothing
        ),
        ("if a:\n    x()\nelif b:\n    y()\nelse:\n    raise KeyError", [("KeyError", "-a -b", None)]),
        # nested
        ("if a:\n    if b:\n        raise KeyError", [("KeyError", "+a +b", None)]),
        ("if not (a and b):\n    raise KeyError", [("KeyError", "+not (a and b)", None)]),
        # early returns
        ("if a:\n    return 1\nraise KeyError", [("KeyError", "-a", None)]),
        ("if a:\n    return 1\nif b:\n    raise KeyError", [("KeyError", "+b -a", None)]),
        ("if a:\n    x()\n    return 1\nraise KeyError", [("KeyError", "-a", None)]),
        ("if a:\n    x()\nraise KeyError", [("KeyError", "", None)]),
        ("while a:\n    return 1\nraise KeyError", [("KeyError", "?", None)]),
        ("for x in a:\n    if x.b:\n        return x\nraise KeyError", [("KeyError", "-x.b @x", None)]),
        # loops
        ("for x in a:\n    if not x:\n        raise KeyError", [("KeyError", "+not x @x", None)]),
        ("for x in a:\n    raise KeyError", [("KeyError", "?", None)]),
        # handlers
        ("try:\n    x()\nexcept OSError as e:\n    raise KeyError('no b') from e",
         [("KeyError", "^OSError", "no b")]),
        ("try:\n    raise KeyError\nexcept KeyError:\n    pass", []),
        ("try:\n    x()\n    raise KeyError\nexcept OSError:\n    pass", [("KeyError", "?", None)]),
        # inner functions
        ("def g():\n    if a:\n        raise KeyError\nreturn g", []),
        ("return lambda: g(a)", []),
        # variables
        ("c = b.get(a)\nif c is None:\n    raise KeyError", [("KeyError", "+b.get(a) is None", None)]),
        ("c = 1\nc = 2\nx()\nif c:\n    raise KeyError", [("KeyError", "+c", None)]),
        ("if (c := x()):\n    raise KeyError", [("KeyError", "+c := x()", None)]),
        ("c = open(a)\nif close(c):\n    raise KeyError", [("KeyError", "+close(c)", None)]),
        # messages
        ("raise E(f'no {a} here')", [("E", "", "no {a} here")]),
        ("raise E('one '\n        'two')", [("E", "", "one two")]),
        ("raise E('no %s here' % a)", [("E", "", "no %s here")]),
        ("raise E('no {}'.format(a))", [("E", "", "no {}")]),
        ("raise E(x('not this'))", [("E", "", None)]),
    ],
)  # fmt: skip
def test_failures_in_python(body, expected):
    assert failures(python(body)) == expected


@pytest.mark.parametrize(
    ("language_id", "source", "expected"),
    [
        ("javascript", "function f(a) { if (!a) throw new E('no a'); return 1 }",
         [("E", "+!a", "no a")]),
        ("javascript", "function f(a) { if (a) { return 1 } else { throw new E(`no ${a}`) } }",
         [("E", "-a", "no ${a}")]),
        ("javascript", "function f(a) { return a.map(() => { throw new E() }) }", []),
        ("javascript", "function f(a) { try { throw new E() } catch (e) { } }", []),
        ("javascript",
         "function f(a) { switch (a) { case 1: throw new E(); case 2: throw new F(); default: throw new G() } }",
         [("E", "+a == 1", None), ("F", "+a == 2", None), ("G", "?", None)]),
        ("javascript", "function f(a) { switch (a) { case 1: x(); case 2: throw new F() } }",
         [("F", "?", None)]),
        ("typescript", "class A { f(a: B): void { for (const x of a) { if (!x.b) { throw new E() } } } }",
         [("E", "+!x.b @x", None)]),
        ("java", 'class A { void f(int a) { if (a < 0) { throw new E("neg " + a); } } }',
         [("E", "+a < 0", "neg...")]),
        ("java", "class A { void f(int a) { if (a < 0) return; else throw new E(); } }",
         [("E", "-a < 0", None)]),
        ("cpp", 'void f(int a) { if (!a) { throw std::invalid_argument("no a here"); } }',
         [("std::invalid_argument", "+!a", "no a here")]),
        ("go", 'package p\nfunc f(a int) error { if a < 0 { return errors.New("neg a") }; return nil }',
         [("error", "+a < 0", "neg a")]),
        ("go", "package p\nfunc f() error { if err := g(); err != nil { return err }; return nil }",
         [("error", "+let error = g()", None)]),
        ("go", "package p\nfunc f(a int) int { if a < 0 { return ErrA }; return 0 }", []),
        ("go", 'package p\nfunc f(m M, a int) (int, error) {\n\tv, ok := m[a]\n\tif !ok {\n\t\treturn 0, fmt.Errorf("no %d", a)\n\t}\n\treturn v, nil\n}',
         [("error", "+a not in m", "no %d")]),
        ("rust", 'fn f(a: i32) -> Result<i32, E> { if a < 0 { return Err(E::new("too small")); } Ok(a) }',
         [("Err", "+a < 0", "too small")]),
        ("rust", "fn f(a: Option<i32>) -> Result<i32, E> { match a { None => Err(E), Some(b) => Ok(b) } }",
         [("Err", "+let None = a", None)]),
        ("rust", "fn f(a: O) -> Result<i32, E> { let Some(b) = a else { return Err(E) }; Ok(b) }",
         [("Err", "-let Some(b) = a", None)]),
        ("rust", "fn f(a: P) -> Result<i32, E> { let b = g(a)?; Ok(b) }",
         [("Err", "+let error = g(a)", None)]),
        ("rust", 'fn f(a: i32) { if a > 3 { panic!("too big {}", a) } assert!(a > 0, "not so"); }',
         [("panic!", "+a > 3", "too big {}"), ("panic!", "-a > 0", "not so")]),
        ("rust", "fn f(a: i32) -> i32 { let g = || panic!(); a }", []),
        ("rust", "fn f(a: P) -> io::Result<i32> { x(); g(a) }", [("Err", "+let error = g(a)", None)]),
        ("rust", "fn f(a: P) -> Option<i32> { x(); g(a) }", []),
        ("go", "package p\nfunc f(a P) (int, error) { x(); return g(a) }", [("error", "+let error = g(a)", None)]),
        ("go", "package p\nfunc f(a P) error { return g(a) }", []),
        ("lua", "function f(a) if not a then error('no a here') end end",
         [("error", "+not a", "no a here")]),
        ("lua", "function f(a) assert(a > 0, 'not so') end", [("error", "-a > 0", "not so")]),
        ("lua", "function f(a) local b = assert(g(a)) return b end", [("error", "?", None)]),
        ("lua", "function f(a) return function() error('no') end end", []),
    ],
)  # fmt: skip
def test_failures_elsewhere(language_id, source, expected):
    assert failures(source, language_id) == expected


@pytest.mark.parametrize(
    ("language_id", "source"),
    [
        # what is filled, counted or read further after its first value
        ("python", python("c = []\nfor x in a:\n    c.append(x)\nif c:\n    raise E")),
        ("python", python("c = []\nif c:\n    raise E")),
        ("python", python("c = 0\ndef g():\n    nonlocal c\n    c = 1\ng()\nif c:\n    raise E")),
        ("python", python("c = a.read()\ng()\nd = a.read()\nif c:\n    raise E")),
        ("python", python("c = next(a)\nif c or c.d:\n    raise E")),
        ("python", python("for c in a:\n    c = g(c)\nif c:\n    raise E")),
        ("go", "package p\nfunc f(a []int) error { c := 0; for range a { c++ }; if c > 5 { return ErrA }; return nil }"),
        ("go", "package p\nfunc f(a []int) error { c := 0; if c > 5 { return ErrA }; return nil }"),
        ("java", "class A { void f(int a) { int c = 0; for (int i = 0; i < a; i++) { c++; } if (c > 5) throw new E(); } }"),
        ("java", "class A { void f(int a) { List<B> c = new ArrayList<>(); if (c.isEmpty()) throw new E(); } }"),
        ("rust", "fn f(a: i32) -> Result<i32, E> { let mut c = Vec::new(); if c.is_empty() { return Err(E) } Ok(1) }"),
        ("rust", "fn f(a: i32) -> Result<i32, E> { let mut c = 1; c += 2; if c > 1 { return Err(E) } Ok(1) }"),
        ("javascript", "function f(a) { let c = 0; a.forEach(x => { c += x }); if (c > 3) throw new E() }"),
        ("javascript", "function f(a) { const c = a.next(); a.next(); if (c < 3) throw new E() }"),
    ],
)  # fmt: skip
def test_a_variable_that_may_have_changed_stays_in_the_condition(language_id, source):
    [(_, guard, _)] = failures(source, language_id)
    assert guard.startswith("+c")


@pytest.mark.parametrize(
    ("language_id", "source"),
    [
        # a parameter is assigned before its condition is tested
        ("python", python("a = a * 2\nif a > 10:\n    raise E")),
        ("python", python("a = a.strip()\nif a not in ('r', 'w'):\n    raise E")),
        ("python", python("if a is None:\n    a = 3\nif a is None:\n    raise E")),
        ("python", python("for x in b:\n    if a > 3:\n        raise E\n    a += 1")),
        ("python", python("for a in b:\n    if a:\n        raise E")),
        ("python", python("a.b = 1\nif a.b:\n    raise E")),
        ("python", python("a.pop()\nif not a:\n    raise E")),
        ("javascript", "function f(a) { a.b.pop(); if (!a.b.length) throw new E() }"),
        ("java", "class A { void f(B a) { a.next(); if (a.isEmpty()) throw new E(); } }"),
        ("rust", "fn f(a: B) -> Result<i32, E> { a.pop(); if a.is_empty() { return Err(E) } Ok(1) }"),
        ("lua", "function f(a) a:pop() if a.b then error('no b here') end end"),
        ("python", python("[a, c] = b\nif a>c:\n    raise E")),
        ("javascript", "function f(a) { a = Number(a) * 2; if (a < 0) throw new E() }"),
        ("javascript", "function f(a) { const g = () => { a = 1 }; g(); if (a < 0) throw new E() }"),
        ("rust", "fn f(a: i32) -> Result<i32, E> { let a = a + 1; if a > 3 { return Err(E) } Ok(a) }"),
        ("rust", "fn f(a: i32) { let a = a + 1; assert!(a > 3); }"),
        ("lua", "function f(a) a = a + 1 assert(a > 0, 'not so') end"),
        ("go", "package p\nfunc f(a int) error { a++; if a > 3 { return ErrA }; return nil }"),
        ("go", "package p\nfunc f(a int) error { g(&a); if a > 3 { return ErrA }; return nil }"),
        ("java", "class A { void f(int a) { a--; if (a < 0) { throw new E(); } } }"),
        # loops without a collection, and over keys
        ("python", python("while a:\n    if b:\n        raise E")),
        ("go", "package p\nfunc f(a int) error { for i := 0; i < a; i++ { if i == 3 { return ErrA }; i++ }; return nil }"),
        ("go", "package p\nfunc f(a int) error { for i := 0; i < a; i += 2 { if i == 3 { return ErrA } }; return nil }"),
        ("go", "package p\nfunc f(a []int) error { for i := range a { if i == 3 { return ErrA } }; return nil }"),
        ("java", "class A { void f(int a) { a++; for (int i = 0; i < a; i++) { if (i == 3) throw new E(); } } }"),
        ("java", "class A { void f(int a) { for (int i = 0; i < a; i++) { if (i == 3) throw new E(); a--; } } }"),
        ("javascript", "function f(a) { for (const i in a) { if (i == 3) throw new E() } }"),
        ("javascript", "function f(a) { for (const i in a) { if (i == 3) return } throw new E() }"),
        # jumps before
        ("python", python("for x in a:\n    if x.b:\n        continue\n    if x.c:\n        raise E")),
        ("python", python("for x in a:\n    if x.b:\n        return False\nelse:\n    raise E")),
        ("go", "package p\nfunc f(a []T) error { for _, x := range a { if x.b { continue }; if x.c { return ErrA } }; return nil }"),
        ("java", "class A { void f(List<B> a) { for (B x : a) { if (x.b) break; if (x.c) throw new E(); } } }"),
        ("javascript", "function f(a, b) { switch (a) { case 1: if (b) break; throw new E() } }"),
        # the loop may end before
        ("python", python("for x in a:\n    if x.b:\n        raise E\n    if x.c:\n        break")),
        ("python", python("for x in a:\n    if x.b:\n        raise E\n    if x.c:\n        return")),
        ("go", "package p\nfunc f(a []T) error { for _, x := range a { if x.b { return ErrA }; if x.c { break } }; return nil }"),
        # arms that take some of what is matched
        ("rust", "fn f(a: Option<i32>) -> Result<i32, E> { match a { Some(3) => Ok(1), Some(_) => Err(E), None => Ok(2) } }"),
        ("rust", "fn f(a: Option<i32>) -> Result<i32, E> { match a { None if g() => Ok(1), None => Err(E), Some(_) => Ok(2) } }"),
        # a return at the end of a `try` that takes the error's place
        ("python", python("try:\n    if a:\n        raise E\nfinally:\n    return 5")),
    ],
)  # fmt: skip
def test_conditions_that_do_not_say_it_all_are_marked(language_id, source):
    guards = [one.guard for one in facts(source, language_id).failures]
    assert [one.is_known for one in guards] == [False]


@pytest.mark.parametrize(
    ("language_id", "source", "expected"),
    [
        ("python", python("if a < 0:\n    a = 1\n    raise E"), ["+a < 0"]),
        ("python", python("if a < 0:\n    raise E\na = 1"), ["+a < 0"]),
        ("python", python("try:\n    if a:\n        raise E\nfinally:\n    g()"), ["+a"]),
        ("python", python("if a:\n    return g()\nif a.b:\n    raise E"), ["+a.b -a"]),
        ("python", python("if a:\n    raise E\nraise F"), ["+a", "-a"]),
        ("python", python("if a:\n    raise E\nif b:\n    raise F"), ["+a", "+b"]),
        ("rust", "fn f(a: i32) -> Result<i32, E> { let a = g(a)?; Ok(a) }", ["+let error = g(a)"]),
        ("rust", "fn f(a: i32, b: i32) -> Result<i32, E> { if a < 0 { return Err(E); } if b < 0 { return Err(F); } Ok(1) }",
         ["+a < 0", "+b < 0"]),
        ("rust", "fn f(a: i32) -> P { let g = async move { if a < 0 { return Err(E) } h()?; Ok(1) }; run(g) }", []),
        ("go", "package p\nfunc f(a, b int) error { if a < 0 { return ErrA }; if b < 0 { return ErrB }; return nil }",
         ["+a < 0", "+b < 0"]),
        ("go", "package p\nfunc f(a, b int) error { if a < 0 { return nil }; if b < 0 { return ErrB }; return nil }",
         ["+b < 0 -a < 0"]),
        ("python", python("b.pop()\nx.pop()\nif not a:\n    raise E"), ["+not a"]),
        ("go", "package p\nfunc f(a P) error { b, err := os.Open(a); if err != nil { return err }; return nil }",
         ["+let error = os.Open(a)"]),
        ("java", "class A { void f(int a) { if (a < 0) throw new E(); throw new G(); } }", ["+a < 0", "-a < 0"]),
        ("cpp", "void f(V& v) { for (const X& x : v) { if (x.a) throw E(); } }", ["+x.a @x"]),
        ("python", python('if a == "x  y":\n    raise E'), ['+a == "x  y"']),
        ("go", 'package p\nfunc f(a string) error { if a == "x  y" { return ErrA }; return nil }', ['+a == "x  y"']),
    ],
)  # fmt: skip
def test_conditions_that_are_kept(language_id, source, expected):
    assert [guard for _, guard, _ in failures(source, language_id)] == expected


@pytest.mark.parametrize(
    ("language_id", "source", "message"),
    [
        ("python", python('raise E("no  b")'), "no  b"),
        ("python", python('raise E("""no\n b""")'), None),
        ("javascript", "function f() { throw new E('no  b') }", "no  b"),
    ],
)
def test_a_message_keeps_its_blanks(language_id, source, message):
    assert [said for _, _, said in failures(source, language_id)] == [message]


def results(source: str, language_id: str = "python") -> list[tuple[str, str, str]]:
    found = facts(source, language_id).results
    return [(str(one.kind), one.code, told(one.guard)) for one in found]


@pytest.mark.parametrize(
    ("language_id", "source", "expected"),
    [
        ("python", python("return a"), [("parameter", "a", "")]),
        ("python", python("a = 1\nreturn a"), [("other", "a", "")]),
        ("python", python("if a:\n    return None\nreturn b.c"),
         [("literal", "None", "+a"), ("other", "b.c", "-a")]),
        ("python", python("return a if b else None"),
         [("parameter", "a", "?"), ("literal", "None", "?")]),
        ("python", python("return a == b"), [("test", "a == b", "")]),
        ("python", python("return a == 1 and not b"), [("test", "a == 1 and not b", "")]),
        ("python", python("return a or b"), [("other", "a or b", "")]),
        ("python", python("return Thing(a)"), [("instance", "Thing", "")]),
        ("python", python("return a, b"), [("group", "a, b", "")]),
        ("python", python("def g():\n    return 1\nreturn g"), [("other", "g", "")]),
        ("python", python("yield a\nreturn 1"), []),
        ("javascript", "function f(a) { return this }", [("self", "this", "")]),
        ("javascript", "const f = (a) => a > 1", [("test", "a > 1", "")]),
        ("java", "class A { Object f(B a) { if (a == null) return null; return a; } }",
         [("literal", "null", "+a == null"), ("parameter", "a", "-a == null")]),
        ("c", "int f(char *a) { if (!a) return -1; return 0; }",
         [("literal", "-1", "+!a"), ("literal", "0", "-!a")]),
        ("c", "char *f(char *a) { if (!a) goto end; return a; end: return NULL; }",
         [("parameter", "a", "?"), ("literal", "NULL", "?")]),
        ("cpp", "A &A::f(int a) { return *this; }", [("self", "*this", "")]),
        ("rust", "fn f(a: i32) -> bool { if a > 1 { true } else { false } }",
         [("literal", "true", "+a > 1"), ("literal", "false", "-a > 1")]),
        ("go", "package p\nfunc f(a int) bool { return a > 1 }", [("test", "a > 1", "")]),
        ("go", "package p\nfunc f(a int) (b int) { if a > 1 { return }; b = 2; return b }", [("other", "b", "-a > 1")]),
        ("c", "int f(int a) { return g < a - 1 > (a); }", [("other", "g < a - 1 > (a)", "")]),
        # assigned under a name with capitals, or together with others
        ("python", "def f(X):\n    X = X + 1\n    return X\n", [("other", "X", "")]),
        ("python", python("x.a, a = 1, 2\nreturn a"), [("other", "a", "")]),
        ("javascript", "function f(a) { [a, b] = g(); return a }", [("other", "a", "")]),
        # a return that takes the place of others
        ("python", python("try:\n    if a:\n        return 1\nfinally:\n    return 5"),
         [("literal", "1", "+a ?"), ("literal", "5", "?")]),
        ("javascript", "function f(a) { try { if (a) { return 1 } } finally { return 5 } }",
         [("literal", "1", "+a ?"), ("literal", "5", "?")]),
        # a macro may return
        ("c", "bool f(int a) { RET(true); return false; }", [("other", "", "?"), ("literal", "false", "?")]),
        ("c", "bool f(int a) { ret(true); return false; }", [("literal", "false", "")]),
        ("cpp", "bool f(int a) { if (a > 1) { RET(true); return false; } }",
         [("other", "", "?"), ("literal", "false", "+a > 1 ?")]),
        ("lua", "function f(a) if a then return nil end return a end",
         [("literal", "nil", "+a"), ("parameter", "a", "-a")]),
    ],
)  # fmt: skip
def test_results(language_id, source, expected):
    assert results(source, language_id) == expected


@pytest.mark.parametrize(
    ("language_id", "source", "name", "expected"),
    [
        ("python", python("if a not in ('r', 'w'):\n    raise E"), "a", {"choices": ("'r'", "'w'")}),
        ("python", python("if a == 1:\n    x(b)\nelif a == 2:\n    y(b)\nelse:\n    raise E"),
         "a", {"choices": ("1", "2")}),
        ("python", python("if a in ('r', 'w'):\n    raise E"), "a", {}),
        ("python", python("if a is None:\n    a = LIMIT\nreturn a + b", "a=None, b=1"), "a",
         {"fallback": "LIMIT", "missing": "None"}),
        ("python", python("a = a or LIMIT\nreturn a + b", "a=None, b=1"), "a", {"fallback": "LIMIT"}),
        ("python", python("if b:\n    a = a or LIMIT\nreturn a + b"), "a", {}),
        ("python", python("open(a)\nreturn b + b"), "a", {"passed_to": "open"}),
        ("python", python("open(x=a)\nreturn b + b"), "a", {"passed_to": "open"}),
        ("python", python("open(a + 1)\nreturn b + b"), "a", {}),
        ("python", python("open(a)\nclose(a)"), "a", {}),
        ("python", python("super().__init__(**a)", "**a"), "a", {"passed_to": "super().__init__"}),
        ("python", python("g = x()\ng.h(a)"), "a", {}),
        ("python", python("x(b)\nreturn y(b)"), "a", {"is_unused": True}),
        ("python", python("raise NotImplementedError"), "a", {}),
        ("python", python("raise NotImplementedError('no')"), "a", {}),
        ("python", python("x(b)\nreturn locals()"), "a", {}),
        ("python", python("x(b)\nreturn f'{a} {b}'"), "a", {}),
        ("python", "def f(\n    a,  # The size of it\n    b,\n):\n    return a + b + a\n", "a",
         {"comment": "The size of it"}),
        ("python", "def f(\n    a,  # mad, mad, world\n    b,\n):\n    return a + b + a\n", "a", {}),
        ("python", python("self.b = b  # how many there are\nself.c = b", "self, b"), "b",
         {"comment": "how many there are"}),
        ("python", python("self.b = b  # noqa: X100\nself.c = b", "self, b"), "b", {}),
        ("python", python("a = g()\nif a is None:\n    a = LIMIT\nreturn a + b"), "a", {}),
        ("javascript", "function f(a, b) { a = g(); a = a || 3; return a + b }", "a", {}),
        ("python", python("a = a.strip()\nif a not in ('r', 'w'):\n    raise E"), "a", {}),
        ("javascript", "function f({ a }, b) { x(b); return y(b) }", "options", None),
        ("javascript", "function f(a, b) { a = a || 3; return a + b }", "a", {"fallback": "3"}),
        ("javascript", "function f(a, b) { a = a || {}; return a + b }", "a", {"fallback": "{}"}),
        ("lua", "function f(a, b) if a == nil then a = {} end return a.c + b end", "a", {"fallback": "{}", "missing": "nil"}),
        ("javascript", "function f(a, b) { a = a || { c: 1 }; return a + b }", "a", {}),
        ("javascript", "function f(a, b) { const c = a || 3; return c + b }", "a", {"fallback": "3"}),
        ("javascript", "function f(a, b) { const c = a || 3; return c + a }", "a", {}),
        ("javascript", "function f(a, b) { const c = a || g(b); return c + b }", "a", {}),
        ("java", "class A { boolean f(boolean a, int b) { c = a || B; return c; } }", "a", {}),
        ("lua", "function f(a, b) local c = a or 0 return c + b end", "a", {"fallback": "0"}),
        ("javascript", "function f(...a) { return g(...a) }", "a", {"passed_to": "g"}),
        ("lua", "function f(a, b) a = a or 3 return a + b end", "a", {"fallback": "3"}),
        ("c", "int f(int a, int b) { x(b); return y(b); }", "a", {"is_unused": True}),
    ],
)  # fmt: skip
def test_parameters(language_id, source, name, expected):
    found = facts(source, language_id).parameters.get(name)
    if expected is None:
        assert found is None
        return
    assert found is not None
    plain = {"choices": (), "fallback": None, "missing": "", "passed_to": None,
             "is_unused": False, "comment": None}  # fmt: skip
    assert {key: getattr(found, key) for key in plain} == {**plain, **expected}


@pytest.mark.parametrize(
    ("language_id", "source", "expected"),
    [
        ("python", "def f(self):\n    return self._a\n", [(Act.RETURN, "self._a")]),
        ("python", "def f(self, a):\n    self._a = a\n", [(Act.SET, "self._a = a")]),
        ("python", "def f(self, a):\n    b = a\n", []),
        ("python", "def f(self):\n    pass\n", []),
        ("python", "def f(a):\n    if a:\n        g()\n", []),
        ("python", "def f(a):\n    g(a)\n    return h(a)\n", [(Act.CALL, "g(a)"), (Act.RETURN, "h(a)")]),
        ("python", "def f(a):\n    g(a)\n    h(a)\n    i(a)\n    j(a)\n", []),
        ("python", f"def f(a):\n    return {'a + ' * 30}a\n", []),
        ("javascript", "const f = a => g(a)", [(Act.RETURN, "g(a)")]),
        ("javascript", "const f = a => ({ b: a })", []),
        ("javascript", "class A { set b(c) { this.c = c } }", [(Act.SET, "this.c = c")]),
        ("go", "package p\nfunc (a A) f() int { return a.b }", [(Act.RETURN, "a.b")]),
        ("rust", "impl A { fn f(&self) -> usize { self.b.len() } }", [(Act.RETURN, "self.b.len()")]),
        ("rust", "fn f(a: i32) -> i32 { if a > 1 { 2 } else { 3 } }", []),
        ("java", "class A { int f() { return this.b; } }", [(Act.RETURN, "this.b")]),
        ("c", "void f(int a) { g(a); }", [(Act.CALL, "g(a)")]),
        ("cpp", "int A::f() const { return b_; }", [(Act.RETURN, "b_")]),
        ("lua", "function f(a) return g(a) end", [(Act.RETURN, "g(a)")]),
    ],
)  # fmt: skip
def test_simple_statements(language_id, source, expected):
    found = facts(source, language_id).statements
    assert [(one.act, one.code) for one in found] == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (python("# Open the file and read it. Slowly.\n\nx()\ny()"), "Open the file and read it."),
        (python("# Open the file and read it.\nx()"), "Open the file and read it."),
        (python("# Open the file and read it.\nx()\ny()"), None),  # about the next statement
        (python("x()\n# Open the file and read it.\n\ny()"), None),
        (python("# TODO: open the file and read it.\n\nx()\ny()"), None),
        (python("# x = open(a, b)\n\nx()\ny()"), None),
        (python("# noqa all of this file\n\nx()\ny()"), None),
        (python("# Copyright by all of us\n\nx()\ny()"), None),
    ],
)
def test_opening_comments(source, expected):
    assert facts(source).comment == expected


def test_a_body_that_does_not_parse_tells_nothing():
    assert facts("def f(a):\n    if a < 0:\n        raise KeyError(\n    x = = 1\n") == Facts()


@pytest.mark.parametrize(
    ("language_id", "source", "is_given"),
    [
        ("rust", "fn f(mut a: S, b: u8) -> S { a.b = b; a }", False),
        ("rust", "fn f(mut a: Vec<u8>) -> Vec<u8> { a.push(1); a }", False),
        ("rust", "fn f(a: &mut S, b: u8) -> &mut S { a.b = b; a }", True),
        ("go", "package p\nfunc F(a, b S) S {\n\ta.B = 1\n\treturn a\n}", False),
        ("go", "package p\nfunc F(a, b *S) *S {\n\ta.B = 1\n\treturn a\n}", True),
        ("go", "package p\nfunc F(a map[int]int) map[int]int {\n\ta[1] = 1\n\treturn a\n}", True),
        ("cpp", "S f(S a, int b) { a.b = b; return a; }", False),
        ("cpp", "S& f(S &a, int b) { a.b = b; return a; }", True),
        ("c", "S *f(S *const a, int b) { a->b = b; return a; }", True),
        ("python", "def f(a, b):\n    a.b = b\n    return a\n", True),
    ],
)
def test_a_copy_that_is_changed_is_not_what_was_given(language_id, source, is_given):
    (found,) = facts(source, language_id).results
    assert (found.kind is ValueKind.PARAMETER) == is_given
