"""Golden cases of tasks: one TOML file a case, run through the whole feature.

about = "what the case shows"
task = "fix"
path = "a.py"
document = '''...├selected┤...'''   # ├┤ is the cursor
answer = '''...'''                  # what the model wrote
expected = '''...'''                # the document afterwards, or why nothing is applied
"""

import tomllib
from pathlib import Path

import pytest
from chat_backend import ChatBackend

from assist_server.context.selection import Selection
from assist_server.context.snapshot import Snapshot
from assist_server.features.tasks.run import run_task
from assist_server.prompts.tasks import Need, load_tasks
from assist_server.settings import Settings
from assist_server.text.edits import apply_edits

PATHS = sorted((Path(__file__).parent / "tasks").glob("*.toml"))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_case(path, tmp_path):
    case = tomllib.loads(path.read_text(encoding="utf-8"))
    before, _, rest = case["document"].partition("├")
    inside, mark, after = rest.partition("┤")
    assert mark, "the document has no ├┤"
    text = before + inside + after
    snapshot = Snapshot("file:///case", case["path"], text)
    selection = Selection(snapshot, len(before), len(before + inside))
    task = load_tasks(tmp_path).find(case["task"])
    words = "as asked" if Need.INSTRUCTION in task.needs else ""

    found = run_task(task, selection, words, ChatBackend(answer=case["answer"]), Settings())

    assert (apply_edits(text, found.edits) if found.edits else found.note) == case["expected"]
