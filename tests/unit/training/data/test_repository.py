"""The files of a repository, which may be hostile: its settings for git name commands."""

import contextlib
import shutil
import subprocess
from pathlib import Path

import pytest
from distributions import library_code

from assist_server.training.data.repository import repository_documents, run_git

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
NAMES = ("textwrap", "shlex", "fnmatch", "csv")


@pytest.fixture
def repo(tmp_path):
    """A repository of three files and a folder of one."""
    folder = tmp_path / "repo"
    (folder / "inner").mkdir(parents=True)
    *outer, inner = library_code(*NAMES).items()
    for path, text in outer:
        (folder / path).write_text(text)
    (folder / "inner" / inner[0]).write_text(inner[1])
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "all")
    return folder


def git(folder, *arguments):
    done = subprocess.run(
        ["git", *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def paths_of(repo):
    return {document.origin.path for document in repository_documents(repo)}


def leave_trace(tmp_path):
    """A script that leaves a trace when it is run, and the trace."""
    script, trace = tmp_path / "run.sh", tmp_path / "trace"
    script.write_text(f"#!/bin/sh\ntouch '{trace}'\n")
    script.chmod(0o755)
    return script, trace


def test_what_git_tracks_is_read(repo):
    (repo / "untracked.py").write_text((repo / "shlex.py").read_text() + "\nMORE = 1\n")
    assert paths_of(repo) == {"textwrap.py", "shlex.py", "fnmatch.py", "inner/csv.py"}


def test_the_watcher_that_a_repository_names_is_not_run(repo, tmp_path):
    script, trace = leave_trace(tmp_path)
    git(repo, "config", "core.fsmonitor", str(script))
    assert paths_of(repo)
    assert not trace.exists()


AUTHOR = ("-c", "user.name=a", "-c", "user.email=a@b")


@pytest.mark.parametrize(
    ("named", "command"),
    [
        ("core.fsmonitor", ("status",)),
        ("hooks/pre-commit", (*AUTHOR, "commit", "--allow-empty", "-m", "more")),
        ("hooks/post-index-change", ("add", ".")),
        ("hooks/reference-transaction", (*AUTHOR, "commit", "--allow-empty", "-m", "more")),
        ("remote.origin.url", ("fetch", "origin")),
    ],
)
def test_no_command_of_git_runs_one_of_the_repository(repo, tmp_path, named, command):
    script, trace = leave_trace(tmp_path)
    if named.startswith("hooks/"):
        shutil.copy(script, repo / ".git" / named)
    else:
        git(repo, "config", "protocol.ext.allow", "always")
        git(repo, "config", named, f"ext::{script}" if "url" in named else str(script))
    (repo / "more.py").write_text("x = 1\n")
    with contextlib.suppress(subprocess.CalledProcessError):  # where there is nothing to fetch
        run_git(repo, *command)
    assert not trace.exists()
    subprocess.run(["git", *command], cwd=repo, check=False, capture_output=True)
    assert trace.exists()  # it would have been run


@pytest.mark.parametrize("way", ["transport", "upload pack"])
def test_what_is_missing_is_not_fetched_by_a_command_of_the_repository(repo, tmp_path, way):
    """An index may name a folder alone, whose content is then looked up, and may be missing."""
    script, trace = leave_trace(tmp_path)
    git(repo, "config", "core.sparseCheckout", "true")
    (repo / "kept").mkdir()
    git(repo, "sparse-checkout", "set", "--cone", "--sparse-index", "kept")
    assert "inner/" in git(repo, "ls-files", "--sparse").splitlines()
    tree = git(repo, "rev-parse", "HEAD:inner")
    (repo / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    settings = {
        "core.repositoryformatversion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "protocol.ext.allow": "always",
        "protocol.file.allow": "always",
        "remote.origin.url": f"ext::{script}" if way == "transport" else str(tmp_path),
        "remote.origin.uploadpack": str(script),
    }
    for name, value in settings.items():
        git(repo, "config", name, value)
    assert paths_of(repo)
    assert not trace.exists()
    subprocess.run(["git", "ls-files"], cwd=repo, check=False, capture_output=True)
    assert trace.exists()  # it would have been run


def test_links_do_not_lead_out_of_the_repository(repo, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.py").write_text(Path(repo / "shlex.py").read_text() + "\nSECRET = 1\n")
    (repo / "file.py").symlink_to(outside / "secret.py")
    (repo / "folder").mkdir()
    (repo / "folder" / "secret.py").write_text("x = 1\n")
    git(repo, "add", ".")
    shutil.rmtree(repo / "folder")
    (repo / "folder").symlink_to(outside)
    assert paths_of(repo) == {"textwrap.py", "shlex.py", "fnmatch.py", "inner/csv.py"}
