"""`assist-server document --check`: find documentation that no longer fits, for people and CI."""

import json
import os.path
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

import typer

from assist_server import __version__
from assist_server.cli.document import files_to_document
from assist_server.cli.inputs import load_settings, read_snapshot, shown_path
from assist_server.cli.terminal import say
from assist_server.context.snapshot import Snapshot
from assist_server.errors import AssistError, InputError
from assist_server.features.documentation.document import find_tree
from assist_server.features.documentation.stale import (
    DESCRIPTIONS,
    Finding,
    find_incomplete,
    find_stale,
)
from assist_server.text.lines import PositionEncoding

_Findings = list[tuple[Path, Snapshot, Finding]]
_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def run_check(paths: Iterable[Path], form: str, *, is_complete: bool) -> int:
    """Print what does not fit; return the exit code: 0 if there is nothing, else 1.

    It is 2 if nothing was found, but a file below a folder could not be read.

    With `is_complete`, public definitions without documentation, and placeholders, count as well.

    Raises:
        AssistError: a file that was named is unusable, or there is no such format.
    """
    if form not in FORMATS:
        raise InputError(f"there is no format {form!r}; choose text, json or sarif")
    named = list(paths)
    settings = load_settings({}).documentation
    found: _Findings = []
    is_partial = False
    for file in files_to_document(named):
        try:
            snapshot = read_snapshot(file)
            tree = find_tree(snapshot)
        except AssistError as error:
            if file in named:
                raise
            typer.echo(f"assist-server: {error}", err=True)
            is_partial = True
            continue
        findings = find_stale(tree)
        if is_complete:
            findings += find_incomplete(tree, include_private=settings.include_private)
        found += [(file, snapshot, one) for one in findings]
    FORMATS[form](found)
    return 1 if found else 2 if is_partial else 0


def _print_text(found: _Findings) -> None:
    for file, snapshot, one in found:
        place = _region(snapshot, one)
        say(
            f"{shown_path(file)}:{place['startLine']}:{place['startColumn']}: "
            f"{one.name}: {one.message} [{one.problem}]"
        )


def _print_json(found: _Findings) -> None:
    listed = [
        {
            "path": shown_path(file),
            **_region(snapshot, one),
            "code": one.problem,
            "definition": one.name,
            "message": one.message,
        }
        for file, snapshot, one in found
    ]
    typer.echo(json.dumps(listed, ensure_ascii=False))


def _print_sarif(found: _Findings) -> None:
    rules = [
        {"id": problem, "shortDescription": {"text": text}}
        for problem, text in DESCRIPTIONS.items()
    ]
    driver = {"name": "assist-server", "version": __version__, "rules": rules}
    results = [
        {
            "ruleId": one.problem,
            "level": "warning",
            "message": {"text": f"{one.name}: {one.message}"},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": _uri(file)},
                        "region": _region(snapshot, one),
                    }
                }
            ],
        }
        for file, snapshot, one in found
    ]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    typer.echo(json.dumps({"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}))


def _uri(file: Path) -> str:
    """Return the reference to a file: relative within the working directory, else with scheme."""
    whole = Path(os.path.abspath(file))  # noqa: PTH100 - without `..`, but links stay
    is_inside = whole.is_relative_to(Path.cwd())
    return quote(shown_path(whole)) if is_inside else whole.as_uri()


def _region(snapshot: Snapshot, found: Finding) -> dict[str, Any]:
    """Return the place of a finding; lines and columns count from 1, columns in characters."""
    start = snapshot.lines.position_at(found.place.start, PositionEncoding.UTF32)
    end = snapshot.lines.position_at(found.place.end, PositionEncoding.UTF32)
    return {
        "startLine": start.line + 1,
        "startColumn": start.character + 1,
        "endLine": end.line + 1,
        "endColumn": end.character + 1,
    }


FORMATS: Mapping[str, Callable[[_Findings], None]] = MappingProxyType(
    {"text": _print_text, "json": _print_json, "sarif": _print_sarif}
)
"""Printers of findings by the name of their format."""
