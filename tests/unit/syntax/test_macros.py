r"""Functions that are only the text of a macro: a comment that ends its line would cut it off."""

import pytest

from assist_server.context.snapshot import Snapshot
from assist_server.errors import InputError
from assist_server.features.documentation.document import document
from assist_server.settings import DocumentationSettings
from assist_server.syntax.definitions import find_definitions
from assist_server.syntax.languages import language_for
from assist_server.syntax.parser import SyntaxTree
from assist_server.text.edits import apply_edits

FUNCTION = "static int f\u2588(int a) { return a; }"
MACROS = [
    "#define F(x) \\\n/* One. */ \\\n" + FUNCTION,
    "#define F(x) /* One\n * of two. */ " + FUNCTION,
    "#define F(x) /* One. */ \\\n" + FUNCTION,
    "#define F(x) /* One. */ \\\n/* Two. \\\n * lines */ \\\n" + FUNCTION + " \\\n  int g;",
    "  # define F(x) x; \\ \n/* One. */ \\\n" + FUNCTION,
    "#define F(x) /* One. */ " + FUNCTION,
    '#define NAME "/*" \\\n/* One. */ \\\n' + FUNCTION,
]
BESIDE = [
    "#define F(x) x\n" + FUNCTION,
    "#define F(x) x \\\n  y\n" + FUNCTION,
    '#define NAME "/*"\n/* One. */\n' + FUNCTION,
    "char c = '\"'; /* \\\n */\n" + FUNCTION,
    "// a path C:\\\n// and more\n" + FUNCTION,
    "int g; /* One. */ " + FUNCTION,
    "#if 1 /* One. */\n" + FUNCTION + "\n#endif",
]


def documented(marked, language_id):
    text = marked.replace("\u2588", "")
    snapshot = Snapshot("file:///a", "", text + "\n", language_id)
    place, settings = marked.index("\u2588"), DocumentationSettings()
    found = document(snapshot, place, lambda *_: None, settings)
    return apply_edits(snapshot.text, found.edits)


@pytest.mark.parametrize("language_id", ["c", "cpp"])
@pytest.mark.parametrize("marked", MACROS)
def test_the_text_of_a_macro_is_nothing_to_document(marked, language_id):
    with pytest.raises(InputError, match="Nothing to document here"):
        documented(marked, language_id)


@pytest.mark.parametrize("language_id", ["c", "cpp"])
@pytest.mark.parametrize("marked", BESIDE)
def test_what_stands_beside_a_macro_is_documented(marked, language_id):
    assert "@param a" in documented(marked, language_id)


HEADER = """
API(void *)
SIZE(3)
grow(P p, void *ptr, size_t size);

API(void)
drop(P p, void *ptr);

typedef struct {
  int major;
} version;
"""


@pytest.mark.parametrize(
    ("source", "names"),
    [
        (HEADER, []),
        ("int f(a, b) int a; char *b; { return a; }", ["f"]),
        ("int f(a, b) int a; int (*b)(int); { return b(a); }", ["f"]),
    ],
)
def test_declarations_that_macros_hide_are_no_function(source, names):
    tree = SyntaxTree(source, language_for("c"))
    found = find_definitions(tree, 0, len(source))
    assert [one.name for one in found if one.is_callable and one.body] == names
