import ast
import textwrap
from pathlib import Path

import pytest

from assist_server.evaluation.figures import Insertion, score
from assist_server.evaluation.tasks import Kind, Source, choose_places, choose_script_places

SOURCE = Source(
    "shapes.py",
    '''\
def area(radius, factor=3):
    """Tell the area of a circle.

    More text.
    """
    squared = radius * radius  # é
    return multiply(squared, factor)


def total(radii):
    result = 0
    for radius in radii:
        result += area(radius)
        print(result)
    return result
''',
)

SCRIPT = Source(
    "src/sum.ts",
    """\
import { a } from './a';

// Adds what it gets.
export function sum(values: number[]): number {
  let total = 0; // so far
  for (const value of values) {
    total += value;
  }
  return total;
}
""",
)


def missing(kind, source=SOURCE):
    return {place.missing for place in choose_places([source], 100, 0) if place.kind is kind}


def test_what_is_missing_of_each_kind():
    assert missing(Kind.WHOLE_LINE) == {
        "return multiply(squared, factor)",
        "result = 0",
        "result += area(radius)",
        "print(result)",
        "return result",
    }
    assert missing(Kind.ARGUMENT) == {"squared", "factor", "radius", "result"}
    assert missing(Kind.DOCSTRING) == {"Tell the area of a circle."}
    assert missing(Kind.LINE_AT_COLUMN_0) == {
        "    return multiply(squared, factor)",
        "    result = 0",
        "        result += area(radius)",
        "        print(result)",
        "    return result",
    }
    assert "result += area(radius)\n        print(result)" in missing(Kind.BLOCK)
    assert " = 0" in missing(Kind.REST_OF_LINE)
    assert "ius in radii:" in missing(Kind.INSIDE_IDENTIFIER)


@pytest.mark.parametrize("kind", Kind)
def test_a_place_is_a_part_of_its_file(kind):
    text = Path(textwrap.__file__).read_text(encoding="utf-8")
    places = choose_places([Source("textwrap.py", text)], 30, 1)
    of_kind = [place for place in places if place.kind is kind]
    assert of_kind
    for place in of_kind:
        assert place.prefix + place.missing + place.suffix == text
        assert place.missing.strip()
        ast.parse(place.text)


def test_the_same_seed_chooses_the_same():
    assert choose_places([SOURCE], 5, 7) == choose_places([SOURCE], 5, 7)
    assert choose_places([SOURCE], 5, 7) != choose_places([SOURCE], 5, 8)


def test_files_take_turns():
    others = [Source(f"{name}.py", f"{name} = compute({name}_input)\n" * 50) for name in "abcd"]
    chosen = choose_places(others, 8, 0)
    for kind in (Kind.REST_OF_LINE, Kind.WHOLE_LINE, Kind.ARGUMENT):
        paths = [place.path for place in chosen if place.kind is kind]
        assert sorted(paths) == sorted(2 * ["a.py", "b.py", "c.py", "d.py"])


@pytest.mark.parametrize("text", ["def (", "x = '\n", "\0", "if x:\n  a\n b\n"])
def test_what_is_no_python_gives_no_places(text):
    assert choose_places([Source("x.py", text)], 5, 0) == []


def missing_in_script(suite, source=SCRIPT):
    return {place.missing for place in choose_script_places([source], 100, 0)[suite]}


def test_what_is_missing_of_each_kind_in_a_script():
    assert missing_in_script("whole line, typescript") == {
        "import { a } from './a';", "total += value;", "return total;",
    }  # fmt: skip
    rests = missing_in_script("rest of line, typescript")
    assert {" value;", " total;", " { a } from './a';", " 0; // so far"} <= rests
    assert not any("Adds" in rest or rest.strip() == "" for rest in rests)


def test_a_place_in_a_script_is_a_part_of_its_file():
    for places in choose_script_places([SCRIPT], 100, 0).values():
        for place in places:
            assert place.prefix + place.missing + place.suffix == SCRIPT.text


def test_languages_are_suites_of_their_own_and_what_cannot_be_parsed_is_left_out():
    script = Source("b.js", "let a = 1;\nlet b = 2;\n")
    broken = Source("c.js", "let a = = ;\nfunction (\n")
    chosen = choose_script_places([SCRIPT, script, broken, Source("x.txt", "let a\n")], 5, 0)
    assert set(chosen) == {
        "rest of line, javascript", "rest of line, typescript",
        "whole line, javascript", "whole line, typescript",
    }  # fmt: skip
    assert {place.path for place in chosen["whole line, javascript"]} == {"b.js"}


def test_a_completion_is_rated_by_the_grammar_of_its_file():
    (place,) = (
        one
        for one in choose_script_places([SCRIPT], 100, 0)["whole line, typescript"]
        if one.missing == "return total;"
    )
    assert score(place, Insertion("return total;")).parses
    assert not score(place, Insertion("return (total;")).parses
