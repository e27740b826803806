from assist_server.evaluation.figures import Written, score
from assist_server.evaluation.script_tasks import choose_script_places
from assist_server.evaluation.tasks import Source

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


def missing(suite, source=SCRIPT):
    return {place.missing for place in choose_script_places([source], 100, 0)[suite]}


def test_what_is_missing_of_each_kind():
    assert missing("whole line, typescript") == {
        "import { a } from './a';", "total += value;", "return total;",
    }  # fmt: skip
    rests = missing("rest of line, typescript")
    assert {" value;", " total;", " { a } from './a';", " 0; // so far"} <= rests
    assert not any("Adds" in rest or rest.strip() == "" for rest in rests)


def test_a_place_is_a_part_of_its_file():
    for places in choose_script_places([SCRIPT], 100, 0).values():
        for place in places:
            assert place.before + place.missing + place.behind == SCRIPT.text


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
    assert score(place, Written("return total;")).parses
    assert not score(place, Written("return (total;")).parses
