"""A single-line infilling benchmark in SantaCoder's format, with its tests.

Source: Allal et al., "SantaCoder: don't reach for the stars!" (2023). The prompt's last line is
complete; one line is missing, without its indentation.
"""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assist_server.errors import InputError
from assist_server.evaluation.tasks import Kind, Place

_TEST_S = 10.0
_ISOLATED = (
    "unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--map-root-user",
    "sh", "-c", 'mount -o remount,bind,ro / && exec "$@"', "sh",
)  # fmt: skip
"""Runs a command without network and disk writes; its child processes end with it."""

_LIMITS = "import resource as r; r.setrlimit(r.RLIMIT_AS, (1 << 30, 1 << 30)); del r"


@dataclass(frozen=True)
class Item:
    """A line to complete, and the tests of the function around it."""

    name: str
    place: Place
    tests: str


def read_items(file: Path) -> Iterator[Item]:
    """Yield the items of a file of JSON lines, gzipped or not.

    Raises:
        InputError: the file is not in that format.
    """
    if file.exists() and not file.is_file():  # reading a pipe could block forever
        raise InputError(f"{str(file)!r} is not a regular file; name a file of JSON lines")
    try:
        content = file.read_bytes()
        text = gzip.decompress(content) if file.suffix == ".gz" else content
        for line in text.splitlines():
            yield _item(json.loads(line))
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"cannot read {str(file)!r} ({type(error).__name__}: {error}); name a file of JSON "
            "lines with prompt, suffix, canonical_solution and tests"
        ) from error


def _item(fields: dict[str, str]) -> Item:
    line = fields["canonical_solution"].strip("\n")
    indent = line[: len(line) - len(line.lstrip())]
    before = f"{fields['prompt']}\n{indent}"
    # In some items the suffix begins with the next line itself.
    after = "\n" + fields["suffix"].removeprefix("\n")
    text = before + line.strip() + after
    place = Place(
        Kind.WHOLE_LINE, "solution.py", text, len(before), len(before) + len(line.strip())
    )
    return Item(fields["name"], place, fields["tests"])


def can_be_isolated() -> bool:
    """Return whether this machine can run programs without network and disk writes."""
    try:
        tried = subprocess.run([*_ISOLATED, "true"], capture_output=True, check=False)  # noqa: S603 - constant arguments
    except OSError:
        return False  # not Linux
    return tried.returncode == 0


def passes(item: Item, line: str) -> bool:
    """Return whether a line passes the item's tests, run without network and disk writes.

    Raises:
        OSError: this machine has no `unshare`; see `can_be_isolated`.
    """
    function = item.place.prefix + line + item.place.suffix
    program = f"{_LIMITS}\n{function}\n{item.tests}"
    try:
        done = subprocess.run(  # noqa: S603 - runs generated code, in isolation
            [*_ISOLATED, sys.executable, "-I", "-c", program],
            cwd="/",
            env={"PATH": os.environ.get("PATH", os.defpath)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TEST_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0
