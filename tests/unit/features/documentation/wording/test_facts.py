# ruff: noqa: E501 - a source is read best on one line
"""Documentation written from facts alone, in each language and convention."""

import re

import pytest

from assist_server.context.snapshot import Snapshot
from assist_server.errors import InputError
from assist_server.features.documentation.document import document
from assist_server.settings import DocumentationSettings
from assist_server.text.edits import apply_edits


def written(source: str, language_id="python", **settings) -> str:
    """The documentation of the definition at the last `def`, `fn` or the like (marked by █)."""
    text = source.replace("█", "", 1)
    snapshot = Snapshot("file:///a", "", text, language_id)
    found = document(
        snapshot, source.index("█"), lambda *_: None, DocumentationSettings(**settings)
    )
    assert apply_edits(text, found.edits) != text
    return found.text


def python(body: str, signature: str = "a, b", **settings) -> str:
    lines = "\n".join(f"    {line}" for line in body.split("\n"))
    return written(f"def f█({signature}):\n{lines}\n", **settings)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("if a < 0: raise E('no')", "E: If `a` is negative."),
        ("if a is None or b is None: raise E", "E: If `a` is `None` or `b` is `None`."),
        ("if not isinstance(a, str): raise E", "E: If `a` is not an instance of `str`."),
        ("if a not in ('r', 'w'): raise E", "E: If `a` is not one of `'r'`, `'w'`."),
        ("if a not in b: raise E", "E: If `a` is not in `b`."),
        ("if len(a) != 2: raise E", "E: If `len(a) != 2`."),
        ("if len(a) != 2: return None\nraise E", "E: If `len(a) == 2`."),
        ("if len(a) != 2: raise E('needs two parts')", "E: If `len(a) != 2` (`needs two parts`)."),
        ("c = x(a, b, 1)\nc = y(c)\nz()\nif c.d: raise E('bad d here')",
         "E: TODO: describe."),
        ("c = x(a, b, 1)\nraise E('bad d here')", "E: With the message `bad d here`."),
        ("if a < 0: raise E\nif b < 0: raise E", "E: If `a` is negative or `b` is negative."),
        ("if a.c: raise E('a is closed')\nif b.c: raise E('b is closed')",
         "E: If `a.c` (`a is closed`), or otherwise if `b.c` (`b is closed`)."),
        ("for c in a:\n    if c.d: raise E('d is bad')\n    if b.e: raise E('e is bad')",
         "E: If `c.d` for some `c` in `a` or `b.e` (`e is bad`)."),
        ("if a: return b\nraise E", "E: Unless `a`."),
        ("c = []\nfor x in a:\n    c.append(x)\nif c: raise E", "E: TODO: describe."),
        ("c = 0\nfor x in a:\n    c += x\nif c > 5: raise E('too many')", "E: TODO: describe."),
        ("for c in a:\n    if c < 0: raise E", "E: If `c` is negative for some `c` in `a`."),
        ("try: x()\nexcept OSError: raise E", "E: On `OSError`."),
        ("try: x()\nexcept OSError: raise E('no such thing')", "E: On `OSError`."),
        ("raise NotImplementedError", "NotImplementedError: Always."),
        ("try: x()\nfinally:\n    raise E", "E: TODO: describe."),
    ],
)  # fmt: skip
def test_exceptions(body, expected):
    assert expected in python(body)


def test_a_parameter_that_can_only_be_empty():
    assert "E: If `a` is empty." in python("if not a: raise E", "a: str, b")
    assert "E: If `not a`." in python("if not a: raise E", "a: int, b")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("if a: return None\nreturn b.c", "`None` if `a`, else `b.c`."),
        ("if a: return True\nreturn False", "`True` if `a`, else `False`."),
        ("for c in a:\n    if c.d: return True\nreturn False",
         "`True` if `c.d` for some `c` in `a`, else `False`."),
        ("if a: return True\nif b:\n    if c: return True\nreturn False",
         "`True` if `a`, or if `b` and `c`."),
        ("x()\ny()\nz()\nreturn a == b", "Whether `a == b`."),
        ("for c in a:\n    if c == 1: return True\n    if c == 2: return False", "TODO describe."),
        ("for c in a:\n    if c == 1: return True\n    if c == 2: break\nreturn False", "TODO describe."),
        ("def later(): return 2\nreturn later", "TODO describe."),
        ("if a not in (1, 2): return b.c\nreturn None", "`b.c` if `a` is not one of `1`, `2`, else `None`."),
        ("if a: return 1\nif b: return 1\nreturn c()", "`1` if `a` or `b`; otherwise `c()`."),
        ("if a: return 1\nif b: return 2\nreturn c()", "`1` if `a`, else `2` if `b`, else `c()`."),
        ("if a: return b == 1", "`b == 1` if `a`."),
        ("c = x(b)\nif a: return c.d\nreturn c", "TODO describe."),  # a local variable
        ("b = x(b)\nreturn b == 1", "TODO describe."),  # not the caller's
        ("x()\ny()\nz()\nreturn Thing(a)", "A new `Thing`."),
        ("x()\ny()\nz()\nreturn a", "The given `a`."),
        ("x()\ny()\nz()\nreturn a[1:2]", "`a[1:2]`."),
        ("c = x()\nc += y()\nreturn f'{c}/{a}'", "TODO describe."),
        ("x()\ny()\nz()\nreturn {'k': a, 'm': b}", "An object with `k`, `m`."),
    ],
)  # fmt: skip
def test_results(body, expected):
    assert f"Returns:\n        {expected}\n" in python(body)


@pytest.mark.parametrize(
    ("language_id", "source"),
    [
        # what is returned has changed
        ("c", "int f█(struct a *a) { a->b ^= 2; g(); h(); i(); return a->b ^ a->c; }"),
        ("go", "package p\nfunc (a *A) f█() string {\n\tif a.b < 3 {\n\t\ta.b++\n\t}\n\treturn a.c()\n}"),
        ("python", "class A:\n    def f█(self, a):\n        if a:\n            self.b += 1\n        return self.c(1)\n"),
        ("java", "class A { B f█(C a) { if (a.d()) { b++; } g(a); h(); k(); return current(); } }"),
        # not all of them fit
        ("python", "def f█(a, b, c, d):\n    if a: return True\n    if b: return True\n    if c: return True\n    if d: return True\n    return False\n"),
        ("python", "def f█(a, b, c, d):\n    if a: return 2\n    if b: return 2\n    if c: return 2\n    if d: return 2\n    return b.d()\n"),
    ],
)  # fmt: skip
def test_a_result_is_told_only_with_all_its_conditions(language_id, source):
    assert re.search(
        r"(?i)returns?:?\s+TODO describe|^// f TODO: describe\.$", written(source, language_id)
    )


@pytest.mark.parametrize(
    ("language_id", "source"),
    [
        ("c", "int f█(char *a) { if (!a) return 0; for (; *a; a++) if (*a == 'x') return 0; return g(*a); }"),
        ("c", "int f█(char *a) { if (!a) return 0; while (*a) a++; return *a == 'x'; }"),
        ("cpp", "bool f█(B *a) { if (!a) return false; int n = g(); return n > 3; }"),
        ("python", "def f█(a, b):\n    if a: return True\n    c = b.d()\n    return c.e\n"),
        ("python", "def f█(a, b):\n    if a: return None\n    for c in b:\n        c.d()\n        return None\n    return b\n"),
        ("java", "class A { B f█(C a) { if (a == null) return null; D d = g(a); if (d.e()) { h(d); return k(d); } return null; } }"),
        ("python", "def f█(a, b):\n    if a: return None\n    c = b.d()\n    c.e()\n    return c.e\n"),
        ("python", "def f█(a, b):\n    if a: return None\n    c = b.d()\n    c.e()\n    return g(c - 1)\n"),
        ("cpp", "bool A::f█() { if (done_) { LOG(FATAL) << 1; return false; } int n = g(); return n > 3; }"),
    ],
)  # fmt: skip
def test_a_value_that_others_may_give_as_well_is_not_told_as_the_only_one(language_id, source):
    text = re.sub(r"\n\s*\*? *", " ", written(source, language_id))
    assert re.search(
        r"(?i)returns?:?\s+(?:`|\{@code )\w+(?:`|\}) if .*, and perhaps in other cases", text
    )


@pytest.mark.parametrize(
    ("language_id", "source", "expected"),
    [
        ("python", "class A:\n    @property\n    def b█(self):\n        return self._c\n",
         '"""The value of `self._c`."""'),
        ("python", "class A:\n    def b█(self, c):\n        self._d = c\n", "Set `self._d` to `c`."),
        ("javascript", "class A { █b() { return this.c() } }", "Returns `this.c()`."),
        ("java", "class A { int █b() { return d; } }", "Returns {@code d}."),
        ("go", "package p\nfunc (a A) B█() int { return a.c }", "// B returns `a.c`."),
        ("go", 'package p\nfunc F█(a int) error { if a < 0 { return errors.New("neg") }; return nil }',
         "// It returns an error if `a` is negative."),
        ("go", "package p\nfunc F█(a B) error { if err := g(a); err != nil { return err }; return nil }",
         "// It returns an error if `g(a)` fails."),
        ("rust", "fn f█(a: u8) -> Result<u8, E> { if a == 3 { return Err(E) } Ok(a) }",
         "/// Returns an error if `a == 3`."),
        ("rust", 'fn f█(a: u8) { if a == 3 { panic!("three") } }', "/// Panics if `a == 3`."),
        ("c", "char *f█(char *a) { if (a == NULL) return NULL; return x(a); }",
         "@return `NULL` if `a` is `NULL`, else `x(a)`."),
        ("cpp", "void f█(int a) { if (a < 0) throw std::range_error(x); }",
         "@throws std::range_error If `a` is negative."),
        ("lua", "function f█(a, b) for _, c in ipairs(a) do if c == b then return true end end return false end",
         "`true` if `c == b` for some `c` in `a`, else `false`."),
        ("lua", "function f█(a, b) for c, d in pairs(a) do if d == c then return true end end return false end",
         "---@return boolean # TODO describe."),
        ("lua", "function f█(a, b) for c in b(a) do if c == b then return true end end return false end",
         "---@return boolean # TODO describe."),
        ("go", "package p\nfunc F█(a []int, b int) bool { for _, c := range a { if c == b { return true } }; return false }",
         "It returns `true` if `c == b` for some `c` in `a`, else `false`."),
        ("lua", "function f█(a) if not a then return end if type(a) == 'table' then error 'no a here' end end",
         "--- Raises an error if `type(a) == 'table'` (`no a here`)."),
        ("lua", "function f█(a) if type(a) == 'string' then return a elseif type(a) == 'table' then error 'no a here' end end",
         "--- Raises an error if `type(a) == 'table'` (`no a here`)."),
        ("lua", "function f█(a) if not a then return end if type(a) == 'boolean' then error 'no a here' end end",
         "--- Raises an error if `a` and `type(a) == 'boolean'`"),
        ("rust", "fn f█(&self, _a: &str) -> B { self.c.d(1) }", "/// * `_a` - Not used."),
        ("lua", "function f█(a) if a == nil then error('no a') end end",
         "--- Raises an error if `a` is `nil`."),
        ("typescript", "function f█(a: string): Box { x(); y(); z(); return new Box(a) }",
         "@returns TODO describe."),  # the signature says it
        ("typescriptreact", "function f█(a) { if (typeof a !== 'string') throw new TypeError(); x(a) }",
         "@throws {@link TypeError} If `a` is not of type `string`."),
    ],
)  # fmt: skip
def test_languages(language_id, source, expected):
    assert expected in written(source, language_id)


@pytest.mark.parametrize(
    ("language_id", "source", "expected"),
    [
        ("rust", 'fn f█(a: A) -> B { match a { A::B => g("b"), A::C => g("c"), A::D => g("d"), A::E => g("e") } }',
         '/// Returns `g("b")` if `a` is `A::B`; `g("c")` if `a` is `A::C`; other results are possible.'),
        ("javascript", "function f█(a) { switch (a) { case 1: return 'b'; case 2: return g(a); default: return h } }",
         "@returns `'b'` if `a == 1`; `g(a)` if `a == 2`; other results are possible."),
        ("rust", "fn f█(a: A) -> char { match a { A::B => '\\u{1}', A::C => '\\u{2}', A::D => '\\u{3}' } }",
         "/// Returns `'\\u{1}'` if `a` is `A::B`; `'\\u{2}'` if `a` is `A::C`; other results are possible."),
        ("go", 'package p\nfunc F█(a bool) (string, error) {\n\tif a {\n\t\treturn "b", nil\n\t}\n\treturn "c", nil\n}',
         'It returns `"b"` if `a`, else `"c"`.'),
        ("go", 'package p\nfunc F█(a bool) (string, error) {\n\tif a {\n\t\treturn "b", nil\n\t}\n\treturn "", g(a)\n}',
         "// F TODO: describe."),
        ("java", "class A { Box f█(C c) { if (c == null) return new Box(0); Box b = g(c); h(b); return b; } }", "@return TODO describe"),
        ("cpp", "bool f█(int a, int *b) { if (a != 1) return false; if (b == nullptr) return true; *b = 2; return true; }",
         "@return `false` if `a != 1`; otherwise `true`."),
        ("cpp", "bool f█(A *a, int b) { if (!a) return false; if (b > 1) return true; return false; }",
         "@return `true` if `a` and `b > 1`; otherwise `false`."),
        ("lua", "function f█(a, b) assert(a ~= nil, 'no such a') g() assert(b ~= nil, 'no such b') end",
         "Raises an error if `a` is `nil` or `b` is `nil`."),
        ("lua", "function f█(a) local b = a[1] if b == nil then b = 0 end assert(type(b) == 'number', 'no such b') a[2] = b end",
         "--- TODO: describe.\n---@param"),
        ("javascript", "function f█(a, b) { if (a.c) return b.d(a); b.e(() => a.f()) }", "@returns TODO describe."),
        ("javascript", "function f█(a, b) { if (a.c) return b.d(a); return b.e() }", "@returns `b.d(a)` if `a.c`, else `b.e()`."),
        ("java", "class A { static <T> L<T> f█() { return (L<T>) LIST; } }", " * TODO: describe."),
        ("python", "class A:\n    def f█(self, a):\n        self.b = 1\n        return self.c(a, 1)\n", "        What `self.c` returns."),
        ("rust", "fn f█(&self, a: A) -> Option<B> { None }", "/// Always returns `None`."),
        ("python", "def f█(a):\n    if a: return Thing(a)\n    b = g(a)\n    return b\n", "A new `Thing` if `a`; other results are possible."),
        ("python", "def f█(a, b):\n    if a: return None\n    if b: return 3\n", "        `3` if `b`, unless `a`; other results are possible."),
        ("python", "def f█(a, b):\n    if a is None: return None\n    c = []\n    for d in b: c += d\n    return [c, a]\n",
         "        `None` if `a` is `None`; other results are possible."),
        ("lua", "function f█(a, b) if type(a) ~= 'table' then return a end local c = {} for d in g(a) do c[d] = b end return c end",
         "@return any # `a` if `type(a) ~= 'table'`; other results are possible."),
    ],
)  # fmt: skip
def test_results_that_are_not_all_told(language_id, source, expected):
    assert expected in written(source, language_id).replace("\n/// ", " ").replace("\n *   ", " ")


@pytest.mark.parametrize(
    ("style", "expected"),
    [("sphinx", "If ``a`` is negative."), ("numpy", "If ``a`` is negative."),
     ("epytext", "If C{a} is negative."), ("google", "If `a` is negative.")],
)  # fmt: skip
def test_code_has_the_marks_of_the_convention(style, expected):
    assert expected in python("if a < 0: raise E", style=style)


@pytest.mark.parametrize(
    "message",
    ["one \\\\ two three", "one `two` three", "one */ two three", 'one ""\'\'" two three'],
)
def test_messages_that_could_break_documentation_are_left_out(message):
    assert "three" not in python(f"x()\nraise E({message!r})").replace("E: TODO: describe.", "")


def test_what_is_unknown_is_left_out_if_wanted():
    body = (
        "x(a + 1)\ny(a + 1)\ny(b + 1)\nx(b + 1)\nif b < 0: raise E\nif b: return None\nreturn c.d"
    )
    assert python(body, unknown="omit") == (
        '"""TODO: describe.\n\n    Returns:\n        `None` if `b`, else `c.d`.\n\n'
        '    Raises:\n        E: If `b` is negative.\n    """'
    )
    numpy = python(body, unknown="omit", style="numpy")
    assert "Parameters" not in numpy
    assert "a" not in numpy.split()
    assert python(
        "x(a + 1)\ny(a + 1)\ny(a + 1)\nb += 1\nz(b)", unknown="omit"
    ) == '"""TODO: describe."""' or (
        python("x(a + 1)\ny(a + 1)\ny(a + 1)\nb += 1\nz(b)", unknown="omit")
        == '"""TODO: describe.\n    """'
    )


@pytest.mark.parametrize("language_id", ["javascript", "c", "rust", "lua"])
def test_what_is_unknown_is_left_out_of_comments(language_id):
    source = {
        "javascript": "function f█(a) { x(a + 1); y(a + 1); z(); x() }",
        "c": "void f█(int a) { x(a + 1); y(a + 1); z(); x(); }",
        "rust": "fn f█(a: u8) { x(a + 1); y(a + 1); z(); x(); }",
        "lua": "function f█(a) x(a + 1) y(a + 1) z() x() end",
    }[language_id]
    text = written(source, language_id, unknown="omit")
    assert text.count("TODO") == 1
    assert " a " not in text
    assert "Arguments" not in text


def test_nothing_is_added_to_documentation_that_says_all_that_is_known():
    source = (
        'def f█(a, b):\n    """Do.\n\n    Args:\n        a: A.\n    """\n    return x(a, b + b)\n'
    )
    with pytest.raises(InputError, match="Nothing is known"):
        written(source, unknown="omit")


def rerun(source: str, language_id: str, writer) -> str:
    """The text after documentation by a writer, at the cursor."""
    text = source.replace("█", "", 1)
    snapshot = Snapshot("file:///a", "", text, language_id)
    found = document(snapshot, source.index("█"), writer, DocumentationSettings())
    return apply_edits(text, found.edits)


REOPENED = {
    "google": ("python", "def f█(a, b):\n    x(a + 1, b + 1, limit)\n    upper(a + 1)\n    y(a + 1)\n    y(b + 1)\n    y(2)\n    return z(b + 1, limit)\n"),
    "sphinx": ("python", "def f█(a, b):\n    x(a + 1, b + 1, limit)\n    upper(a + 1)\n    y(a + 1)\n    y(b + 1)\n    y(2)\n    return z(b + 1, limit)\n"),
    "jsdoc": ("javascript", "function f█(a, b) { x(a + 1, b + 1, limit); upper(a + 1); y(a + 1); y(b + 1); y(2); return z(b + 1, limit) }\n"),
    "javadoc": ("java", "class A {\n\tint f█(int a, int b) { x(a+1, b+1); upper(a+1, limit); y(a+1); y(b+1); y(2); return z(b+1, 1); }\n}\n"),
    "numpy": ("python", "def f█(a, b):\n    x(a + 1, b + 1, limit)\n    upper(a + 1)\n    y(a + 1)\n    y(b + 1)\n    y(2)\n    return z(b + 1, limit)\n"),
    "doxygen": ("c", "int f█(int a, int b) { x(a+1, b+1); upper(a+1, limit); y(a+1); y(b+1); y(2); return z(b+1, 1); }\n"),
}  # fmt: skip


@pytest.mark.parametrize("style", REOPENED)
def test_placeholders_of_an_earlier_run_are_replaced(style):
    language_id, source = REOPENED[style]
    example = {
        "sphinx": 'def e():\n    """E.\n\n    :return: Ok.\n    """\n',
        "numpy": 'def e():\n    """E.\n\n    Returns\n    -------\n    int\n        Ok.\n    """\n',
    }.get(style, "")
    first = rerun(example + source, language_id, lambda *_: None)
    assert first.count("TODO") == 3
    at = first.index(" f(") + 2
    again = f"{first[:at]}█{first[at:]}"
    with pytest.raises(InputError, match="already documented"):
        rerun(again, language_id, lambda *_: None)
    answers = {"b": "the upper limit"}
    second = rerun(again, language_id, lambda _before, _after, one: answers.get(one.subject))
    assert "pper limit" in second
    assert second.count("TODO") == 2
    assert len(second.split("\n")) == len(first.split("\n"))


def test_a_person_s_words_stay_when_placeholders_are_replaced():
    source = (
        'def f█(a, b):\n    """Mine. TODO: describe.\n\n    Args:\n        a: TODO: describe.\n'
        '        b: TODO: describe it soon.\n\n    More of mine.\n    """\n    if a is None:\n'
        "        a = LIMIT\n    return x(a, b, b)\n"
    )
    after = rerun(source, "python", lambda *_: None)
    assert "a: `LIMIT` if `None`." in after
    assert '"""Mine. TODO: describe.' in after
    assert "b: TODO: describe it soon." in after
    assert "More of mine." in after


@pytest.mark.parametrize(
    ("language_id", "source", "expected"),
    [
        ("python", "class A:\n    def b█(self, c):\n        if c < 0: self.d = 1\n        for e in c: e()\n",
         "Set `self.d` to `1` if `c` is negative, and call `e()` for each `e` in `c`."),
        ("python", "class A:\n    def b█(self, c):\n        d = x(c)\n        self.e = d\n        for f in c: f()\n",
         "TODO: describe."),
        ("python", "class A:\n    def __init__█(self, size):\n        self.size = size\n        self.seen = set()\n",
         "Set `self.seen` to `set()`, among other things."),
        ("rust", "fn f█(a: &mut P, b: u8) -> u8 { if b == 3 { return 4; } let c = g() + 1; if c > 3 { a.d = 1; } h(c) }",
         "/// Returns `4` if `b == 3`; other results are possible."),
        ("rust", 'fn f█(a: &P) { g(a.join("themes.bin"), "the set of all themes, as it was"); g(a.join("syntaxes.bin"), "the set of all syntaxes, as it was"); g(a.join("metadata.yaml"), "what is known of them"); }',
         'and `g(a.join("syntaxes.bin"), "the set of all syntaxes, as it was")`, among other\n/// things.'),
        ("cpp", "I *A::f█(T *a, U **b) { if (b != nullptr) { *b = nullptr; } g(a); S s = h(a); k(); if (b != nullptr) { *b = s.t(); } return m; }",
         "Set `*b` if `b` is not `nullptr`, among other things."),
        ("cpp", "void A::f█() { a.g(); b_ = 0; c_ = 0; d_ = 0; e_ = 0; }",
         "Set `b_` to `0`, `c_` to `0` and `d_` to `0`, among other things."),
        ("javascript", "class A { f█(a) { this.b = 1; this.c++; for (const d of a) d() } }",
         "Sets `this.b` to `1`, among other things."),
        ("python", "class A:\n    def f█(self, a):\n        self.b = 1\n        for d in a: self.c = d\n",
         "Set `self.b` to `1`, among other things."),
        ("go", "package p\nfunc (a *A) F█(b B) {\n\ta.c = 1\n\ta.d, a.e = b.f()\n}",
         "// F sets `a.c` to `1`, among other things."),
        ("c", "int f█(struct a *a, int *b) { int e = x(a); e += y(); if (e) return e; *b = a->c; return 0; }",
         "Set `*b` to `a->c` unless it returns earlier."),
        ("c", "void f█(int *a) { *a = 0; g(a); h(a); i(a); j(a); }", "TODO: describe."),
        ("go", "package p\nfunc (a *A) F█(b int) {\n\tif b == a.c {\n\t\ta.d = b\n\t}\n\tgo g()\n\tdefer h()\n}",
         "// F sets `a.d` to `b` if `b == a.c`, among other things."),
        ("rust", 'fn main█() {\n    if let Err(e) = run() {\n        eprintln!("{}", e);\n        std::process::exit(2);\n    }\n}',
         "/// Calls `std::process::exit(2)` if `run()` fails."),
        ("java", "class A { void f█() { seen = false; if (a.b()) { c(); } for (B b : a) { b.c(); } } }",
         "calls {@code b.c()} for each {@code b} in {@code a}."),
        ("javascript", "function f█(a, b) { if (b) { a.push(b) } else { b.clear() } }",
         "Calls `a.push(b)` if `b`, and calls `b.clear()` otherwise."),
        ("javascript", "function f█(a, b) { if (b.c) { a.push(b) } else if (b.d) { b.clear() } }",
         "Calls `a.push(b)` if `b.c`, and calls `b.clear()` otherwise, if `b.d`."),
        ("javascript", "function f█(a, b) { if (b.c) { a.push(b) } else if (b.d) { g(b.d); h() } }",
         "Calls `a.push(b)` if `b.c`, and calls `g(b.d)` and `h()` otherwise, if `b.d`."),
        ("lua", "function f█(a) if a:ok() then M.b = a end g(a) end", "--- Set `M.b` to `a` if `a:ok()`, and call `g(a)`."),
        # with others that have no effect, and in order
        ("python", "class A:\n    def __init__█(self):\n        super().__init__()\n        if not B.c:\n            self._log.warning('no c')\n            return\n        self.d('e', self.f)\n",
         "Call `self.d('e', self.f)` if `B.c`."),
        ("javascript", "function f█(a) { if (a.size >= 3) a.clear(); a.add(1) }",
         "Calls `a.clear()` if `a.size >= 3`, and calls `a.add(1)`."),
        ("c", "void f█(int *a) { a[2] += 3; exit(2); }", "Call `exit(2)`, among other things."),
        ("python", "def f█(a, b):\n    a.c(1)\n    for d in b:\n        try:\n            del a[d]\n        except E:\n            pass\n    return g(a)\n",
         "Call `a.c(1)`, among other things."),
        ("javascript", "function f█(a, b) { a.c(1); for (const d of b) delete a[d] }", "TODO: describe."),
        # one of many, and what only cleans up
        ("java", "class A { void f█() { seen = false; if (a.b()) { c(); } d(); e(); } }", "TODO: describe."),
        ("go", "package p\nfunc F█() {\n\tfor _, a := range all {\n\t\ta()\n\t}\n\tall = nil\n}", "// F TODO: describe."),
        ("go", "package p\nfunc F█() {\n\tfor _, a := range all {\n\t\ta()\n\t}\n\tdone = true\n}",
         "// F calls `a()` for each `a` in `all` and sets `done` to `true`."),
        ("go", "package p\nfunc F█() {\n\tdefer a.Unlock()\n\tdone = true\n}", "// F sets `done` to `true`."),
        ("go", "package p\nfunc F█() {\n\tgo run()\n\tdone = true\n}", "// F sets `done` to `true`, among other things."),
        ("rust", "impl A { fn f█(&mut self) { if self.b() { self.c() } self.d = 1; } }", "/// Sets `self.d` to `1`, among other things."),
        ("c", 'void f█(void) { fprintf(stderr, "one %s of it all\\n", "that is long and that nobody will want to read again, because it is so long"); exit(2); }',
         "Call `exit(2)`, among other things."),
        # set again later: the value is not what remains
        ("python", "class A:\n    def b█(self, c):\n        self.d = 0\n        for e in c: self.d += e.f\n", "TODO: describe."),
        ("python", "class A:\n    def b█(self, c):\n        self.d = 0\n        self.d, self.e = c.f()\n", "TODO: describe."),
        ("python", "class A:\n    def b█(self, c):\n        self.seen = dict()\n        for e in c: self.seen[e] = 1\n", "TODO: describe."),
        ("javascript", "class A { b█(c) { this.d = 0; for (const e of c) this.d += e } }", "TODO: describe."),
        ("java", "class A { void f█() { b = 0; b++; } }", "TODO: describe."),
        ("java", "class A { void f█() { this.b = 0; b++; } }", "TODO: describe."),
        ("c", "void f█(struct a *a) { a->b = 0; a->b++; }", "TODO: describe."),
        ("cpp", "void A::f█(int c) { this->n = 0; n += c; g(); }", "TODO: describe."),
        ("python", "class A:\n    def b█(self, c):\n        if c: self.d = 0\n        else: self.d = 1\n        for e in c: pass\n",
         "Set `self.d` to `0` if `c`, and set `self.d` to `1` otherwise."),
        ("python", "class A:\n    def b█(self, c):\n        if c:\n            self.d = 0\n            return\n        self.d = 1\n        for e in c: pass\n",
         "Set `self.d` to `0` if `c`, and set `self.d` to `1` otherwise."),
        ("c", "void f█(struct a *a, int b) { switch (b) { case 1: { a->c = 1; break; } case 2: a->d = 2; break; } }",
         "Set `a->c` to `1` if `b == 1`, among other things."),
        ("go", "package p\nfunc (a *A) F█(b int) {\n\tswitch b {\n\tcase 1:\n\t\ta.c = 1\n\tcase 2:\n\t\ta.c = 2\n\t}\n}",
         "// F sets `a.c` to `1` if `b == 1`, and sets `a.c` to `2` if `b == 2`."),
        ("go", "package p\nfunc F█(a []int, b int) { a[0] = b }", "// F sets `a[0]` to `b`."),
        ("cpp", "void f█(A &a, int *b) { a.c = 1; b[0] = 2; }", "Set `a.c` to `1` and `b[0]` to `2`."),
        ("python", "class A:\n    def b█(self, c):\n        self.d = c.d\n        c.d = self.d\n", "Set `self.d` to `c.d` and set `c.d`."),
        # a method of what was set is called, or it is passed on
        ("go", "package p\nfunc (a *A) F█(b B) bool {\n\tif a.c == 0 {\n\t\ta.c = 1\n\t}\n\tr := a.last().push(b)\n\treturn r\n}",
         "// F sets `a.c` to `1` if `a.c == 0`, among other things."),
        ("java", "class A { void f█(B b) { this.c = 1; boolean d = list.add(b); if (!d) { g(); } } }", "among other things"),
        ("python", "class A:\n    def b█(self, c):\n        self.d = []\n        for e in c: self.d.append(e)\n", "TODO: describe."),
        ("python", "class A:\n    def b█(self, c):\n        self.d = E(3)\n        for e in c: e(self.d)\n", "TODO: describe."),
        ("python", "class A:\n    def b█(self, c):\n        self.d = c.f\n        for e in c: self.d.append(e)\n", "Set `self.d` to `c.f` and call `self.d.append(e)` for each `e` in `c`."),
        ("javascript", "class A { b█(c) { this.d = []; for (const e of c) this.d.push(e) } }", "TODO: describe."),
        ("cpp", "void f█(A &a, B b) { a.c = b; a.c.g(); h(); i(); }", "TODO: describe."),
        ("cpp", "void f█(A &a, B b) { a.c = 0; g(a.c + 1); h(); }", "Set `a.c` to `0`, and call `g(a.c + 1)` and `h()`."),
    ],
)  # fmt: skip
def test_effects(language_id, source, expected):
    assert expected in written(source, language_id)


@pytest.mark.parametrize(
    ("language_id", "source"),
    [
        ("c", "void f█(struct a a) { int n; a.b = 1; n = 2; g(n); h(n); i(n); j(n); }"),  # by value
        ("go", "package p\nfunc (a A) F█() {\n\ta.b = 1\n\tg()\n\th()\n\ti()\n\tj()\n}"),
        (
            "javascript",
            "function f█(a) { let [b, ...c] = a; c = g(b); b = h(c); for (const d of a) d() }",
        ),
        ("python", "def f█(a):\n    b = g(a)\n    b.c = 1\n    for d in a: d.e = 1\n"),
        ("javascript", "function f█(a) { function g(b) { a.c = b } g(a); for (const d of a) d() }"),
        ("cpp", "void f█() { assert(a > 0); LOG(INFO); for (;;) g(); }"),
        (
            "python",
            "class A:\n    def b█(self, c):\n        self.d[c] = None\n        del self.d[c]\n",
        ),
        ("javascript", "class A { b█(c) { this.d[c] = null; delete this.d[c] } }"),
        # an `else` is no earlier return
        (
            "python",
            "class A:\n    def b█(self, c):\n        d = x(c) + 1\n        if d: d += 1\n        else: self.e = True\n",
        ),
        (
            "rust",
            "impl A { fn f█(&mut self) { let mut b = g() + 1; if b > 1 { b += 1; } else { self.e = true; } } }",
        ),
        # set elsewhere as well
        (
            "cpp",
            "S A::f█(const T& a, B** b) { H c = g(a); h(); if (!c.d()) { *b = nullptr; return S(a, 2); } *b = new B(a); return S(); }",
        ),
        (
            "python",
            "class A:\n    def b█(self, c):\n        d = x()\n        if c: self.e = 1\n        while d: self.e = d.pop()\n",
        ),
        # falls through
        (
            "c",
            "void f█(struct a *a, int b) { switch (b) { case 1: a->c = 1; case 2: a->c = 2; break; } }",
        ),
        ("python", "class A:\n    def b█(self):\n        self.c = self.d = None\n"),
        ("typescript", "class A { b█() { this.c = (this.d = null) } }"),
        # what the caller cannot see
        ("go", "package p\nfunc (a A) F█(b int) { a.c = b }"),
        ("go", "package p\nfunc (self A) F█(b int) { self.c = b }"),
        ("go", "package p\nfunc F█(a A, b int) { a.c = b }"),
        ("go", "package p\nfunc F█(a [3]int, b int) { a[0] = b }"),
        ("go", "package p\nfunc F█(a int) (r int) { r = a + 2; return }"),
        ("cpp", "void f█(A a, int b) { a.c = b; }"),
        ("cpp", "void f█(std::vector<int> a, int b) { a[0] = b; }"),
        ("c", "void f█(struct a *a) { a = a->b; a->c = 3; }"),
        ("python", "def f█(a):\n    a = dict(a)\n    a['b'] = 1\n    return a\n"),
        ("python", "def f█(a):\n    a = None\n"),
        ("python", "class A:\n    def b█(self, c):\n        self.c = c\n        self.c = None\n"),
        # not reached, or not always
        (
            "python",
            "class A:\n    def b█(self, c):\n        with suppress(E):\n            self.d = c[0]\n",
        ),
        ("python", "class A:\n    def b█(self, c):\n        while True: c()\n        self.d = 1\n"),
        ("javascript", "class A { b█(c) { for (;;) { c() } this.d = 1 } }"),
        ("python", "class A:\n    def b█(self, c):\n        raise E\n        self.d = 1\n"),
        (
            "python",
            "class A:\n    def b█(self, c):\n        for d in c:\n            if d.e: self.f = 1\n            if d.g: return\n",
        ),
        # what calls of the system overwrite
        ("c", "bool f█(int *a) { errno = 0; if (g(a)) h(a); return i(a) == 2; }"),
        ("c", "void f█(void) { errno = 0; g(); }"),
        ("cpp", "void f█(int a) { SetLastError(0); if (g(a)) h(a); }"),
        # after a panic
        ("go", 'package p\nfunc F█(a *A) {\n\tpanic("no")\n\ta.b = 1\n\ta.c()\n}'),
        ("rust", 'fn f█(a: &mut A) { unimplemented!("no"); a.b = 1; a.c(); }'),
        ("lua", "function f█(a) error('no') M.b = a g(a) end"),
        ("cpp", "void f█(A *a) { std::abort(); a->b = 1; }"),
        # what every constructor does, and what is only checked
        (
            "python",
            "class A:\n    def __init__█(self, b=C):\n        super().__init__()\n        self.b = b\n",
        ),
        ("cpp", "void A::f█() { mutex_.AssertHeld(); if (b_) { int c = g(b_); } }"),
        # nothing but the words of the name
        ("java", "class A { char lastChar█() { return out.lastChar; } }"),
        ("go", "package p\nfunc (p P) ValueString█() string { return p.flag.Value.String() }"),
        ("rust", "impl A { fn config_dir█(&self) -> &Path { &self.config_dir } }"),
        ("c", "void f█(int a) { UNUSED_P(a); }"),
        ("rust", "impl A { fn detect█(&self) -> Option<B> { self.0 } }"),
        (
            "cpp",
            "void SleepForMicroseconds█(int micros) { std::this_thread::sleep_for(std::chrono::microseconds(micros)); }",
        ),
        ("cpp", "void A::Append█(const A& source) { Internal::Append(this, &source); }"),
        (
            "typescript",
            "function makeQueryClient█() { return new QueryClient({ a: { b: () => 1 } }) }",
        ),
        # nothing but a name is left
        ("javascript", "function f█() { g(this, () => h()) }"),
        ("typescript", "function f█(): A<B> { return ((b: B) => { g(b) }) as A<B> }"),
        ("rust", "fn f█(&mut self) -> Option<A> { self.b.c().map(|d| { e(d); d }) }"),
        ("typescript", "async function f█() { await new Promise((r) => setTimeout(r, 9)) }"),
        ("go", "package p\nfunc F█(a A) B { return g(func(b B) { b.a = a }) }"),
        # a class, what raises an error, an inner function
        ("java", "class A { void f█() { new Thread() { public void run() { g(); } }.start(); } }"),
        ("lua", "function f█(a) error('no good at all') end"),
        ("python", "def f█(a):\n    def later(): return 2\n    later()\n"),
        ("java", "class A { int getSize█() { return this.size; } }"),
        ("python", "class A:\n    def size█(self):\n        return self._size\n"),
    ],
)
def test_what_is_no_effect_or_says_only_the_name(language_id, source):
    assert not {"set", "sets", "call", "calls", "return", "returns"} & set(
        re.findall(r"\w+", written(source, language_id).lower().replace("@return", ""))
    ) - {"returns"}


def test_a_message_of_lua_needs_a_level_after_it():
    source = "function f█(a) if not a then error('no such thing here', {}) end return a end"
    assert "no such thing" not in written(source.replace("{}", "_VERSION"), "lua")
    assert "no such thing" in written(source.replace("{}", "2"), "lua")


def test_what_a_call_changes_is_not_told_of_what_was_before():
    source = "function f█(a, b) table.insert(a, 1, b) return a.n > 1 and b end"
    assert "a.n" not in written(source, "lua").partition("@return")[2]
    assert "a.n" in written(source.replace("insert", "concat"), "lua").partition("@return")[2]


def test_an_error_is_told_once():
    source = 'package p\nfunc F█(a int) error { return errors.New("no good at all") }'
    assert written(source, "go") == '// F returns `errors.New("no good at all")`.'
    body = "for _, x := range a { if x.b { return ErrA } }; return nil"
    found = written(f"package p\nfunc F█(a []T) error {{ {body} }}", "go")
    assert "It returns an error if `x.b` for some `x` in `a`." in found
    assert found.count("x.b") == 1
    found = written("function f█(a) error('no good at all') end", "lua")
    assert found.count("no good at all") == 1
    assert "Raises an error with the message `no good at all`." in found


def test_an_error_that_may_be_any_hides_conditions_that_exclude_others():
    source = "package p\nfunc F█(err error) error {\n\tif err == nil {\n\t\treturn nil\n\t}\n\tif g(err) {\n\t\treturn err\n\t}\n\treturn E{err}\n}"
    assert "It returns an error" not in written(source, "go")


_TWO_ERRORS = "b, err := g(a)\n\tif err != nil {\n\t\treturn nil, err\n\t}\n"


@pytest.mark.parametrize(
    ("language_id", "source", "expected"),
    [
        ("go", f"package p\nfunc F█(a A) (B, error) {{\n\t{_TWO_ERRORS}\terr = h(b, 1)\n\treturn b, err\n}}",
         "It returns an error if `g(a)` fails or `h(b, 1)` fails."),
        ("go", f"package p\nfunc F█(a A) (B, error) {{\n\t{_TWO_ERRORS}\tc := b.c()\n\tc.d()\n\treturn b, c.err\n}}",
         "It returns an error if `g(a)` fails, among other cases."),
        ("go", f"package p\nfunc F█(a A) (c B, err error) {{\n\t{_TWO_ERRORS}\tc, err = h(b, 1)\n\treturn\n}}",
         "It returns an error if `g(a)` fails, among other cases."),
        ("go", "package p\nfunc F█(a A) error {\n\tif err := g(a); err != nil {\n\t\treturn wrap(err)\n\t}\n\treturn nil\n}",
         "It returns an error if `g(a)` fails."),
        ("go", "package p\nfunc F█(a int) error {\n\tif a < 0 {\n\t\treturn errNegative\n\t}\n\treturn nil\n}",
         "It returns an error if `a` is negative."),
        ("go", "package p\nfunc F█(a int) error {\n\tif a < 0 {\n\t\treturn NegativeError(a)\n\t}\n\tg()\n\treturn nil\n}",
         "It returns an error if `a` is negative."),
        ("go", "package p\nfunc F█(a int) error {\n\tif a < 0 {\n\t\treturn ErrA\n\t}\n\tb := g()\n\treturn errors.Join(b...)\n}",
         "It returns an error if `a` is negative, among other cases."),
        ("java", "class A { int f█(B a) throws E { if (a == null) throw new E(g()); return a.b(); } }",
         "@throws E if {@code a} is {@code null}, among other cases"),
        ("java", "class A { int f█(B a) throws E { if (a == null) throw new E(g()); return a.b; } }",
         "@throws E if {@code a} is {@code null}\n"),
        ("java", 'class A { int f█(B a) throws E { int b = g(); b += k(); if (b == 0) throw new E("none were read"); return a.b(b); } }',
         "@throws E TODO: describe\n"),
        ("rust", "fn f█(a: u8) -> Result<u8, E> { if a == 3 { return Err(E) } let b = g(); b }",
         "Returns an error if `a == 3`, among other cases."),
        ("rust", "fn f█(a: &A) -> Result<u8, E> { if a.b(1)? || !a.b(2)? { Ok(1) } else { Ok(2) } }",
         "Returns an error if `a.b(1)` fails, among other cases."),
        ("rust", 'fn f█(a: u8) { if a == 3 { panic!("three") } while g() { panic!("b") } }',
         "Panics if `a == 3`, among other cases."),
    ],
)  # fmt: skip
def test_errors_that_are_not_all_told(language_id, source, expected):
    assert expected in written(source, language_id)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("function f█(a) local b, c = g(a), false if not b then c = true b = h() end return b, c end",
         ["any b", "boolean c"]),
        ("function f█(a) local b = 1 if a then return nil, 'no' end g() return b, 'yes' end",
         ["any b", "string # TODO describe."]),
        ("function f█(a) if a then return end return a.b, a.c end",
         ["any # TODO describe.", "any # TODO describe."]),
        ("function f█(a) for _, b in g(a) do if b == 1 then return true end end return false end",
         ["boolean # TODO describe."]),
        ("function f█(a) if a then return true end g(a) end", ["any # `true` if `a`."]),
        ("function f█(a) local self = g() self.b = a h() return self end", ["any # TODO describe."]),
        ("function f█(a) local b if a then b = 1 end g(a) return b end", ["any # TODO describe."]),
        ("function f█(a) if a:b() then g() end return unpack(a) end", ["any ... # `unpack(a)`."]),
        ("function f█(a) if a then return unpack(a) end return nil, 'no' end",
         ["any ... # `unpack(a)` if `a`, else `nil, 'no'`."]),
        ("function f█(a) g() return a, ... end", ["any a", "any ... # TODO describe."]),
        ("function f█(a) g() h() i() return not a and (a.b == 1) end",
         ["boolean # `not a and (a.b == 1)`."]),
    ],
)  # fmt: skip
def test_each_value_of_lua_has_its_line(source, expected):
    assert re.findall(r"---@return (.*)", written(source, "lua")) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("for c in x(b): a(c.d)", "a: TODO: describe."),
        ("for c in b: a(b, 1)", "a: Called with `b, 1`."),
        ("for c in b: a()", "a: Called without arguments."),
        ("return lambda: a(b, 1)", "a: TODO: describe."),
        ("def g():\n    a(b, 1)\nb(g)", "a: TODO: describe."),
    ],
)
def test_a_parameter_that_is_called(body, expected):
    assert expected in python(body)


@pytest.mark.parametrize(
    ("language_id", "source", "expected"),
    [
        ("python", "def f█(a, b):\n    if b.c: x(a)\n    return b\n", "a: Passed to `x` if `b.c`."),
        ("python", "def f█(a, b):\n    if b.c: return 1\n    x(a)\n    return b\n", "a: Passed to `x` unless `b.c`."),
        ("python", "def f█(a, b):\n    if x(a): return 1\n    return b\n", "a: Passed to `x`."),
        ("python", "def f█(a, b):\n    return b.c and x(a)\n", "a: TODO: describe."),
        ("python", "def f█(a, b):\n    return x(a) and b.c\n", "a: Passed to `x`."),
        ("python", "def f█(a, b):\n    c = 1 if b else x(a)\n    return c\n", "a: TODO: describe."),
        ("python", "def f█(a, b):\n    return [x(a) for c in b]\n", "a: TODO: describe."),
        ("python", "def f█(a, b):\n    return lambda: x(a, b)\n", "a: TODO: describe."),
        ("python", "def f█(a, b):\n    for c in b: x(a)\n", "a: TODO: describe."),
        ("python", "def f█(a, b):\n    for c in x(a): c(b)\n", "a: Passed to `x`."),
        ("python", "class A:\n    def f█(self, *_, **__):\n        x(self)\n", "*_: Not used."),
        ("python", "class A:\n    def f█(self, *_, **__):\n        pass\n", "**__: Not used."),
        ("python", "def f█(_, b):\n    for _, c in b: c()\n", "_: TODO: describe."),
        ("python", "def f█(_a, b):\n    for c in b: c()\n", "_a: TODO: describe."),
        ("javascript", "function f█(_, b) { for (const c of b) c() }", "@param _ - Not used."),
        ("java", "class A { B f█(C a) { return g(d -> { d.e(); return h(a); }); } }", "@param a TODO: describe"),
        ("javascript", "function f█(a, b) { b.c(() => { g(a) }); return b }", "@param a - TODO: describe."),
        ("c", "int f█(int a, int b) { UNUSED_P(a); g(b); return h(b); }", "@param a TODO: describe."),
        ("python", "def f█(a, **b):\n    return a(1, **b)\n", "b: Passed to `a`."),
        ("cpp", "void sleep_for_microseconds█(int us) { g(h::microseconds(us)); h(); }", "@param us TODO: describe."),
        ("c", "int f█(int a, int b) { if (b) return 2; g(a); return h(b); }", "@param a Passed to `g` unless `b`."),
        ("c", "int f█(int a, int b) { if (b) { g(a); } return h(b); }", "@param a Passed to `g` if `b`."),
        ("c", "int f█(int a, int b) { if (b) g(a); return h(b); }", "@param a Passed to `g` if `b`."),
        ("rust", "fn f█(a: A, b: B) -> C { match b { B::C => g(a), _ => h() } }", "* `a` - Passed to `g` if `b` is `B::C`."),
        ("rust", "impl A for B { fn f█(&self, _a: C, d: E) -> Option<B> { None } }", "* `_a` - Not used.\n/// * `d` - TODO: describe."),
        ("rust", "trait A { fn f█(&self, _a: C) -> Option<B> { None } }", "* `_a` - TODO: describe."),
        ("lua", "function f█(_a, b) return b.c end", "---@param _a any Not used."),
        ("lua", "function f█(a, b) if b.c then g(a) end return h(b) end", "---@param a any Passed to `g` if `b.c`."),
        ("javascript", "const f█ = (a, b) => b.c(g(a))", "@param a - Passed to `g`."),
        ("javascript", "const f█ = (a, b) => c => a(b, 1)", "@param a - TODO: describe."),
        ("javascript", "function f█(a, b) { return b?.c(g(a)) }", "@param a - TODO: describe."),
        ("c", "int f█(int a, int b) { int i; for (i = 0; i < b; i = g(a)) h(b); return i; }", "@param a TODO: describe."),
        ("javascript", "function f█(a, b) { const c = b ?? g(a); return c }", "@param a - TODO: describe."),
        ("rust", "fn f█(a: A, b: B) -> Option<C> { let c = g(&b)?; Some(h(a, c)) }", "* `a` - TODO: describe."),
        ("rust", "fn f█(a: A, b: B) -> Option<C> { let c = h(a, 1)?; g(&b); Some(c) }", "* `a` - Passed to `h`."),
    ],
)  # fmt: skip
def test_where_a_parameter_is_passed_to(language_id, source, expected):
    assert expected in written(source, language_id)


@pytest.mark.parametrize(
    ("language_id", "source", "expected"),
    [
        ("python", "def f█(a, b):\n    x(a.c, 1)\n    return b + a.d\n", "a: Only its `c` and `d` are used."),
        ("python", "def f█(a, b):\n    x(a.c, a)\n    return b + b\n", "a: TODO: describe."),
        ("python", "def f█(a, b):\n    x(a.c, a, a.d)\n    return b + b\n", "a: Its `c` and `d` are used."),
        ("typescript", "function f█(a: { c: string, d: string }, b) { x(a.c, a.d); return b + 1 }", "@param a - TODO: describe."),
        ("python", "def f█(a, b):\n    x(a.strip(), a.split())\n    return b + b\n", "a: TODO: describe."),
        # reached in other ways
        ("python", "def f█(a, b):\n    x(a.c, a.d, **locals())\n    return b + b\n", "a: Its `c` and `d` are used."),
        ("python", "def f█(a, b):\n    x(a.c, lambda d=a: d)\n    return b + a.e\n", "a: Its `c` and `e` are used."),
        ("rust", 'fn f█(a: &A, b: u8) -> u8 { info!("{a:?}"); a.c + a.d + b }', "* `a` - Its `c` and `d` are used."),
        ("javascript", "function f█(a, b = a.e) { x(a.c, a.d); return b + 1 }", "@param a - Its `c` and `d` are used."),
        ("javascript", "function f█(a, b) { x(a.c, a.d, arguments); return b + 1 }", "@param a - Its `c` and `d` are used."),
        ("rust", "fn f█(a: (u8, u8), b: u8) -> u8 { a.0 + a.1 + b }", "* `a` - TODO: describe."),
        ("python", "def f█(a, b):\n    x(a.c(), a.c)\n    return b + b\n", "a: Only its `c()` is used."),
        ("python", "def f█(a, b):\n    x(a.c, a.strip())\n    return b + b\n", "a: Only its `c` and `strip()` are used."),
        ("python", "def f█(a, b):\n    return lambda: a.c + b\n", "a: Only its `c` is used."),
        ("python", "def f█(a, b):\n    return x(lambda a: a.c, a + b)\n", "a: TODO: describe."),
        ("python", "def f█(a, b):\n    return x([a.c for a in b], a + b)\n", "a: TODO: describe."),
        ("python", "def f█(a, b):\n    a = x(a)\n    return a.c + b\n", "a: TODO: describe."),
        ("python", "def f█(a, b):\n    x(a.c)\n    a.c = 1\n    return y(b, a.d, a.e)\n", "a: Its `d` and `e` are used, among others."),
        ("python", "def f█(a, b):\n    a.c.d = 1\n    return y(b, a.d, a.e)\n", "a: Its `d` and `e` are used, among others."),
        ("javascript", "function f█(a, b) { x(a.c, a?.d()); return b + 1 }", "@param a - Only its `c` and `d()` are used."),
        ("javascript", "function f█(a, b) { x(b => b.c, b + a.length) }", "@param b - TODO: describe."),
        ("java", "class A { int f█(B a, int b) { return a.c + a.d() + b; } }", "@param a only its {@code c} and {@code d()} are used"),
        ("c", "int f█(struct s *a, int b) { return a->c + a->d + b; }", "@param a Only its `c` and `d` are used."),
        ("cpp", "int f█(A &a, int b) { return a.c() + b; }", "@param a Only its `c()` is used."),
        ("rust", "fn f█(a: &A, b: u8) -> u8 { a.c + a.d() + b }", "* `a` - Only its `c` and `d()` are used."),
        ("lua", "function f█(a, b) x(a.c, a:d()) y(b + 1) end", "---@param a any Only its `c` and `d()` are used."),
        # all fields of a type that the file declares
        ("python", "class A:\n    c: int\n    d: int = 2\n\ndef f█(a: A, b):\n    x(a.c, 1)\n    return b + a.d\n", "a: TODO: describe."),
        ("python", "class A:\n    c: int\n    d: int\n    e: int\n\ndef f█(a: A, b):\n    x(a.c, 1)\n    return b + a.d\n", "a: Only its `c` and `d` are used."),
        ("typescript", "type A = { c: string; d?: string; e: 1 };\nfunction f█(a: Omit<A, 'e'>, b) { x(a.c, a.d); return b + 1 }", "@param a - TODO: describe."),
        ("typescript", "class A { c = 1; private d: string }\nfunction f█(a: A, b) { x(a.c, a.d); return b + 1 }", "@param a - TODO: describe."),
        ("typescript", "interface A { c: string; d(): void }\nfunction f█(a: A, b) { x(a.c); return b + 1 }", "@param a - TODO: describe."),
        ("rust", "struct A { c: u8, pub d: u8 }\nfn f█(a: &A, b: u8) -> u8 { a.c + a.d + b }", "* `a` - TODO: describe."),
        ("c", "struct s { int c, *d; char e[2]; };\nint f█(struct s *a, int b) { return a->c + a->d[0] + a->e[0] + b; }", "@param a TODO: describe."),
        ("cpp", "class A { int c = 1; int d; };\nint f█(A &a, int b) { return a.c + a.d + b; }", "@param a TODO: describe."),
        ("java", "record A(int c, int d) {}\nclass B { int f█(A a, int b) { return a.c + a.d + b; } }", "@param a TODO: describe\n"),
        ("java", "class A { final int c, d = 1; }\nclass B { int f█(A a, int b) { return a.c + a.d + b; } }", "@param a TODO: describe\n"),
        # mentions in comments and strings, and methods called like what reaches all parameters
        ("python", "def f█(a, b):\n    # not an a\n    x(a.c, 'a')\n    return b.eval()\n", "a: Only its `c` is used."),
        ("python", "def f█(a, b):\n    x(a.c, f'{a}', a.d)\n    return b + b\n", "a: Its `c` and `d` are used."),
        ("javascript", "function f█(a, b) { x(a.c, `${a}`, a.d, b.arguments); return b + 1 }", "@param a - Its `c` and `d` are used."),
        ("lua", "function f█(a, b) x(a.c, 'a.e', a:d()) y(b.arguments) end", "---@param a any Only its `c` and `d()` are used."),
        # several uses
        ("python", "def f█(a, b):\n    x(a)\n    y.z(a)\n    return b + b\n", "a: Passed to `x` and `y.z`."),
        ("python", "def f█(a, b):\n    x(a)\n    y.z(a + 1)\n    return b + b\n", "a: TODO: describe."),
        ("python", "def f█(a, b):\n    if b: x(a)\n    y.z(a + 1)\n    return b + b\n", "a: TODO: describe."),
        ("java", "class A extends B { A█(C a) { super(a); this.d = 1 + 1; } }", "@param a passed to {@code super}"),
    ],
)  # fmt: skip
def test_some_uses_of_a_parameter(language_id, source, expected):
    assert expected in written(source, language_id)


def test_a_model_s_phrase_comes_before_some_uses():
    source = "def f█(song, b):\n    return play(song.title, song.artist) + b\n"
    text = source.replace("█", "", 1)
    snapshot = Snapshot("file:///a", "", text, "python")
    answers = {"song": "what to play, with its title and artist"}
    found = document(
        snapshot,
        source.index("█"),
        lambda _before, _after, one: answers.get(one.subject),
        DocumentationSettings(),
    )
    assert "song: What to play, with its title and artist." in found.text


FOUND = "the first `c` in `a` for which `c.d == b`"


@pytest.mark.parametrize(
    ("language_id", "source", "expected"),
    [
        ("python", "def f█(a, b):\n    for c in a:\n        if c.d == b:\n            return c\n    return None\n", f"T{FOUND[1:]}, else `None`."),
        ("python", "def f█(a, b):\n    for c in a:\n        if c.d == b:\n            return c.e\n    return None\n", "TODO describe."),
        ("python", "def f█(a, b):\n    a = g(a)\n    for c in a:\n        if c.d == b:\n            return c\n    return None\n", "TODO describe."),
        ("python", "def f█(a, b):\n    a.sort()\n    for c in a:\n        if c.d == b:\n            return c\n    return None\n", "TODO describe."),
        ("python", "def f█(a, b):\n    for c in a:\n        if c.d == b:\n            c = g(c)\n            return c\n    return None\n", "TODO describe."),
        ("python", "def f█(a, b):\n    for c in a:\n        if c.e: return b\n        if c.d == b:\n            return c\n    return None\n", "TODO describe."),
        ("python", "def f█(a, b):\n    for c in a:\n        if b == 1:\n            return c\n    return None\n", "TODO describe."),
        ("javascript", "function f█(a, b) { for (const c of a) { if (c.d == b) return c } return null }", f"T{FOUND[1:]}, else `null`."),
        ("java", "class A { B f█(B[] a, int b) { for (B c : a) if (c.d == b) return c; return null; } }", "the first {@code c} in {@code a}"),
        ("rust", "fn f█(a: &[A], b: u8) -> Option<&A> { for c in a { if c.d == b { return Some(c); } } None }", f"{FOUND}, else `None`."),
        ("lua", "function f█(a, b) for _, c in pairs(a) do if c.d == b then return c end end return nil end", "Some `c` in `a` for which `c.d == b`, else `nil`."),
        ("go", "package p\nfunc F█(a []A, b int) *A { for _, c := range a { if c.d == b { return c } }; return nil }", "It returns some `c` in `a` for which `c.d == b`, else `nil`."),
        # loops that count
        ("go", "package p\nfunc F█(a []int, b, c int) int { for i := c; i < len(a); i++ { if a[i] == b { return i } }; return -1 }",
         "the first `i` with `c <= i < len(a)` for which `a[i] == b`, else `-1`"),
        ("cpp", "int f█(A &a, int b) { for (size_t i = 0; i < a.size(); ++i) if (a[i].c == b) return i; return -1; }",
         "The first `i` with `0 <= i < a.size()` for which `a[i].c == b`"),
        ("java", "class A { boolean f█(int[] a, int b) { for (int i = 0; i < a.length; i++) { if (a[i] == b) return true; } return false; } }",
         "{@code true} if {@code a[i] == b} for some {@code i} with {@code 0 <= i < a.length}"),
        ("lua", "function f█(a, b) for i = 1, #a do if a[i] == b then return i end end return nil end",
         "The first `i` with `1 <= i <= #a` for which `a[i] == b`, else `nil`."),
        ("javascript", "function f█(a, b) { for (let i = 0; i < a.length; i++) { if (a[i] == b) return i; i++ } return -1 }", "@returns TODO describe."),
        ("javascript", "function f█(a, b) { for (let i = 0; i < a.length && a.c; i++) { if (a[i] == b) return i } return -1 }", "@returns TODO describe."),
        ("javascript", "function f█(a, b) { for (let i = 9; i > 0; i--) { if (a[i] == b) return i } return -1 }", "@returns TODO describe."),
        ("javascript", "function f█(a, b) { for (let i = 0; i < a.length; i++) { if (b) return i } return -1 }", "@returns TODO describe."),
    ],
)  # fmt: skip
def test_what_a_search_returns(language_id, source, expected):
    assert expected in re.sub(r"\n\s*(?:\*|//+|--+)? *", " ", written(source, language_id))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("const c = new Peer(a); c.d = a; return c", "A new `Peer`."),
        ("let c = new Peer(a); if (a) c = null; return c", "TODO describe."),
        ("if (!c) { c = new Peer(a) } return c", "TODO describe."),
        ("if (a) { const c = new Peer(a) } return c", "TODO describe."),
        ("const { c } = new Peer(a); g(c); return c", "TODO describe."),
        ("g(() => { const c = new Peer(a) }); return c", "TODO describe."),
        (
            "if (a.b) { return null } const c = new Peer(a); c.d(a); return c",
            "`null` if `a.b`, else a new `Peer`.",
        ),
    ],
)
def test_a_variable_that_holds_something_new(body, expected):
    assert f"@returns {expected}" in written(f"function f█(a) {{ {body} }}", "javascript")


@pytest.mark.parametrize(
    ("language_id", "source"),
    [
        ("java", 'class A { B f█(C a) { throw new E("no such thing: " + a); } }'),
        ("cpp", "int f█(int a) { g(a); throw E(); }"),
        ("javascript", "function f█() { return b(3) === 2 }"),
    ],
)
def test_a_result_without_an_entry(language_id, source):
    assert not re.search(r"@returns?", written(source, language_id))


@pytest.mark.parametrize(
    ("language_id", "source"),
    [
        ("java", "class A { boolean f█(C a) { fail(a); return false; } static void fail(C a) throws E { throw new E(a); } }"),
        ("java", "class A { boolean f█(C a) { A.fail(a); return false; } static void fail(C a) { g(); throw new E(a); } }"),
        ("python", "def f█(a):\n    fail(a)\n    return False\ndef fail(a):\n    raise E(a)\n"),
        ("javascript", "class A { f█(a) { this.fail(a); return false } fail(a) { throw new E(a) } }"),
    ],
)  # fmt: skip
def test_nothing_is_returned_after_a_call_that_always_throws(language_id, source):
    assert "alse" not in written(source, language_id)


@pytest.mark.parametrize(
    "body", ["{ if (a) throw new E(a); }", "{ if (b) { return; } throw new E(a); }"]
)
def test_a_call_that_may_throw_is_told(body):
    source = "class A { boolean f█(C a) { fail(a); return false; } void fail(C a) BODY }"
    assert "returns {@code false}" in written(source.replace("BODY", body), "java")


@pytest.mark.parametrize(
    ("body", "is_told"),
    [
        ("x()\nyield\ny()", False),
        ("yield a", True),
        ("yield from a", True),
        ("yield\nyield a", True),
    ],
)
def test_only_values_that_are_yielded_have_a_section(body, is_told):
    assert ("Yields:" in python(body)) == is_told


@pytest.mark.parametrize(
    ("language_id", "source", "expected"),
    [
        ("python", "def f█(self, a):\n    old = self.b\n    return self.c(a) - old\n", '"""TODO: describe.'),
        ("python", "def f█(a):\n    b = a.pop()\n    return b if a else None\n", '"""TODO: describe.'),
        ("javascript", "function f█(a) { const b = g(a); return () => b }", "TODO: describe."),
        ("javascript", "function f█(a) { const b = a.b?.c; return b.d }", "TODO: describe."),
        ("lua", "function f█(a) return g(function() return a end, 1) end", "TODO: describe."),
        ("lua", "function f█(a) return setmetatable({}, { b = a, c = function() end }) end", "---@return any # TODO describe."),
    ],
)  # fmt: skip
def test_a_value_that_is_not_told(language_id, source, expected):
    assert expected in written(source, language_id)


# What another class does, a default, an initializer: what seems sure, but is not.
@pytest.mark.parametrize(
    ("language_id", "source", "false"),
    [
        ("java", "abstract class A { abstract void b(); int f█(C a) { if (a == null) { return 0; } b(); return 1; } } class D extends A { void b() { throw new E(); } }", "always"),
        ("javascript", "function f█(a = 5) { const b = a || {}; g(b, b) }", "if not given"),
        ("go", "package p\nfunc (s *S) F█(a *A) {\n\tif s.n = 1; a != nil {\n\t\tg(a)\n\t}\n}", "nothing"),
        ("cpp", "A::~A█() { if (p != nullptr) { g(p); } }", "nothing"),
        ("python", "@singledispatch\ndef f█(a):\n    return a\n", "given"),
        ("python", "@functools.lru_cache(maxsize=2)\ndef f█():\n    return g(B)\n", "g(B)"),
        ("typescript", "function f█(a, b) { return typeof a === 'function' ? a(b) : a }", "Called with"),
        ("javascript", "function f█(a) { if (a == null) { throw new E() } g(a) }", "is `null`"),
        ("go", "package p\nfunc (s *S) F█(a A) {\n\ts.l.Lock()\n\tdefer s.l.Unlock()\n\tdelete(s.b, a)\n}", "Lock"),
        ("lua", "local b\nfunction f█(a)\n  if a then b = 1 end\n  return b, true\nend", "number"),
        ("lua", "function f█(a)\n  for b = 1, 3 do if b == a then return b, a end end\n  b = 'x'\n  return b, a\nend", "string"),
        ("python", "def f█(a: str | None):\n    if not a:\n        raise E\n    g()\n    h()\n", "empty"),
        ("rust", 'fn f█(a: u8) -> u8 { if a > 3 { 4 } else if a > 1 { 3 } else { panic!("no") } }', "else `"),
        ("rust", 'fn f█(a: u8) -> Result<u8, E> { if a > 3 { Ok(a) } else { bail!("no") } }', "bail"),
        ("go", "package p\nfunc F█(a int) (b bool) {\n\tdefer func() { b = false }()\n\tif a > 3 {\n\t\treturn true\n\t}\n\treturn false\n}", "true"),
        ("go", "package p\nfunc F█(a int) (b bool) {\n\tdefer g(&b)\n\treturn a > 3\n}", "whether"),
        ("cpp", "API A::A█(int a) { g(a); h(a); }", "@return"),
        ("cpp", "template <typename T>\nAPI A<T>::~A█() { g(1); h(); }", "@return"),
        ("typescript", "class A extends B { constructor█(private a: string, b: number) { super(b); this.g(b); } }", "Not used"),
    ],
)  # fmt: skip
def test_what_is_not_sure_is_not_said(language_id, source, false):
    assert false not in written(source, language_id)


def test_a_call_of_a_name_like_those_of_logs_is_told():
    told = python("self.login.connect(a)\nfor b in a:\n    g(b)\nself.done = True\n")
    assert "Set `self.done` to `True`." not in told


def test_a_long_chain_of_operators_has_no_type():
    chain = " .. ".join(["a"] * 3_000)
    assert "---@return any" in written(f"function f█(a) return {chain}, 2 end", "lua")


def test_what_others_override_has_a_result():
    assert "Returns:" in written("def f█(a) -> int:\n    raise NotImplementedError\n")


def test_a_macro_in_front_of_the_name_is_no_result():
    assert "@return" not in written("void CALL f█(int a) { g(a); h(a); }", "c")
    assert "@return" not in written("API(void) f█(int a) { g(a); h(a); }", "c")
    assert "@return" in written("void *CALL f█(int a) { g(a); h(a); k(a); return i; }", "c")


@pytest.mark.parametrize(
    ("language_id", "source", "expected"),
    [
        ("python", "class A:\n    def f█(self):\n        for b in self.c: b.close()\n", "Call `b.close()` for each `b` in `self.c`."),
        ("python", "class A:\n    def f█(self, a):\n        for b in a: self.c[b.d] = b\n", "Set `self.c[b.d]` to `b` for each `b` in `a`."),
        ("python", "class A:\n    def f█(self, a):\n        for b in a: self.c = b\n", "TODO: describe."),  # the last remains
        ("python", "def f█(a):\n    for b in a:\n        if b.c: continue\n        b.close()\n", "TODO: describe."),
        ("python", "def f█(a):\n    for b in a:\n        if b.c: return\n        b.close()\n", "TODO: describe."),
        ("python", "def f█(a):\n    for b in a:\n        b.close()\n        if b.c: break\n", "TODO: describe."),
        ("python", "def f█(a):\n    if a.c: return\n    for b in a:\n        b.close()\n", "Do nothing if `a.c`."),
        ("python", "def f█(a):\n    for b in a:\n        for c in b: c.close()\n", "TODO: describe."),
        ("javascript", "function f█(a, n) { for (let i = 0; i < n; i++) a[i].tick(i) }", "Calls `a[i].tick(i)` for each `i` with `0 <= i < n`."),
        ("javascript", "function f█(a) { for (const b in a) b.tick() }", "TODO: describe."),
        ("go", "package p\nfunc (c *C) F█(a []A) {\n\tfor _, b := range a {\n\t\tdelete(c.d, b)\n\t}\n}", "// F calls `delete(c.d, b)` for each `b` in `a`."),
        # the name in other words
        ("go", 'package p\nimport "os"\nfunc removeFiles█(files []A) {\n\tfor _, filename := range files {\n\t\tos.Remove(filename)\n\t}\n}', "// removeFiles TODO: describe."),
        ("go", "package p\nfunc (c *C) Lock█() {\n\tc.Lock()\n}", "// Lock TODO: describe."),
        ("go", "package p\nfunc (c *C) Lock█() {\n\tc.mutex.Lock()\n}", "// Lock calls `c.mutex.Lock()`."),
        ("javascript", "function removeItems█(items) { for (const item of items) remove(item) }", "TODO: describe."),
        ("javascript", "function removeItems█(items) { for (const item of items) this.dropped.push(item) }", "Calls `this.dropped.push(item)` for each `item` in `items`."),
        ("python", "def close_all█(handles):\n    for handle in handles:\n        handle.close()\n", "TODO: describe."),
        ("java", "class A { void f█(List<B> a) { for (B b : a) { b.stop(); } } }", "Calls {@code b.stop()} for each {@code b} in {@code a}."),
        ("lua", "function f█(a) for _, b in ipairs(a) do b:stop() end end", "Call `b:stop()` for each `b` in `a`."),
    ],
)  # fmt: skip
def test_what_is_done_for_each_element(language_id, source, expected):
    assert expected in re.split(r"@param|Args", written(source, language_id))[0]


def test_a_long_headline_tells_the_first_step_in_a_docstring():
    calls = "".join(f"        self.{name * 12}.start(1)\n" for name in "abc")
    found = written(f"class A:\n    def f█(self):\n{calls}")
    assert f"Call `self.{'a' * 12}.start(1)`, among other things." in found


@pytest.mark.parametrize(
    ("language_id", "source", "expected"),
    [
        ("cpp", "void f█(L* a, int b) { if (a != nullptr) { C c; g(c); h(c); } }",
         "Do nothing if `a` is `nullptr`."),
        ("javascript", "function f█(a) { if (a.b !== null) { for (const c of a.b) c() } }",
         "Does nothing if `a.b` is `null`."),
        ("python", "def f█(a):\n    if a is not None:\n        for b in a: b()\n",
         "Do nothing if `a` is `None`."),
        ("python", "def f█(a):\n    if a is not None:\n        for b in a: b()\n    x()\n", "TODO: describe."),
        ("python", "def f█(a):\n    if a is not None:\n        for b in a: b()\n    else: x()\n", "TODO: describe."),
        ("python", "def f█(a):\n    if a() is not None:\n        for b in a: b()\n", "TODO: describe."),
        ("go", "package p\nfunc F█(a A) {\n\tif b := a.c(); b != nil {\n\t\tg(b, 1)\n\t}\n}", "TODO: describe."),
    ],
)  # fmt: skip
def test_a_body_under_one_test(language_id, source, expected):
    assert expected in re.split(r"@param|Args", written(source, language_id))[0]


EARLY = {
    "python": "def f█(a):\n    if not a.b: return\n    c = g()\n    while c: c = h(a, c)\n",
    "javascript": "function f█(a) { if (!a.b) return; const c = g(); c.h(a); for (const d of c) { d.x = a } }",
    "go": "package p\nfunc f█(a A) {\n\tif !a.b {\n\t\treturn\n\t}\n\tc := g()\n\tfor _, d := range c {\n\t\td.x(a, c)\n\t}\n}",
    "rust": "fn f█(a: A) {\n    if !a.b { return; }\n    let c = g();\n    for d in c { d.x(a, c); }\n}",
    "c": "void f█(A *a) { if (!a->b) return; int c = g(); while (c) { c = h(a, c); } }",
    "java": "class A { void f█(B a) { if (!a.b()) { return; } var c = g(); while (c) { c = h(a, c); } } }",
    "lua": "function f█(a) if not a.b then return end local c = g() while c do c = h(a, c) end end",
}  # fmt: skip


@pytest.mark.parametrize("language_id", EARLY)
def test_when_a_function_does_nothing(language_id):
    assert re.search("oe?s? nothing if `?", written(EARLY[language_id], language_id))


@pytest.mark.parametrize(
    "source",
    [
        "def f█(a):\n    if not a.b: return 1\n    c = g()\n    while c: c = h(a, c)\n",
        "def f█(a):\n    c = g()\n    if not c.b: return\n    while c: c = h(a, c)\n",
        "def f█(a):\n    if not a.b: return\n    else: h()\n    c = g()\n    while c: c = h(a, c)\n",
        "def f█(a):\n    if not a.b:\n        h()\n        return\n    c = g()\n    while c: c = h(a, c)\n",
    ],
)
def test_a_function_that_may_do_something(source):
    assert "nothing" not in written(source, "python")


@pytest.mark.parametrize(
    ("language_id", "source", "expected"),
    [
        ("c", "int ZEXPORT f█(A *a) { int b = g(a); b++; if (!b) return -1; if (b > 2) return E_BAD; return 0; }", "@return `-1`, `E_BAD` or `0`."),
        ("c", "int f█(A *a) { int b = g(a); b++; if (!b) return E_BAD; return h(a, b); }", "@return `E_BAD` or what `h` returns."),
        ("c", "int f█(A *a) { int b = g(a); b++; if (!b) return E_BAD; return b; }", "@return TODO describe."),
        ("c", "int f█(A *a) { int (*b)(A *) = g(a); if (k) b = k; if (!b) return E_BAD; return b(a); }", "@return TODO describe."),
        ("python", "def f█(a):\n    b = g(a)\n    b += 1\n    if b: return None\n    return load(b)\n", "`None` or what `load` returns."),
        ("python", "def f█(a):\n    b = g(a)\n    b += 1\n    if b: return None\n    return load(b).c()\n", "TODO describe."),
        ("python", "def f█(a):\n    b = g(a)\n    b += 1\n    if b: return 'x'\n    elif b.c: return 'y'\n", "TODO describe."),
        ("python", "def f█(a):\n    b = g(a)\n    b += 1\n    if b: return True\n    return False\n", "TODO describe."),
        ("javascript", "function f█(a) { return { a, b: 1, c: 2, d: 3, e: 4, g: 5, h: 6 } }", "An object with `a`, `b`, `c`, `d`, `e`, `g`, `h`."),
    ],
)  # fmt: skip
def test_values_without_their_conditions(language_id, source, expected):
    assert expected in written(source, language_id)


@pytest.mark.parametrize(
    ("language_id", "source", "expected"),
    [
        ("typescript", "function f█(a): never { if (a.b !== 'c') { throw new E(`x ${a}`) } throw new E('y') }", "@throws {@link E} Always."),
        ("python", "def f█(a):\n    if a.b: raise E('x')\n    raise E('y')\n", "E: Always."),
        ("python", "def f█(a):\n    if a.b: raise E('the first of')\n    if a.c: raise E('the second of')\n", "E: If `a.b` (`the first of`), or otherwise if `a.c`"),
        ("rust", 'fn f█() -> Result<()> {\n    cargo("clippy --workspace --all-targets --no-deps -- -D warnings", &|_| {})?;\n    Ok(())\n}\n', "Returns an error if `cargo` fails."),
        ("go", 'package p\nfunc F█(a string) (*os.File, error) {\n\tf, err := os.OpenFile(a, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600) // why\n\tif err != nil {\n\t\treturn nil, fmt.Errorf("opening: %w", err)\n\t}\n\tg(f)\n\treturn f, nil\n}', "It returns an error if `os.OpenFile` fails."),
    ],
)  # fmt: skip
def test_errors_that_are_certain_and_calls_that_are_long(language_id, source, expected):
    assert expected in written(source, language_id)


def test_an_error_before_an_effect_is_not_left_out_of_its_conditions():
    source = (
        "local f = function█(a)\n  if b[a] then return end\n  local ok, c = pcall(d, a)\n"
        "  if not ok then error(c, 2) end\n  b[a] = true\nend\n"
    )
    assert "unless" not in written(source, "lua")


@pytest.mark.parametrize(
    ("language_id", "source", "expected", "unexpected"),
    [
        # what is named like a result, and is none
        ("rust", "fn f█(a: A) -> SinkResult<()> { if a.b { return SinkResult::Raw(Kind::A); } g(a) }", "f", "Errors"),
        ("rust", "fn f█(a: A) -> ParseResult<u8> { let b = load(a)?; check(b) }", "if `check(b)` fails or `load(a)` fails", "Ok"),
        ("rust", "fn f█(a: A) -> io::Result<A> { g(1); Wrapped(a) }", "Errors", "`Wrapped` fails"),
        # a condition that does something
        ("cpp", "void f█(const char *a) { if (write(1, a, g(a)) < 0) { } h(a, 2); }", "among other things", "`write(1"),
        # words about a parameter whose type is tested
        ("typescript", "/** @param base - The initial state */\nfunction g(base) {}\n/** @param base - The initial state */\nfunction h(base) {}\nfunction f█(base) { if (typeof base === 'function') return 1; x(base) }", "@param base", "initial"),
        ("typescript", "/** @param base - The initial state */\nfunction g(base) {}\n/** @param base - The initial state */\nfunction h(base) {}\nfunction f█(base) { x(base); y(base) }", "The initial state", "TODO describe"),
        ("go", "package p\nfunc (e ClickMsg) Mouse█() Mouse { return Mouse(e) }", "// Mouse TODO", "returns"),
        ("cpp", "void A::f█(int a) { if (!sb.attach(a)) this->set(1); else this->clear(); }", "`!sb.attach(a)`, and call `this->clear()` otherwise", "if `sb"),
        ("java", 'class A { void f█(B a) { if (a.b()) throw new E("The count of " + a + " is more than " + 2); } }', "of...", "....."),
        # an error that is nil
        ("go", "package p\nfunc (i *V) Set█(s string) error {\n\tv, err := parse(s, 1)\n\tif err != nil {\n\t\treturn err\n\t}\n\t*i.v = v\n\treturn err\n}", "It returns an error if `parse(s, 1)` fails.", "among"),
        ("go", "package p\nfunc (i *V) Set█(s string) error {\n\tv, err := parse(s, 1)\n\tif err != nil {\n\t\treturn err\n\t}\n\terr = i.put(v)\n\treturn err\n}", "i.put", "among"),
        ("go", "package p\nfunc (i *B) V█() map[string]T {\n\tif i.d == nil {\n\t\treturn map[string]T{}\n\t}\n\treturn *i.d\n}", "`map[string]T{}` if `i.d` is `nil`, else `*i.d`", "other results"),
        ("cpp", "API AsV::AsV█(bool kb) : B(g(kb)) { if(kb) { d(1); } else { e(2); } }", "Call `d(1)` if `kb`, and call `e(2)` otherwise.", "@return"),
        # an object of Go, not a package
        ("go", 'package p\nimport "os"\nfunc Panic█(a ...any) { std.Panic(a...) }', "Panic calls `std.Panic(a...)`.", "TODO"),
        # what makes another error of one
        ("rust", "fn f█(a: &[u8]) -> Result<T, E> {\n    let b = from_utf8(a).map_err(|e| E::custom(e.to_string()))?;\n    Ok(T(b))\n}", "Returns an error if `from_utf8(a)` fails.", "map_err"),
        ("rust", 'fn f█(a: &[u8]) -> Result<T, E> {\n    let b = from_utf8(a).with_context(|| format!("in {a}"))?;\n    Ok(T(b))\n}', "Returns an error if `from_utf8(a)` fails.", "context"),
        ("python", "class A:\n    @property\n    def d█(self) -> type:\n        if self.o: return B\n        return dict\n", "`B` if `self.o`, else `dict`", "TODO"),
        # a comment that says what is returned
        ("python", "def f█(a):\n    # Returns the weighted distance of them\n    b = g(a)\n    b += 1\n    return b\n", '"""Return the weighted distance of them.', "Returns the"),
        ("javascript", "function f█(a) {\n  // returns the weighted distance of them\n  let b = g(a)\n  b += 1\n  return b\n}", "* Returns the weighted distance of them.", "* returns"),
        ("javascript", "function f█(a) {\n  // weighted distance of them\n  let b = g(a)\n  b += 1\n  return b\n}", "TODO: describe", "weighted"),
        # what an included file uses
        ("c", 'void f█(int m) {\n#include "u8.h"\n}\n', "@param m TODO", "Not used"),
        # a place that is set in both cases
        ("python", "class A:\n    def converter█(self, meth):\n        d = C(meth, x=True)\n        if self._converter is None:\n            self._converter = d\n        else:\n            self._converter = pipe(self._converter, d)\n        return meth\n", "TODO", "Set"),
        # what others may override
        ("java", "abstract class F { public C conv█(int a) { return null; } }", "@return {@code null}", "always"),
        ("java", "class F { static C conv█(int a) { return null; } }", "@return always {@code null}", "TODO describe"),
        # what never fails
        ("rust", "fn a█(&self, b: u8) -> Result<u8, E> { g(b); Ok(b + 1) }", "returns `Ok(b + 1)`", "Errors"),
        ("rust", "fn a█(&self, b: u8) -> Result<u8, E> { let c = g(b)?; Ok(c + 1) }", "Errors", "Ok("),
        ("go", "package p\nfunc (e *E) GetSpecifiedShortnames█() string { return e.specifiedShorthands }", "TODO", "returns"),
        # a condition of several steps
        ("lua", "function L:close█() if self.f then self.f:flush() self.f:close() self.f = nil end end", "If `self.f`, call", "nil` if"),
        ("javascript", "function f█(a) { if (a.b) { a.c = 1; a.d = 2 } }", "If `a.b`, sets `a.c` to `1` and `a.d` to `2`.", "2` if"),
        # what several handlers are for
        ("python", "def f█(name, g):\n    try:\n        a = yield\n    except BaseException as e:\n        a = Result(None, e)\n    try:\n        g.send(a)\n    except StopIteration:\n        return a\n    except BaseException:\n        warn(name, a)\n        raise\n", "name: TODO", "on `Base"),
        ("python", "def f█(name, g):\n    try:\n        g.send(1)\n    except BaseException:\n        warn(name, g)\n        raise\n", "on `BaseException`", "name: TODO"),
        # what only wraps a value
        ("rust", "fn f█(a: u8) -> Option<u8> { let mut b = g(a); b += 1; if b > 2 { return None; } Some(b) }", "TODO", "what `Some`"),
        ("go", 'package p\nfunc (c *C) F█(a A) error {\n\tb := g(a)\n\tb++\n\tif b > 2 {\n\t\treturn fmt.Errorf("no %d", b)\n\t}\n\treturn nil\n}', "F", "what `fmt"),
        # what is done is in what is left out
        ("java", "class A { void f█(B a) { g(a, C).ifPresent(b -> h(b)); } }", "TODO", "ifPresent"),
        ("cpp", "CLI_INLINE void A::f█(int a) { for (int b = 0; b < a; b++) { g(b, a); h(); } }", "@param a", "@return"),
        ("python", 'def g(a, **kwargs):\n    """Do it.\n\n    Args:\n        a: A.\n        kwargs: Specific arguments.\n    """\n\ndef h(a, **kwargs):\n    """Do it.\n\n    Args:\n        a: A.\n        kwargs: Specific arguments.\n    """\n\ndef f█(**kwargs):\n    x(kwargs, 1)\n', "kwargs: Passed to", "Specific arguments"),
        # functions as values
        ("javascript", "function before█(times, func) { var memo; return function(obj, ...rest) { return func(obj) } }", "A function of `obj` and `...rest`.", "returns TODO"),
        ("python", "def f█(a):\n    def inner(b, c):\n        return a(b)\n    return inner\n", "A function of `b` and `c`.", "Returns:\n        TODO"),
        ("python", "def f█(a):\n    inner = g(a)\n    return inner\n", "TODO", "A function"),
        ("lua", "function f█(a) return function(b) return b + a end end", "A function of `b`.", "any # TODO"),
        # a macro may return
        ("cpp", "int main█(int argc) { A a(1); PARSE_ALL(a, argc); return 0; }", "@param argc", "Always"),
        ("cpp", "int main█(int argc) { A a(1); LOG_ALL(a, argc); return 0; }", "Always `0`", "TODO describe"),
        # what is given up where it is false
        ("c", "void f█(A **a) { assert(a != NULL); g(*a); *a = NULL; }", "`*a` to `NULL`", "assert"),
        ("java", 'class A { A f█(B a) { Validate.isTrue(a != null, "No a!"); return g(h(a, 1)); } }', "@param a", "Validate"),
        ("java", "class A { boolean f█(int a) {\n // If true, it is one. Write nothing.\n return a >= B.C && a <= B.D;\n } }", "whether", "If true"),
        ("lua", "function f█(a) assert(type(a) == 'table', b) for _, c in ipairs(a) do assert(c.d, b) end end", "among other cases", "always"),
        ("go", "package p\nfunc (c *C) Uint16Arg█(name string) uint16 { return arg[uint16](name, c) }", "TODO", "arg["),
        ("cpp", "A *A::f█(F a) { b_ = std::move(a); return this; }", "@param a", "Passed"),
        ("javascript", "class A {\n  /** @param duration - The amount to subtract */\n  minus(duration) { return g(duration) }\n  plus█(duration) { const a = h(duration); return k(a) }\n}", "@param duration", "subtract"),
        ("typescript", "function f█(a: Date, v) { a.setMonth(v, 1); a.setHours(0); return a }", "`a.setMonth(v, 1)` and `a.setHours(0)`, and returns `a`", "`, `"),
        ("c", "local void f█(A *s) { int n; for (n = 0; n < 3; n++) { s->a[n]++; } }", "@param s", "@return"),
    ],
)  # fmt: skip
def test_what_seems_to_be_something_else(language_id, source, expected, unexpected):
    found = written(source, language_id).replace("\n * ", " ")
    assert expected in found
    assert unexpected not in found
