"""Sources in Debian's source packages, as `apt-get source --download-only` leaves them.

The copyright file must be machine-readable (DEP-5); each file has the licence that it names for it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assist_server.training.data.archives import archived_files
from assist_server.training.data.debian import read_fields, spdx_expression
from assist_server.training.data.documents import Document, document_of
from assist_server.training.data.licences import is_permissive
from assist_server.training.data.shares import language_of

_LANGUAGES = {
    "c", "cpp", "go", "java", "lua", "rust", "shell", "markdown", "json", "toml", "yaml",
}  # fmt: skip
"""Those that Debian is the source of; others come from their own indexes."""

_COPYRIGHT = "debian/copyright"
_ARCHIVE = re.compile(r"\.(tar\.(gz|xz|bz2))$")


@dataclass(frozen=True)
class CopyrightRule:
    """Which files a paragraph of a copyright file speaks of, and their licence."""

    files: re.Pattern[str]
    licence: str


def debian_documents(description: Path, refused: dict[str, str]) -> Iterator[Document]:
    """Yield the sources of a package under permissive licences.

    Args:
        description: The package's `.dsc`; its archives lie beside it.
        refused: Given the package's name and licences where none of it may be trained on.
    """
    fields = read_fields(description.read_text(encoding="utf-8", errors="replace"))
    name = f"debian:{fields.get('Source', description.stem)}"
    version = fields.get("Version", "")
    archives = [
        description.parent / match[1]
        for match in re.finditer(
            r"^ [0-9a-f]{64} \d+ (\S+)$", fields.get("Checksums-Sha256", ""), re.MULTILINE
        )
        if _ARCHIVE.search(match[1]) and (description.parent / match[1]).is_file()
    ]
    rules = _rules(archives)
    if not any(is_permissive(rule.licence) for rule in rules):
        refused[name] = ", ".join(dict.fromkeys(rule.licence for rule in rules)) or "unknown"
        return
    for archive in archives:
        for path, content in archived_files(archive):
            licence = licence_of(path, rules)
            is_wanted = language_of(path) in _LANGUAGES and not path.startswith("debian/")
            if is_wanted and is_permissive(licence):
                found = document_of(name, version, licence, path, content, "code")
                if found is not None:
                    yield found


def _rules(archives: list[Path]) -> list[CopyrightRule]:
    # The packaging is in the smallest archive: that of a package made elsewhere, its only one.
    for archive in sorted(archives, key=lambda one: one.stat().st_size):
        for path, content in archived_files(archive):
            if path == _COPYRIGHT:
                return copyright_rules(content.decode("utf-8", errors="replace"))
    return []


def copyright_rules(text: str) -> list[CopyrightRule]:
    """Return what a DEP-5 file says about files, in its order; nothing where it is not one."""
    if not text.startswith("Format:"):
        return []
    rules = []
    for paragraph in re.split(r"\n[ \t]*\n(?=\S)", text):
        fields = read_fields(paragraph)
        if "Files" in fields:
            licence = spdx_expression(fields.get("License", "").partition("\n")[0])
            rules.append(CopyrightRule(_pattern(fields["Files"].split()), licence))
    return rules


def licence_of(path: str, rules: list[CopyrightRule]) -> str:
    """Return the licence of a file: what the last paragraph that speaks of it says."""
    licences = [rule.licence for rule in rules if rule.files.fullmatch(path)]
    return licences[-1] if licences else ""


def _pattern(globs: list[str]) -> re.Pattern[str]:
    """Return what DEP-5's wildcards match; they match slashes too."""
    meanings = {"*": ".*", "?": "."}
    parts = (re.split(r"([*?])", re.sub(r"^\./", "", glob)) for glob in globs)
    return re.compile(
        "|".join("".join(meanings.get(part, re.escape(part)) for part in glob) for glob in parts),
        re.DOTALL,
    )
