# ruff: noqa: E501 - a source is read best on one line
"""All undocumented definitions of a file: which they are, and the one edit that documents them."""

import pytest

from assist_server.context.snapshot import Snapshot
from assist_server.engine.request import CancelToken
from assist_server.errors import AssistError, InputError
from assist_server.features.documentation import document
from assist_server.features.documentation.undocumented import undocumented
from assist_server.features.documentation.verification import verify_file
from assist_server.features.documentation.whole_file import document_file
from assist_server.settings import DocumentationSettings
from assist_server.text.edits import TextEdit, apply_edits

SETTINGS = DocumentationSettings()
PYTHON = '''\
class Shape:
    def __init__(self, size):
        self.size = size

    def __repr__(self):
        return "Shape"

    @property
    def area(self):
        return self.size

    @area.setter
    def area(self, value):
        self.size = value

    def _grow(self):
        self.size += 1


class Named:
    """Has a `name`."""

    def __init__(self, name):
        self.name = name


def outer():
    def inner():
        return 1

    return inner


def test_outer():
    assert outer


def done():
    """Done."""
'''


def snapshot_of(text, language_id="python"):
    return Snapshot("file:///a", "", text, language_id)


def names(text, language_id="python", **options):
    tree = snapshot_of(text, language_id).syntax
    return [one.name for one in undocumented(tree, **options)]


def documented(text, language_id="python", settings=SETTINGS, cancel=None):
    snapshot = snapshot_of(text, language_id)
    found = document_file(snapshot, lambda *_: None, settings, cancel or CancelToken())
    return apply_edits(snapshot.text, found.edits), found


def test_public_definitions_of_python_without_those_that_say_enough():
    assert names(PYTHON) == ["Shape", "__init__", "area", "outer"]
    assert "_grow" in names(PYTHON, include_private=True)


@pytest.mark.parametrize(
    ("language_id", "text", "public"),
    [
        ("go", "package a\n\nfunc Open() {}\n\nfunc open() {}\n\nfunc TestOpen(t *testing.T) {}\n", ["Open"]),
        ("rust", "pub fn a() {}\nfn b() {}\npub trait T { fn c(&self); }\nimpl T for U { fn c(&self) {} }\n#[test]\npub fn d() {}\n", ["a", "T", "c"]),
        ("java", "class A {\n  A() {}\n  private int x() { return 1; }\n  int y() { return 1; }\n  @Override public String toString() { return z; }\n}\n", ["A", "y"]),
        ("c", "static int a(void) { return 1; }\nint b(void) { return 1; }\n", ["b"]),
        ("cpp", "class A {\n  int a();\npublic:\n  int b();\nprivate:\n  int c();\n};\nint A::b() { return 1; }\n", ["A", "b"]),
        ("typescript", "export class A {\n  private a() {}\n  #b() {}\n  c() { const f = () => 1; }\n  override d() {}\n}\n", ["A", "c"]),
        ("javascript", "function _a() {}\nfunction b() {}\n/** Done. */\nfunction c() {}\n", ["b"]),
        ("lua", "local function a() end\nfunction M.b() end\nfunction M._c() end\n", ["b"]),
        ("python", "def testament(a):\n    pass\n\n\ndef testIt():\n    pass\n\n\ndef test_a():\n    pass\n", ["testament"]),
        ("go", "package a\n\nfunc (s *server) Open() {}\n\nfunc (s *Server[T]) Open() {}\n", ["Open"]),
        ("c", "int sum(int v[static 4], int n) { return 1; }\n", ["sum"]),
        ("cpp", "int clampit(int x, int hi = std::max(1, 2)) { return x; }\nA::A(int x) {}\ntemplate <> class W<int> {\npublic:\n  void get(int a) {}\n};\n", ["clampit", "W<int>", "get"]),
        ("cpp", "class A {\npublic:\n  class B { private: int x; };\n  void after(int override) {}\n  void o(int x) const override {}\n private: void c(int x) {}\n};\n", ["A", "B", "after"]),
        ("typescript", "class A {\n  constructor(private readonly http: Http, timeoutMs) {}\n  private() {}\n}\n", ["A", "constructor", "private"]),
        ("typescript", 'function merge(a, override: boolean) {}\nfunction level(kind = "private") {}\n', ["merge", "level"]),
        ("typescript", "function f(a: A): void;\nfunction f(a: B): void;\nfunction f(a: any) {}\ndeclare function g(a: A): void;\n", ["f", "g"]),
        ("javascript", "class A {\n  get x() { return 1; }\n  set x(v) {}\n  static set y(v) {}\n  set(k, v) {}\n}\n", ["A", "x", "set"]),
    ],
)  # fmt: skip
def test_public_definitions_of_each_language(language_id, text, public):
    assert names(text, language_id) == public


def test_all_are_documented_at_once_and_a_second_time_nothing_is():
    after, found = documented(PYTHON)
    assert found.documented == ("Shape", "__init__", "area", "outer")
    assert (found.refused, after.count('"""') - PYTHON.count('"""')) == ((), 8)
    assert after.count("TODO") == found.placeholders > 0
    again, nothing = documented(after)
    assert (again, nothing.documented) == (after, ())


def test_progress_is_reported_and_the_work_is_cancelled():
    cancel, seen = CancelToken(), []

    def report(name, percent):
        seen.append((name, percent))
        if name == "area":
            cancel.cancel()

    with pytest.raises(InputError, match="cancelled"):
        document_file(snapshot_of(PYTHON), lambda *_: None, SETTINGS, cancel, report)
    assert seen == [("Shape", 0), ("__init__", 25), ("area", 50)]


def test_two_definitions_on_one_line_are_not_mixed_up():
    after, found = documented("function a() {} function b() {}\n", "javascript")
    assert found.documented == ("a",) or after.count("/**") == len(found.documented)
    assert after.replace("\n", "").count("function") == 2


def test_a_file_with_an_error_is_documented_where_it_is_whole():
    after, found = documented("def a(x):\n    return x\n\n\n)\n\nx = = 1\n")
    assert found.documented == ("a",)
    assert after.endswith("    return x\n\n\n)\n\nx = = 1\n")


def test_prose_is_refused():
    with pytest.raises(InputError, match="cannot be documented"):
        documented("hello", "plaintext")


@pytest.mark.parametrize(
    ("language_id", "text", "edit"),
    [
        ("python", "x = 1\n", TextEdit(4, 4, "1")),
        ("python", 'def f():\n    """Mine."""\n', TextEdit(16, 20, "Its")),
        ("go", "package a\n", TextEdit(10, 10, "var x = 1\n")),
        ("go", "package a\n// mine\n", TextEdit(10, 18, "")),
    ],
)
def test_edits_that_change_the_program_or_words_are_refused(language_id, text, edit):
    with pytest.raises(AssistError, match="one by one"):
        verify_file(snapshot_of(text, language_id).syntax, [edit])


def test_what_is_the_same_for_all_definitions_of_a_file_is_found_once(monkeypatch):
    calls = []
    for module, name in ((document, "find_docstrings"), (document, "detect_indent_unit")):
        real = getattr(module, name)
        monkeypatch.setattr(module, name, lambda one, real=real: calls.append(real) or real(one))
    documented("def f(a):\n    pass\n\n\ndef g(b):\n    pass\n\n\ndef only_here(c):\n    pass\n")
    assert len(calls) == len(set(calls)) == 2
