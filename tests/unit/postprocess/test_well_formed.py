"""No completion, whatever a model writes, leaves more syntax errors than there were with the gap.

Errors are counted in the whole text by tree-sitter itself, not by what the filter calls.
"""

import ast
import random
import re
from collections.abc import Iterator

import pytest
import tree_sitter

from assist_server.context.cursor import CursorContext
from assist_server.context.snapshot import Snapshot
from assist_server.postprocess.candidate import Candidate
from assist_server.postprocess.pipeline import clean
from assist_server.syntax.languages import language_for, load_grammar
from assist_server.syntax.parser import SyntaxTree

SOURCES = {
    "a.py": (
        "import json\n\n\nclass Stack:\n    def __init__(self, items=()):\n"
        "        self.items = [*items]\n\n    def push(self, item):\n        if item is not None:\n"
        "            self.items.append(item)\n"
        "        return {'size': len(self.items), 'b': (1, 2)}\n"
        "\n\ndef load(path):\n    with open(path) as file:\n        return json.load(file)\n\n\n"
        "print(f'{load(\"a\")} and {Stack()}', [x for x in range(3)])\n"
    ),
    "a.js": (
        "const total = (items) => items.reduce((sum, one) => sum + one.price, 0);\n"
        "function show(list) {\n  for (const one of list) {\n"
        "    console.log(`${one} of ${list}`);\n"
        "  }\n  return { size: list.length, names: ['a', \"b\"] };\n}\nshow([1, 2, 3]);\n"
    ),
    "a.ts": (
        "interface Shape {\n  area(): number;\n  name?: string;\n}\n"
        "export function sum<T extends Shape>(shapes: T[]): number {\n"
        "  const areas: number[] = shapes.map((shape) => shape.area());\n"
        "  if (areas.length === 0) {\n    return 0;\n  }\n"
        "  return areas.reduce((a, b) => a + b);\n}\n"
    ),
    "a.tsx": (
        "export const List = ({ items }: { items: string[] }) => {\n  return (\n    <ul>\n"
        "      {items.map((item) => <li key={item}>{item}</li>)}\n    </ul>\n  );\n};\n"
    ),
    "a.go": (
        'package main\n\nimport "fmt"\n\ntype Point struct {\n\tX, Y int\n}\n\n'
        "func (p *Point) Add(q Point) error {\n\tif p == nil {\n"
        '\t\treturn fmt.Errorf("no point: %v", q)\n\t}\n\tp.X += q.X\n'
        "\tfor i := 0; i < 3; i++ {\n\t\tp.Y += q.Y * i\n\t}\n\treturn nil\n}\n"
    ),
    "a.rs": (
        "use std::collections::HashMap;\n\n"
        "pub fn count(words: &[&str]) -> HashMap<String, usize> {\n"
        "    let mut found = HashMap::new();\n    for word in words {\n"
        "        *found.entry(word.to_string()).or_insert(0) += 1;\n    }\n    found\n}\n\n"
        'fn main() {\n    println!("{:?}", count(&["a", "b"]));\n}\n'
    ),
    "A.java": (
        "import java.util.List;\n\npublic class A {\n    private final List<String> names;\n\n"
        "    A(List<String> names) {\n        this.names = names;\n    }\n\n    int longest() {\n"
        "        int most = 0;\n        for (String name : names) {\n"
        "            most = Math.max(most, name.length());\n        }\n"
        "        return most;\n    }\n}\n"
    ),
    "a.c": (
        "#include <stdio.h>\n\nstruct pair { int a; int b; };\n\n"
        "int main(int argc, char **argv) {\n"
        "    struct pair p = {1, 2};\n    for (int i = 0; i < argc; i++) {\n"
        '        printf("%s %d\\n", argv[i], p.a);\n    }\n    return p.b ? 0 : 1;\n}\n'
    ),
    "a.cpp": (
        "#include <vector>\n\ntemplate <typename T>\nT sum(const std::vector<T> &values) {\n"
        "    T total{};\n    for (const auto &value : values) {\n        total += value;\n    }\n"
        "    return total;\n}\n\nint main() { return sum(std::vector<int>{1, 2}); }\n"
    ),
    "a.lua": (
        "local function map(list, f)\n  local out = {}\n  for i, v in ipairs(list) do\n"
        "    out[i] = f(v)\n  end\n  return out\nend\n\n"
        'print(table.concat(map({"a", "b"}, function(x) return x .. "!" end), ", "))\n'
    ),
}
PLACES_EACH = 50
_HEAD = re.compile(r"\A((package|import|use|#include)\b.*\n|\n)+")
TAILS = ("", "()", ")", "]", "}", '"', "'", ") {", " {", ":", ",", ";", "\n}", ' + "', "\n\n")


def errors_in(text: str, path: str) -> int:
    grammar = language_for("", path).grammar
    waiting = [tree_sitter.Parser(load_grammar(grammar)).parse(text.encode()).root_node]
    count = 0
    while waiting:
        node = waiting.pop()
        broken = [child for child in node.children if child.has_error]
        # A line end that lacks is in no list of children.
        count += node.is_error or node.is_missing or (node.has_error and not broken)
        waiting += broken
    return count


def hostile(text: str, draw: random.Random) -> Iterator[tuple[str, int, str]]:
    """Gaps of a text, and what models write there: the truth, cut, gone on with, or beside it."""
    for _ in range(PLACES_EACH):
        start = draw.randrange(len(text))
        end = draw.choice([start, text.find("\n", start), min(len(text), start + 9)])
        end = max(start, end)
        other = draw.randrange(len(text))
        piece = text[other : other + draw.randrange(3, 90)]
        truth = text[start:end]
        written = draw.choice(
            [truth + draw.choice(TAILS), truth[: len(truth) * 2 // 3], truth + piece[:9], piece]
        )
        yield text[:start] + text[end:], start, written


def after_acceptance(text: str, path: str, offset: int, written: str) -> str | None:
    context = CursorContext(Snapshot(f"file:///{path}", path, text), offset)
    kept = clean(Candidate(written), context).candidate
    return kept and text[:offset] + kept.text + text[offset + kept.replaced_chars :]


@pytest.mark.parametrize("path", SOURCES)
@pytest.mark.parametrize("copies", [1, 12], ids=["short", "long"])
def test_no_error_is_added(path, copies):
    text, shown = SOURCES[path] + _HEAD.sub("", SOURCES[path]) * (copies - 1), 0
    assert errors_in(text, path) == 0
    draw = random.Random(f"{path}{copies}")  # noqa: S311 - a draw of tests, no secret
    for gapped, offset, written in hostile(text, draw):
        after = after_acceptance(gapped, path, offset, written)
        if after is not None:
            shown += 1
            place = f"{gapped[:offset][-40:]}█{gapped[offset:][:40]}"
            assert errors_in(after, path) <= errors_in(gapped, path), (place, written, after)
    assert shown >= PLACES_EACH // 4


@pytest.mark.parametrize(
    ("marked", "written", "accepted"),
    [
        ("return json.█()\n", "load(f)", "return json.load(f)\n"),
        ("return json.█(path)\n", "load(f)", "return json.load(path)\n"),
        ("items[█] = items.get(k, 0)\n", "name] = count", "items[name] = items.get(k, 0)\n"),
        ("x = f'{█}'\n", "name}", "x = f'{name}'\n"),
        ("x = f'{█}'\n", "x}x", "x = f'{x}x'\n"),
        ("LETTERS = ('a', 'b', █)\n", "'c', 'd", "LETTERS = ('a', 'b', 'c',)\n"),
        ("print('█')\n", "abc', end='')", "print('abc', end='')\n"),
        ("f(g(█))\n", "a), b)", "f(g(a), b)\n"),
        ("total = █\n", "sum(prices", "total = sum\n"),
        ("total = price█\n", " of all", None),
    ],
)
def test_what_is_accepted_in_the_middle_of_a_line(marked, written, accepted):
    offset = marked.index("█")
    assert after_acceptance(marked.replace("█", ""), "a.py", offset, written) == accepted


@pytest.mark.parametrize(
    ("path", "marked", "written"),
    [
        ("a.py", "x = f(a)█\n\n\ny = 1\n", "b = 2"),
        (
            "a.py",
            "WORDS = [\n" + '    "a",\n' * 30 + "    █\n" + '    "a",\n' * 30 + "]\n",
            "b = c",
        ),
        (
            "a.js",
            "a = {\n" + "  f() {\n    g();\n  },\n" * 20 + "  █\n  h() {\n  },\n};\n",
            "x();}",
        ),
        ("a.js", "f(function (a) {\n" + "  g(a);\n" * 30 + "  █;\n});\n", "h(a) }"),
        ("a.c", "#if A\nint a;\n" + "int f(void) { return 1; }\n" * 30 + "█\n#endif\n", "#endif"),
        ("a.c", "int a;\n█\nint b;\n/* c */\nint d;\n", "/* e"),
        ("a.rs", "fn f() {\n    let a = b();\n\n    █\n    c!(d);\n}\n", 'c!("e");f(g)'),
        ("a.js", "/** Get it.█\nvar a = f();\n// `b()` for c.\nvar d = '`';\n", " // by `b()"),
    ],
)
def test_what_only_the_lines_around_take_for_right_is_not_kept(path, marked, written):
    offset, text = marked.index("█"), marked.replace("█", "")
    after = after_acceptance(text, path, offset, written)
    assert after is None or errors_in(after, path) <= errors_in(text, path), after


@pytest.mark.parametrize(
    ("path", "head"),
    [
        ("a.ts", "export class A extends B {\n"),
        ("A.java", "class A\n    extends B\n{\n"),
        ("a.ts", "export class A {\n  f(\n    x: X,\n  ) {\n    g();\n  }\n"),
    ],
)
def test_members_of_a_long_class_are_read_with_its_head_alone(path, head, monkeypatch):
    parsed = []

    class Counted(SyntaxTree):
        def __init__(self, text, language, earlier=None):
            parsed.append(text)
            super().__init__(text, language, earlier=earlier)

    monkeypatch.setattr("assist_server.postprocess.well_formed.SyntaxTree", Counted)
    typed = "int " if path == "A.java" else ""
    members = f"  {typed}f() {{\n    return g(1, 2);\n  }}\n" * 600
    text = head + members + "}\n"
    offset = text.index("g(1", len(text) // 2)
    assert after_acceptance(text[:offset] + text[offset + 7 :], path, offset, "h(3)") is not None
    assert len(parsed) == 1
    assert parsed[0].startswith(head.split("\n")[0])
    assert errors_in(parsed[0], path) == 0


@pytest.mark.parametrize(
    ("marked", "written", "accepted"),
    [
        ("val a = listOf(█)", '1, "two', "val a = listOf(1,)"),
        ("val a = listOf(█)", "1, 2)", "val a = listOf(1, 2)"),
        ('say "█"', "hello", 'say "hello"'),
        ("Some (█) text", "words] more", "Some (words) text"),
    ],
)
def test_brackets_and_quotes_are_kept_in_order_without_a_grammar(marked, written, accepted):
    offset = marked.index("█")
    assert after_acceptance(marked.replace("█", ""), "a.kt", offset, written) == accepted


def test_of_a_long_document_only_a_part_is_parsed(monkeypatch):
    parsed = []

    class Counted(SyntaxTree):
        def __init__(self, text, language, earlier=None):
            parsed.append(text.count("\n"))
            super().__init__(text, language, earlier=earlier)

    monkeypatch.setattr("assist_server.postprocess.well_formed.SyntaxTree", Counted)
    source = SOURCES["a.py"]
    text = source * (10_000 // source.count("\n"))
    offset = text.index("self.items.append(item)", len(text) // 2)
    assert after_acceptance(text, "a.py", offset, "item = (item) + ") is not None
    assert max(parsed) <= 50


@pytest.mark.parametrize(
    ("marked", "written", "accepted"),
    [
        ("if a:|\n    b()\n", " c()", None),
        ("if a:\n    b()\nelse:|\n\n    # now\n    c()\n", " return", None),
        ("def f(a) -> int:|\n    return a\n", ' """Add."""', None),
        ("if a:|\n    b()\n", "  # why", "if a:  # why\n    b()\n"),
        ("if a:|\nb()\n", " c()", "if a: c()\nb()\n"),
        ("if |:\n    b()\n", "a and c", "if a and c:\n    b()\n"),
        ('def f():\n    """Add.\n\n    Args:|\n        a: b\n    """\n', " none", ...),
        ("a = {\n    1:|\n        2,\n}\n", " 3 +", "a = {\n    1: 3 +\n        2,\n}\n"),
    ],
)
def test_a_block_keeps_its_head(marked, written, accepted):
    """Python's own parser tells; the grammar takes a block without a head for right."""
    offset = marked.index("|")
    found = after_acceptance(marked.replace("|", ""), "a.py", offset, written)
    whole = marked.replace("|", written)
    assert found == (whole if accepted is ... else accepted)
    if found is not None:
        ast.parse(found)
