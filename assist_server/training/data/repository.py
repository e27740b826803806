"""The source files of one repository, as documents for fine-tuning."""

import hashlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from assist_server.errors import InputError
from assist_server.syntax.languages import language_for
from assist_server.training.data.documents import Document, document_of, rejection_reason
from assist_server.training.data.duplicates import Fingerprint, SeenFiles

_VALIDATION_SHARE = 20
"""One in this many files is held out for validation, and at least one of several files."""

_MAX_FILE_BYTES = 1_000_000
_GIT = ("git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
_GIT_ENVIRONMENT = {"GIT_ALLOW_PROTOCOL": "none"}
"""A repository's settings can name commands: to watch files, for hooks, and to fetch missing
objects. None of them may run."""

_LEFT_OUT_FOLDERS = {"node_modules", "venv", "env", "build", "dist", "target", "__pycache__"}


def repository_documents(repo: Path) -> list[Document]:
    """Return the suitable source files of a repository, without duplicates.

    Raises:
        InputError: there are none.
    """
    if not repo.is_dir():
        raise InputError(f"there is no folder {str(repo)!r}; name a repository with --repo")
    seen = SeenFiles()
    found = [
        document
        for path in sorted(_files(repo))
        if (document := _read(repo, path)) is not None
        and rejection_reason(document) is None
        and seen.take(Fingerprint(document.text))
    ]
    if not found:
        raise InputError(
            f"{str(repo)!r} holds no source code to learn from; name another folder with --repo"
        )
    by_hash = sorted(range(len(found)), key=lambda number: _path_hash(found[number]))
    held_out = set(by_hash[: max(len(found) > 1, len(found) // _VALIDATION_SHARE)])
    return [
        Document(replace(document.origin, split="validation"), document.text)
        if number in held_out
        else document
        for number, document in enumerate(found)
    ]


def _path_hash(document: Document) -> str:
    return hashlib.sha256(document.origin.path.encode()).hexdigest()


def _files(repo: Path) -> Iterator[Path]:
    """Yield the files that git tracks; without git, those outside hidden and build folders."""
    try:
        listed = run_git(repo, "ls-files", "-z")
    except (OSError, subprocess.CalledProcessError):
        listed = b""
    if listed:
        yield from (Path(name.decode("utf-8", "replace")) for name in listed.split(b"\0") if name)
        return
    for file in repo.rglob("*"):
        path = file.relative_to(repo)
        is_hidden = any(part.startswith(".") for part in path.parts)
        if not is_hidden and _LEFT_OUT_FOLDERS.isdisjoint(path.parts):
            yield path


def run_git(repo: Path, *arguments: str) -> bytes:
    """Return what a command of git prints, without running any that the repository names.

    Raises:
        OSError, CalledProcessError: there is no git, or it fails.
    """
    return subprocess.run(  # noqa: S603 - words of ours
        [*_GIT, *arguments],
        cwd=repo,
        env={**os.environ, **_GIT_ENVIRONMENT},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    ).stdout


def _is_own(repo: Path, file: Path) -> bool:
    """Return whether a path is a regular file that no link leads out of the repository."""
    return file.is_file() and file.resolve() == repo.resolve() / file.relative_to(repo)


def _read(repo: Path, path: Path) -> Document | None:
    file = repo / path
    if language_for(path=path.name).grammar is None or not _is_own(repo, file):
        return None
    if file.stat().st_size > _MAX_FILE_BYTES:
        return None
    found = document_of("", "", "", path.as_posix(), file.read_bytes(), "code")
    # Here the licence does not matter, and the split is by file, as there is only one project.
    return found and Document(replace(found.origin, split="train"), found.text)
