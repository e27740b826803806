"""The programs in `examples/`, run as a reader would run them."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("complete.py", "json.load"),  # a slow machine may not write more in time
        ("document.py", 'def area(width, height):\n    """'),
        ("summarize.py", "Summarize a file from Python"),
    ],
)
def test_an_example_prints_what_it_is_about(name, expected):
    done = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / name],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert expected in done.stdout


def test_every_example_is_run():
    assert {file.name for file in EXAMPLES.glob("*.py")} == {
        "complete.py",
        "document.py",
        "summarize.py",
    }
