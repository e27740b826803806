"""The HTTP server in a process of its own, with the embedded model."""

import os
import re
import signal
import stat
import subprocess
import sys

import httpx2
import pytest

BODY = {"prompt": "def add(a, b):\n    return ", "suffix": "\n\nprint(add(1, 2))\n"}


def test_a_tool_is_served_until_the_process_is_stopped(tmp_path):
    command = [sys.executable, "-m", "assist_server", "serve", "--http", "0"]
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path / "config")}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        told = next(line for line in process.stderr if "listening on" in line)
        token_file = tmp_path / "config" / "assist-server" / "token"
        assert stat.S_IMODE(token_file.stat().st_mode) == 0o600
        key = {"Authorization": f"Bearer {token_file.read_text().strip()}"}
        url = re.search(r"http://\S+", told)[0]
        with httpx2.Client(base_url=url, headers=key, timeout=120, trust_env=False) as client:
            answer = client.post("/v1/completions", json={**BODY, "temperature": 0})
            assert answer.json()["choices"][0]["text"] == "a + b"
            # Nobody waits for the answer to the first; the second would wait for its end.
            with client.stream("POST", "/v1/completions", json={**BODY, "stream": True}) as stream:
                next(stream.iter_lines())
            assert client.post("/infill", json={"input_prefix": "x = "}).status_code == 200
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert process.returncode == 0
    assert "Traceback" not in said
    assert "def add" not in said


@pytest.mark.parametrize("place", ["x", "99999", "0.0.0.0:80", "example.org:80"])
def test_a_place_that_cannot_be_listened_at_is_one_sentence(run, place):
    result = run("serve", "--http", place)
    assert result.code == 2
    assert result.err.count("\n") == 1


def test_two_ways_to_serve_are_refused(run):
    assert "--http" in run("serve", "--http", "1", "--tcp", "2").err
