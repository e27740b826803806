# ruff: noqa: E501 - a source is read best on one line
"""What a file says elsewhere about the same parameter, or about the overridden method."""

import pytest

from assist_server.context.snapshot import Snapshot
from assist_server.features.documentation.document import document
from assist_server.settings import DocumentationSettings


def written(source: str, language_id="python") -> str:
    """The documentation of the definition at the cursor, without a model."""
    snapshot = Snapshot("file:///a", "", source.replace("█", "", 1), language_id)
    place = source.index("█")
    return document(snapshot, place, lambda *_: None, DocumentationSettings()).text


def described(name: str, signature: str, words: str) -> str:
    return f'def {name}({signature}):\n    """Do.\n\n    Args:\n        {words}\n    """\n'


TARGET = "def f█(size, other):\n    return size * other(size + 1)\n"


def test_two_places_that_agree_are_believed():
    one, two = (described(name, "size", "size: Width in pixels.") for name in "gh")
    assert "size: Width in pixels." in written(one + two + TARGET)


@pytest.mark.parametrize(
    "elsewhere",
    [
        described("g", "size", "size: Width in pixels."),  # one place
        described("g", "size", "size: Width in pixels.")
        + described("h", "size", "size: Height in pixels."),
        described("g", "size: int", "size: Width in pixels.")
        + described("h", "sizes", "sizes: Width in pixels."),
        described("g", "size", "size: TODO: describe.")
        + described("h", "size", "size: TODO: describe."),
    ],
)
def test_what_is_not_certain_is_not_repeated(elsewhere):
    assert "size: TODO: describe." in written(elsewhere + TARGET)


def test_another_type_is_another_parameter():
    one, two = (described(name, "size: int", "size: Width in pixels.") for name in "gh")
    target = "def f█(size: str, other):\n    return size * other(size + 1)\n"
    assert "size: TODO: describe." in written(one + two + target)


METHODS = '''\
class Base:
    def run(self, speed):
        """Move ahead by one step. More of it.

        Args:
            speed: Pixels
                per second.
        """


class A(Base):
    """Thing.

    Attributes:
        size: Width in pixels.
    """

    def other(self, color):
        """Do.

        Args:
            color: As in CSS.
        """

    def run(self, speed):
        x(speed, self.y[speed])
        self.y()
        self.z()

    def __init__(self, size, color):
        x(size.y, color.y)
        x(size.z, color.z)
        self.z()
'''


def test_a_method_that_overrides_another_has_its_words():
    text = written(
        METHODS.replace(
            "    def run(self, speed):\n        x", "    def run█(self, speed):\n        x"
        )
    )
    assert text.startswith('"""Move ahead by one step.\n')
    assert "speed: Pixels per second." in text


def test_the_class_tells_about_its_parameters():
    text = written(METHODS.replace("__init__", "__init__█"))
    assert "size: Width in pixels." in text
    assert "color: As in CSS." in text


@pytest.mark.parametrize(
    ("language_id", "source", "expected"),
    [
        ("java", "class A {\n/** Does.\n * @param size width in pixels\n */\nvoid g(int size) {}\nvoid f█(int size) { x(size + 1); y(size); }\n}", "@param size width in pixels"),
        ("javascript", "class A {\n/** Does.\n * @param {number} [size=3] - Width in pixels.\n */\ng(size) {}\nf█(size) { x(size + 1); y(size) }\n}", "@param size - Width in pixels."),
        ("cpp", "class A {\n/** Does.\n * @param[in] size Width in pixels. More.\n */\nvoid g(int size);\nvoid f█(int size) { x(size + 1); y(size); }\n};", "@param size Width in pixels."),
    ],
)  # fmt: skip
def test_comments(language_id, source, expected):
    assert expected in written(source, language_id)


SAME_CLASS = "class A {{\n/** Does.\n * @param {name} - {words}\n */\ng({name}) {{}}\n{own}({name}) {{ x({name} + 1); y({name}) }}\n}}"


@pytest.mark.parametrize(
    ("name", "words", "own", "is_used"),
    [
        ("opts", "Options of the thing.", "f█", False),  # the name alone says little
        ("opts", "Options of the thing.", "g█", True),
        ("width", "Size in pixels.", "f█", True),
        ("yywidth", "The width object.", "f█", False),
    ],
)
def test_another_method_of_the_class(name, words, own, is_used):
    text = written(SAME_CLASS.format(name=name, words=words, own=own), "javascript")
    assert (words in text) == is_used


@pytest.mark.parametrize(
    ("words", "is_used"),
    [("output settings", False), ("the output of a printer", False), ("where to write", True)],
)
def test_words_of_the_signature_are_not_repeated(words, is_used):
    other = f"/** G.\n * @param out {words}\n */\n int g(D.OutputSettings out) {{ return 1; }}\n"
    own = " int f█(D.OutputSettings out) { return h(out) + k(out); }\n"
    assert (words in written(f"class Printer {{\n{other}{own}}}\n", "java")) == is_used


def test_words_about_another_parameter_are_not_repeated():
    words = "path: Base of the route."
    said = described("g", "path", words) + described("h", "path", words)
    assert "path: Base of the route." in written(f"{said}def f█(path):\n    return path + path\n")
    target = "def f█(path, base_directory):\n    return path + path + base_directory\n"
    assert "path: TODO: describe." in written(said + target)


def test_an_exception_s_message_is_not_told_to_be_one():
    source = (
        "class WorldError extends Exception {\n    /**\n     * Make.\n     *\n"
        "     * @param message the error message of the new world error\n     */\n"
        "    WorldError(String message, int a) {\n        super(message);\n    }\n"
        "    WorldError█(String message) {\n        super(message);\n    }\n}\n"
    )
    assert "passed to {@code super}" in written(source, "java")


def test_words_that_say_nothing_are_not_borrowed():
    source = (
        'class A:\n    def g(self, error_store):\n        """Do it.\n\n'
        '        Args:\n            error_store: {}\n        """\n\n'
        "    def f█(self, error_store):\n        x(error_store.a, error_store)\n"
    )
    assert "Structure" not in written(source.format("Structure to store errors."), "python")
    assert "Errors by field" in written(source.format("Errors by field and index."), "python")
