import subprocess
import sys
from pathlib import Path

import pytest

import assist_server

PROGRAM = """
from assist_server.training.loop.reports import new_figure
figure = new_figure(figsize=(2, 1))
print(figure.dpi, figure.get_figwidth())
"""


def test_the_settings_of_a_working_folder_are_not_read(tmp_path):
    pytest.importorskip("matplotlib")
    (tmp_path / "matplotlibrc").write_text("figure.dpi: 7\nnonsense: 1\n")
    done = subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(assist_server.__file__).parent.parent), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "100.0 2.0\n"
    assert "nonsense" not in done.stderr
