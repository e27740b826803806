import pytest

from assist_server.syntax.definitions import find_definition
from assist_server.syntax.languages import LANGUAGES
from assist_server.syntax.parser import SyntaxTree

BY_ID = {language.id: language for language in LANGUAGES}


def raised(source: str, language_id: str) -> tuple[str, ...]:
    text = source.replace("█", "", 1)
    found = find_definition(SyntaxTree(text, BY_ID[language_id]), source.index("█"))
    assert found is not None
    return found.raises


def python(body: str) -> str:
    return "def f(x):█\n" + "".join(f"    {line}\n" for line in body.split("\n"))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("raise KeyError(x)", ("KeyError",)),
        ("raise errs.BadThing(x)", ("errs.BadThing",)),
        ("try:\n    raise KeyError(x)\nexcept KeyError:\n    return None", ()),
        ("try:\n    raise KeyError(x)\nexcept (OSError, KeyError):\n    return None", ()),
        ("try:\n    raise KeyError(x)\nexcept LookupError:\n    return None", ()),
        ("try:\n    raise KeyError(x)\nexcept Exception:\n    return None", ()),
        ("try:\n    raise KeyError(x)\nexcept:\n    return None", ()),
        ("try:\n    raise m.Odd(x)\nexcept Odd:\n    return None", ()),
        ("try:\n    raise KeyError(x)\nexcept* KeyError:\n    pass", ()),
        ("try:\n    raise KeyError(x)\nexcept OSError:\n    return None", ("KeyError",)),
        ("try:\n    raise KeyError(x)\nfinally:\n    go()", ("KeyError",)),
        ("try:\n    raise KeyError(x)\nexcept KeyError:\n    raise OSError", ("OSError",)),
        ("try:\n    go()\nexcept KeyError:\n    pass\nelse:\n    raise KeyError", ("KeyError",)),
        ("with contextlib.suppress(KeyError):\n    raise KeyError(x)", ()),
        ("with open(x) as f, suppress(OSError, KeyError):\n    raise KeyError(x)", ()),
        ("with contextlib.suppress(OSError):\n    raise KeyError(x)", ("KeyError",)),
        ("with pytest.raises(KeyError):\n    raise KeyError(x)", ()),
        ("try:\n    go()\nexcept OSError as e:\n    log(e)\n    raise e", ("OSError",)),
        ("try:\n    go()\nexcept (OSError, a.B) as e:\n    raise e from None", ("OSError", "a.B")),
        ("try:\n    go()\nexcept OSError as e:\n    raise e.with_traceback(t)", ("OSError",)),
        ("try:\n    go()\nexcept OSError:\n    log()\n    raise", ("OSError",)),
        ("try:\n    go()\nexcept BaseException:\n    undo()\n    raise", ()),
        ("try:\n    raise KeyError(x)\nexcept Exception as e:\n    raise e", ("KeyError",)),
        ("try:\n    go()\nexcept Exception as e:\n    raise e", ("Exception",)),
        ("try:\n    raise KeyError(x)\nexcept:\n    raise", ("KeyError",)),
        ("error = KeyError(x)\nraise error", ("KeyError",)),
        ("raise error", ()),
        ("def g():\n    raise OSError\nreturn g", ()),
    ],
)
def test_python(body, expected):
    assert raised(python(body), "python") == expected


def test_a_class_of_the_file_is_caught_as_what_it_is_derived_from():
    body = python("try:\n    raise Mine(x)\nexcept ValueError:\n    return None")
    assert raised(body, "python") == ("Mine",)
    assert raised("class Mine(ValueError): pass\n" + body, "python") == ()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("throw new RangeError('x');", ("RangeError",)),
        ("try { throw new RangeError('x'); } catch (e) { log(e); }", ()),
        ("try { throw new RangeError('x'); } catch { }", ()),
        ("try { throw new RangeError('x'); } catch (e) { throw e; }", ("RangeError",)),
        ("try { throw new RangeError('x'); } catch (e) { throw new E(e); }", ("E",)),
        ("try { throw new RangeError('x'); } finally { go(); }", ("RangeError",)),
        ("const e = new TypeError('x'); throw e;", ("TypeError",)),
        ("return () => { throw new TypeError('x'); };", ()),
    ],
)
@pytest.mark.parametrize("language_id", ["javascript", "typescript", "tsx"])
def test_scripts(body, expected, language_id):
    assert raised(f"function f() █{{ {body} }}\n", language_id) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("throw new A();", ("A",)),
        ("try { throw new A(); } catch (B | A e) { log(e); }", ()),
        ("try { throw new FileNotFoundException(); } catch (IOException e) { log(e); }", ()),
        ("try { throw new NumberFormatException(); } catch (RuntimeException e) { }", ()),
        ("try { throw new A(); } catch (Exception e) { }", ()),
        ("try { throw new A(); } catch (B e) { }", ("A",)),
        ("try (var r = open()) { throw new A(); } catch (A e) { }", ()),
        ("try { go(); } catch (final A | B e) { throw e; }", ("A", "B")),
        ("try { go(); } catch (A e) { throw new C(e); }", ("C",)),
        ("run(() -> { throw new A(); });", ()),
    ],
)
def test_java(body, expected):
    assert raised(f"class X {{ void f() █{{ {body} }} }}\n", "java") == expected


def test_java_names_what_is_declared():
    source = "class X { void f() throws E █{ try { throw new A(); } catch (A e) { } } }\n"
    assert raised(source, "java") == ("E",)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("throw std::out_of_range(x);", ("std::out_of_range",)),
        ("try { throw std::out_of_range(x); } catch (const std::out_of_range& e) { }", ()),
        ("try { throw std::out_of_range(x); } catch (const std::exception &e) { }", ()),
        ("try { throw std::out_of_range(x); } catch (std::logic_error) { }", ()),
        ("try { throw std::out_of_range(x); } catch (...) { }", ()),
        ("try { throw Odd(x); } catch (const Other& e) { }", ("Odd",)),
        ("try { throw Odd(x); } catch (...) { throw; }", ("Odd",)),
        ("try { go(); } catch (const Odd& e) { throw; }", ("Odd",)),
        ("auto g = [] { throw Odd(1); };", ()),
    ],
)
def test_cpp(body, expected):
    assert raised(f"void f(int x) █{{ {body} }}\n", "cpp") == expected
