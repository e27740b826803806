"""Golden cases of post-processing: one TOML file a case, run through the whole pipeline.

    about = "what the case shows"
    language = "python"
    is_unfinished = true           # optional; the model ran out of time
    document = '''...█...'''       # █ is the cursor
    completion = '''...'''         # what the model wrote
    expected = '''...├inserted┤╣replaced╠...'''
    changed_by = ["keep_first_line"]   # the filters that fire, in order

`expected` is the whole document: between ├ and ┤ stands the text that is shown, between ╣ and ╠ the
text behind the cursor that it replaces, if any. `expected = "nothing"` where no text is left; the
last filter is then the one that dropped it.
"""

import tomllib
from pathlib import Path

import pytest

from assist_server.context.cursor import CursorContext
from assist_server.context.snapshot import Snapshot
from assist_server.postprocess.candidate import Candidate
from assist_server.postprocess.pipeline import FILTERS, clean
from assist_server.postprocess.unfinished import cut_unfinished

CASES = Path(__file__).parent / "postprocess"
PATHS = sorted(CASES.glob("*/*.toml"))


def marked(candidate: Candidate | None, context: CursorContext) -> str:
    if candidate is None:
        return "nothing"
    end = context.offset + candidate.replaced_chars
    replaced = context.snapshot.text[context.offset : end]
    mark = f"╣{replaced}╠" if replaced else ""
    before, after = context.snapshot.text[: context.offset], context.snapshot.text[end:]
    return f"{before}├{candidate.text}┤{mark}{after}"


@pytest.mark.parametrize("path", PATHS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_case(path):
    case = tomllib.loads(path.read_text(encoding="utf-8"))
    before, cursor, after = case["document"].partition("█")
    snapshot = Snapshot("file:///case", "case", before + after, case["language"])
    context = CursorContext(snapshot, len(before))

    is_unfinished = case.get("is_unfinished", False)
    cleaned = clean(Candidate(case["completion"]), context, is_unfinished=is_unfinished)

    assert cursor, "the document has no █"
    assert marked(cleaned.candidate, context) == case["expected"]
    assert list(cleaned.changed_by) == case["changed_by"]


@pytest.mark.parametrize("name", [one.__name__ for one in (cut_unfinished, *FILTERS)])
def test_each_filter_has_cases_that_fire_and_cases_that_do_not(name):
    cases = [tomllib.loads(path.read_text(encoding="utf-8")) for path in CASES.glob(f"{name}/*")]
    fired = [name in case["changed_by"] for case in cases]
    assert len(cases) >= 5
    assert any(fired)
    assert not all(fired)
