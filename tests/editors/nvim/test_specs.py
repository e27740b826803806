"""The specs in Lua of the plugin's logic, which needs no server and no screen."""

import subprocess

import pytest
from neovim import PLUGIN


@pytest.mark.parametrize("suite", ["forky", "trixie"])
def test_the_specs_in_lua_pass(programs, suite, tmp_path):
    command = [programs(suite), "-l", PLUGIN / "test" / "run.lua"]
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.endswith(" tests, 0 failed\n")
