"""The programs in `examples/`, run as a reader would run them."""

import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"
EXPECTED = {
    "complete.py": "json.load",  # a slow machine may not write more in time
    "document.py": 'def area(width, height):\n    """',
    "summarize.py": "Summarize a file from Python",
}
ONE_AFTER_THE_OTHER = """
import runpy, sys
for program in sys.argv[1:]:
    print("program")
    sys.argv = [program]
    runpy.run_path(program, run_name="__main__")
"""
"""They share a process, as importing the libraries takes most of their time."""


def test_each_example_prints_what_it_is_about():
    done = subprocess.run(
        [
            *(sys.executable, "-W", "error", "-c", ONE_AFTER_THE_OTHER),
            *(EXAMPLES / name for name in EXPECTED),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    printed = done.stdout.split("program\n")[1:]
    for text, expected in zip(printed, EXPECTED.values(), strict=True):
        assert expected in text


def test_every_example_is_run():
    assert {file.name for file in EXAMPLES.glob("*.py")} == set(EXPECTED)
