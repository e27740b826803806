import pytest

from assist_server.syntax.languages import language_for
from assist_server.syntax.parser import SyntaxTree
from assist_server.syntax.scope import Region, Scope, find_scope


def scope_at(language, marked):
    before, cursor, behind = marked.partition("█")
    assert cursor
    return find_scope(SyntaxTree(before + behind, language_for(language)), len(before))


@pytest.mark.parametrize(
    ("language", "marked", "region"),
    [
        ("python", "x = 'a█b'", Region.STRING),
        ("python", "x = █'ab'", Region.CODE),
        ("python", "x = 'ab'█", Region.CODE),
        ("python", "x = 'é漢😋█b'", Region.STRING),
        ("python", "x = 'a' █ 'b'", Region.CODE),
        ("python", "x = 'a' 'b█'", Region.STRING),
        ("python", "x = f'a {b█} c'", Region.CODE),
        ("python", "x = f'a █{b} c'", Region.STRING),
        ("python", "def f():\n    '''a\n    █\n    '''", Region.STRING),
        ("python", "x = 1  # a█", Region.COMMENT),
        ("python", "# a\n█", Region.CODE),
        ("python", "█# a", Region.CODE),
        ("javascript", "x = `a ${b█} c`", Region.CODE),
        ("javascript", "x = `a █${b} c`", Region.STRING),
        ("javascript", "/* a █ */ x", Region.COMMENT),
        ("javascript", "/* a */█ x", Region.CODE),
        ("typescript", "type A = 'a█'", Region.STRING),
        ("go", "x := `a█`", Region.STRING),
        ("go", "x := '█a'", Region.STRING),
        ("java", "class A { char c = '█a'; }", Region.STRING),
        ("rust", "/// a█\nfn f() {}", Region.COMMENT),
        ("rust", "/// a\n█\nfn f() {}", Region.CODE),
        ("rust", "fn f<'a>(x: &'a█ str) {}", Region.CODE),
        ("c", 'char *x = "a" █ "b";', Region.CODE),
        ("cpp", "template <typename T█> class A {};", Region.CODE),
        ("cpp", "template <typename T> class A { █ };", Region.CODE),
        ("lua", "x = [[a█]]", Region.STRING),
        ("lua", "--[[ a █ ]] x = 1", Region.COMMENT),
        ("lua", "--[[ a ]]█ x = 1", Region.CODE),
        ("lua", "-- a [[b]]█", Region.COMMENT),
    ],
)
def test_region(language, marked, region):
    assert scope_at(language, marked).region == region


@pytest.mark.parametrize(
    ("language", "marked", "definition"),
    [
        ("python", "class A:\n    def f(self):\n        x█", "f"),
        ("python", "class A:\n    x = 1█", "A"),
        ("python", "x = f(█)", None),
        ("javascript", "class A { m() { f(█) } }", "m"),
        ("javascript", "x = function name() { f(█) }", "name"),
        ("go", "func (a *A) F() { b.g(█) }", "F"),
        ("rust", "impl A { fn f(&self) { █ } }", "f"),
        ("rust", "trait T { █ }", "T"),
        ("java", "class A { void f() { b.g(█); } }", "f"),
        ("java", "class A { A() { g(█); } }", "A"),
        ("c", "static int *f(int a) { return █ g(); }", "f"),
        ("cpp", "int A::f() { return █1; }", "A::f"),
        ("lua", "function A.f(a) print(█) end", "A.f"),
        ("lua", "print(█)", None),
    ],
)
def test_definition_is_the_innermost_around_the_place(language, marked, definition):
    assert scope_at(language, marked).definition == definition


def test_without_a_tree_all_is_code():
    assert find_scope(None, 5) == Scope(Region.CODE, None)


@pytest.mark.parametrize("text", ["", "\r\n", "'", "😋", "def f("])
def test_any_offset_has_a_scope(text):
    tree = SyntaxTree(text, language_for("python"))

    for offset in range(len(text) + 1):
        assert find_scope(tree, offset).region in Region
