"""Source files of npm packages, from tarballs as `npm pack` leaves them."""

import json
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

from assist_server.training.data.documents import (
    Document,
    archived_files,
    document_of,
    language_of,
    pair_of,
)
from assist_server.training.data.licences import is_permissive

_LANGUAGES = {"javascript", "typescript", "markdown", "json", "toml", "yaml", "shell"}

_BUILT = re.compile(
    r"_?(dist|build|built|out|output|umd|cjs|esm?|mjs|es\d*|es20\d\d|commonjs|bundles?|min|compiled"
    r"|node_modules|fesm\d+|prebuilds?|deno|dist[-.].*|lib[-.](esm?|cjs|umd).*|esm[-.].*|cjs[-.].*)"
)
"""Folders with the output of compilers and bundlers."""

_COMPILED = re.compile(
    r'defineProperty\(exports, "__esModule"|sourceMappingURL=|__webpack_require__|__awaiter'
    r"|_interopRequire|__spreadArray|_classCallCheck|__toESM|__commonJS|System\.register\("
)
_DECLARATIONS = re.compile(r"\.d\.[cm]?ts$")
_ONE_DECLARATION_OF = 12


def npm_documents(archive: Path, refused: dict[str, str]) -> Iterator[Document]:
    """Yield the source files in a package's tarball, and its README as a pair.

    Args:
        archive: As `npm pack NAME` writes it.
        refused: Gets the package's name and licence if that does not allow training.
    """
    files = dict(archived_files(archive))
    try:
        package = json.loads(files["package.json"])
        name, version = f"npm:{package['name']}", str(package["version"])
    except (KeyError, TypeError, ValueError):
        refused[archive.name] = "unknown"
        return
    licence = npm_licence(package)
    if not is_permissive(licence):
        refused[name] = licence or "unknown"
        return
    for path in _written_files(files):
        found = document_of(name, version, licence, path, files[path], "code")
        if found is not None:
            yield found
    readme = files.get("README.md", b"").decode("utf-8", errors="replace")
    described = str(package.get("description") or "")
    pair = pair_of(name, version, licence, "summaries/README.md", described, readme)
    if pair is not None:
        yield pair


def npm_licence(package: dict[str, Any]) -> str:
    """Return the licence in a `package.json` as an SPDX expression; empty if there is none."""
    stated = package.get("license") or package.get("licenses") or ""
    several = stated if isinstance(stated, list) else [stated]
    names = [str(one.get("type", "")) if isinstance(one, dict) else str(one) for one in several]
    return " OR ".join(names)


def _written_files(files: dict[str, bytes]) -> list[str]:
    """Return the paths of hand-written files: nothing compiled, and few declaration files."""
    has_sources = any(
        path.startswith("src/") and language_of(path) in {"javascript", "typescript"}
        for path in files
    )
    return [
        path
        for path, content in sorted(files.items())
        if language_of(path) in _LANGUAGES
        and not _is_built(path, files, has_sources=has_sources)
        and not _COMPILED.search(content.decode("utf-8", errors="replace"))
        and not (_DECLARATIONS.search(path) and _is_dropped_declaration(content))
    ]


def _is_built(path: str, files: dict[str, bytes], *, has_sources: bool) -> bool:
    parts = PurePosixPath(path).parts
    if any(_BUILT.fullmatch(part) for part in parts[:-1]) or ".min." in parts[-1]:
        return True
    if language_of(path) != "javascript":
        # Declarations repeat the sources.
        return has_sources and bool(_DECLARATIONS.search(path)) and parts[0] != "src"
    stem = path.rpartition(".")[0]
    is_beside_declaration = any(f"{stem}.d.{end}" in files for end in ("ts", "mts", "cts"))
    is_beside_source = f"{stem}.ts" in files or f"{stem}.tsx" in files
    is_elsewhere = has_sources and parts[0] in {"lib", "index.js", "browser", "legacy"}
    return is_beside_source or is_elsewhere or (is_beside_declaration and parts[-1] != "index.js")


def _is_dropped_declaration(content: bytes) -> bool:
    return sha256(content).digest()[0] % _ONE_DECLARATION_OF != 0
