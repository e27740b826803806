"""The source files of a folder, without those that its ignore rules name."""

import os
from collections.abc import Iterator
from pathlib import Path

from pathspec import GitIgnoreSpec

_RULES = (".gitignore", ".ignore", ".git/info/exclude")
"""Files with ignore rules, in Git's syntax, for the folder that they are in."""
_GENERATED = ("node_modules", "__pycache__", "site-packages", "vendor", "third_party")
"""Folders with code of others, or with none, where no rule names them."""
_MAX_BYTES = 1_000_000
"""Size above which a file is data or generated."""


def source_files(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder in the order of their names.

    Left out are hidden files and folders, links, folders with the code of others, virtual
    environments, files that are minified or larger than 1 MB, and what the files `.gitignore`,
    `.ignore` and `.git/info/exclude` name, those of the folders above up to the repository's top
    included.
    """
    rules = [found for one in reversed(_above(folder)) if (found := _rules_of(one))]
    yield from _below(folder.absolute(), rules)


_Rules = tuple[Path, GitIgnoreSpec]


def _above(folder: Path) -> list[Path]:
    """Return the folders above one, up to that of the repository; none outside repositories."""
    found = []
    for parent in (folder.absolute(), *folder.absolute().parents):
        if parent != folder.absolute():
            found.append(parent)
        if (parent / ".git").exists():
            return found
    return []


def _rules_of(folder: Path) -> _Rules | None:
    lines: list[str] = []
    for name in _RULES:
        try:
            lines += (folder / name).read_text("utf-8", "replace").splitlines()
        except OSError:
            continue
    return (folder, GitIgnoreSpec.from_lines(lines)) if lines else None


def _below(folder: Path, rules: list[_Rules]) -> Iterator[Path]:
    own = _rules_of(folder)
    rules = [*rules, own] if own else rules
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        path = folder / entry.name
        if entry.name.startswith(".") or entry.is_symlink():
            continue
        if entry.is_dir():
            is_code = entry.name not in _GENERATED and not (path / "pyvenv.cfg").exists()
            if is_code and not _is_ignored(path, rules, is_folder=True):
                yield from _below(path, rules)
        elif _is_written_by_hand(entry) and not _is_ignored(path, rules):
            yield path


def _is_written_by_hand(entry: os.DirEntry[str]) -> bool:
    is_small = entry.is_file() and entry.stat().st_size <= _MAX_BYTES
    return is_small and ".min." not in entry.name


def _is_ignored(path: Path, rules: list[_Rules], *, is_folder: bool = False) -> bool:
    """Return what the nearest rule about a path says."""
    for folder, spec in reversed(rules):
        relative = path.relative_to(folder).as_posix() + "/" * is_folder
        decision = spec.check_file(relative).include
        if decision is not None:
            return decision
    return False
