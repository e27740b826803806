"""The split of code into training, validation and test, by the name of its distribution.

The split is by distribution, not by file, as files of a project are similar. Projects that share
code form a family, which is never divided.
"""

import hashlib
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, distributions
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from assist_server.training.data.licences import licence_expression

Split = Literal["train", "validation", "test"]

_PARTS = 40
"""One in this many families is for testing, and one for validation."""

HELD_OUT: Mapping[str, Split] = MappingProxyType({
    "click": "test",
    "flask": "test",
    "httpx": "validation",
    "jinja2": "validation",
    "peewee": "test",
    "requests": "test",
    "rich": "test",
    "textual": "test",
    "tornado": "validation",
})  # fmt: skip
"""Families that are always held out: no embedded model was trained on them, so all of them can be
compared on these."""

FRESH: Mapping[str, str] = MappingProxyType({
    "a2a-sdk": "2025-05", "acp-sdk": "2025-02", "any-agent": "2025-04", "any-llm-sdk": "2025-07",
    "claude-agent-sdk": "2025-09", "deepagents": "2025-07", "fast-agent-mcp": "2025-02",
    "langchain-mcp-adapters": "2025-02",
    "langextract": "2025-07", "langgraph-supervisor": "2025-02", "mini-swe-agent": "2025-07",
    "mlx-audio": "2025-02", "openai-agents": "2025-03", "rfdetr": "2025-03",
    "sqlit-tui": "2025-12", "strands-agents": "2025-05", "toon-format": "2025-11",
    "trackio": "2025-05", "verifiers": "2025-01",
    "npm:@herb-tools/core": "2025", "npm:@herb-tools/formatter": "2025",
    "npm:@herb-tools/linter": "2025", "npm:@herb-tools/printer": "2025",
    "npm:@platformatic/flame": "2025", "npm:@platformatic/wattpm-pprof-capture": "2025",
    "npm:@remix-run/fetch-router": "2025", "npm:@remix-run/route-pattern": "2025",
    "npm:@remix-run/session": "2025", "npm:@ripple-ts/vite-plugin": "2025",
    "npm:alchemy": "2025", "npm:ripple": "2025",
})  # fmt: skip
"""Distributions first published in 2025 or later, with the date, always for testing: a base model
trained on public code up to 2024 has not seen them, unlike the families above. Months are those of
the oldest release in the index; npm lists recent releases only, so its years are those in which
the projects began."""

_FAMILIES: Mapping[str, str] = MappingProxyType({
    "attr": "attrs", "cattrs": "attrs",
    "asyncclick": "click", "cloup": "click", "rich-click": "click",
    "exceptiongroup": "anyio",
    "httpcore": "httpx", "httpcore2": "httpx", "httpx2": "httpx", "httpcore-ng": "httpx",
    "importlib-resources": "importlib-metadata", "zipp": "importlib-metadata",
    "importlib-metadata": "importlib-metadata",
    "niquests": "requests", "responses": "requests",
    "pytorch": "torch", "functorch": "torch",
    "quart": "flask",
    "setuptools": "setuptools", "pkg-resources": "setuptools", "distribute": "setuptools",
    "scikit-image": "scikit-learn",
    "toolong": "textual",
    "tomli-w": "tomli",
})  # fmt: skip
"""Forks and companion projects that share code: name and family."""

_COMPANIONS = (
    "azure", "click", "django", "fastapi", "flask", "google", "httpx", "jinja2", "jupyter",
    "opentelemetry", "peewee", "pytest", "requests", "rich", "ruamel", "sphinx", "sphinxcontrib",
    "textual", "tornado", "zope",
)  # fmt: skip
"""Names `X-anything` that belong to the family X."""


_NPM_COMPANIONS = ("d3", "vega", "prosemirror", "eslint", "mdast", "hast", "unist", "postcss")
"""Names `X-anything` of npm that belong to the family X."""


def _npm_family(name: str) -> str:
    scope, is_scoped, rest = name.partition("/")
    if not is_scoped:
        host = name.partition("-")[0]
        return host if host in _NPM_COMPANIONS else name
    # The packages of a scope mostly share one repository, and so do `@X/...` and `X`.
    return rest if scope == "@types" else scope.removeprefix("@")


def _debian_family(name: str) -> str:
    """Return the name of a source package without a version, as in `tomcat10` or `lua5.4`."""
    return re.sub(r"\d+(\.\d+)*(?=-java$|$)", "", name).rstrip("-") or name


_FAMILIES_ELSEWHERE = MappingProxyType({"npm": _npm_family, "debian": _debian_family})
"""The family of a name, by index, for packages of other indexes, named `INDEX:NAME`."""


def normalise(name: str) -> str:
    """Return a distribution's name, normalised as by PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def family_of(distribution_name: str) -> str:
    """Return the family of a distribution: one name for all that share code."""
    host, is_elsewhere, name = distribution_name.partition(":")
    if is_elsewhere and host in _FAMILIES_ELSEWHERE:
        return f"{host}:{_FAMILIES_ELSEWHERE[host](name)}"
    # Stubs belong to the family of their library.
    name = normalise(distribution_name)
    name = name.removeprefix("types-").removesuffix("-stubs")
    if name in _FAMILIES:
        return _FAMILIES[name]
    host = name.partition("-")[0]
    return host if host in _COMPANIONS else name


def is_fresh(distribution_name: str) -> bool:
    """Return whether a distribution is in `FRESH`, the test set of recent projects."""
    return distribution_name in FRESH or normalise(distribution_name) in FRESH


@cache
def _fresh_families() -> frozenset[str]:
    return frozenset(map(family_of, FRESH))


def is_always_held_out(distribution_name: str) -> bool:
    """Return whether the family of a distribution is held out by name."""
    family = family_of(distribution_name)
    return family in HELD_OUT or family in _fresh_families()


@cache
def split_of(distribution_name: str) -> Split:
    """Return the split of a distribution.

    Parts of the standard library are named `stdlib:` and the top-level module, packages of npm and
    Debian `npm:` and `debian:` and their name.
    """
    family = family_of(distribution_name)
    if is_always_held_out(distribution_name):
        return HELD_OUT.get(family, "test")
    digest = hashlib.sha256(f"split-v1:{family}".encode()).hexdigest()
    held_out: dict[int, Split] = {0: "test", 1: "validation"}
    return held_out.get(int(digest, 16) % _PARTS, "train")


@dataclass(frozen=True)
class SourceFile:
    """A Python source file of an installed distribution."""

    distribution: str
    """Normalised name."""
    version: str
    licence: str
    """SPDX expression; empty if it is missing or not understood."""
    path: str
    """As installed, with slashes: `package/module.py`."""
    file: Path

    @property
    def split(self) -> Split:
        """Return the split of its distribution."""
        return split_of(self.distribution)

    def read_bytes(self) -> bytes:
        """Return the content of the file."""
        return self.file.read_bytes()

    @property
    def sha256(self) -> str:
        """Return the SHA-256 of the content, in hexadecimal."""
        return hashlib.sha256(self.read_bytes()).hexdigest()


def installed_distributions(folders: Sequence[str | Path] | None = None) -> list[Distribution]:
    """Return the distributions of this environment, or of folders made by `pip install --target`.

    Each name occurs once; they are sorted.
    """
    found: dict[str, Distribution] = {}
    where = sys.path if folders is None else [str(folder) for folder in folders]
    for distribution in distributions(path=where):
        name = distribution.metadata["Name"]
        if name:
            found.setdefault(normalise(name), distribution)
    return [found[name] for name in sorted(found)]


def source_files(distribution: Distribution) -> Iterator[SourceFile]:
    """Yield the Python files of an installed distribution, sorted by path."""
    # The metadata are parsed on each access.
    metadata = distribution.metadata
    licence, name = licence_expression(metadata), normalise(metadata["Name"])
    version = metadata["Version"]
    for path in sorted(distribution.files or ()):
        file = Path(str(distribution.locate_file(path)))
        if path.suffix == ".py" and ".." not in path.parts and file.is_file():
            yield SourceFile(name, version, licence, path.as_posix(), file)


def installed_sources(folders: Sequence[str | Path] | None = None) -> Iterator[SourceFile]:
    """Yield all Python files of installed distributions."""
    for distribution in installed_distributions(folders):
        yield from source_files(distribution)
