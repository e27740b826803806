"""Writing a model into places that do not take it: one sentence, and nothing is left there."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_models import FAMILIES, save_family

import assist_server

COMMAND = [sys.executable, "-P", "-m", "assist_server", "models", "export"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    family = next(one for one in FAMILIES if one.config == "Qwen2Config")
    return save_family(family, tmp_path_factory.mktemp("model"))


def refused(result, out):
    assert (result.code, result.out) == (2, "")
    assert result.err.count("\n") == 1
    assert result.err.startswith("assist-server: ")
    assert repr(str(out)) in result.err
    return result.err


@pytest.mark.parametrize(
    "place", ["file", "file/below", "full", "long" * 80, "dangling", "loop", "full/kept"]
)
def test_a_place_that_is_none(run, project, model, place):
    (project / "file").write_text("kept")
    (project / "full").mkdir()
    (project / "full" / "kept").write_text("kept")
    (project / "dangling").symlink_to(project / "nowhere")
    (project / "loop").symlink_to(project / "loop")
    refused(run("models", "export", place, "--model", model), place)
    assert (project / "file").read_text() == "kept"
    assert [file.name for file in (project / "full").iterdir()] == ["kept"]


def test_a_folder_that_is_closed(run, project, model, monkeypatch):
    """The tests may run as a user whom nothing is closed to."""

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    (project / "out").mkdir()
    message = refused(run("models", "export", "out", "--model", model), "out")
    assert message.endswith("Permission denied; name another folder\n")


@pytest.mark.parametrize(("options", "most_bytes"), [((), 20_000), (("--packed",), 1)])
def test_a_disk_that_is_full(project, model, options, most_bytes):
    done = subprocess.run(
        [*COMMAND, "out", "--model", str(model), *options],
        env={**os.environ, "PYTHONPATH": str(Path(assist_server.__file__).parent.parent)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.startswith("assist-server: cannot write 'out': ")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert list((project / "out").iterdir()) == []
