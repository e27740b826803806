"""Documents from Debian: prose of installed packages, and sources of source packages.

Copyright files must be machine-readable (DEP-5). Prose is taken from packages with permissive
licences only; a source file has the licence that the copyright file names for it. Source packages
are as `apt-get source --download-only` leaves them.
"""

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assist_server.training.data.documents import (
    Document,
    archived_files,
    document_of,
    language_of,
    pair_of,
)
from assist_server.training.data.licences import PERMISSIVE, is_permissive

_ROOT = Path("/")
_SHORT_NAMES = {
    "bsd-2": "BSD-2-Clause",
    "bsd-3": "BSD-3-Clause",
    "expat": "MIT",
    "public-domain": "CC0-1.0",
    "mit/x11": "MIT",
    "python": "PSF-2.0",
    **{licence.lower(): licence for licence in PERMISSIVE},
}
"""SPDX ids by DEP-5's names of licences, in lower case."""

_LANGUAGES = {
    "c", "cpp", "go", "java", "lua", "rust", "shell", "markdown", "json", "toml", "yaml",
}  # fmt: skip
"""Languages to take from Debian; others come from their own package indexes."""

_COPYRIGHT = "debian/copyright"
_ARCHIVE = re.compile(r"\.(tar\.(gz|xz|bz2))$")


def debian_pairs(root: Path = _ROOT) -> Iterator[Document]:
    """Yield pairs of a long and a short text from the Debian packages installed under a root."""
    status = root / "var/lib/dpkg/status"
    if not status.is_file():
        return
    for paragraph in status.read_text(encoding="utf-8", errors="replace").split("\n\n"):
        fields = _read_fields(paragraph)
        name, version = fields.get("Package", ""), fields.get("Version", "")
        licence = copyright_licence(root / "usr/share/doc" / name / "copyright") if name else ""
        if not is_permissive(licence):
            continue
        synopsis, _, long = fields.get("Description", "").partition("\n")
        found = [(f"descriptions/{name}.txt", synopsis, _unfold(long))]
        found += [(f"manual/{page.name}", *parts) for page, parts in _pages(root, name)]
        for path, short, text in found:
            pair = pair_of(f"debian:{name}", version, licence, path, short, text)
            if pair is not None:
                yield pair


def _read_fields(paragraph: str) -> dict[str, str]:
    """Return the fields of a paragraph in Debian's control format, with raw continuation lines."""
    parts = re.split(r"^([A-Za-z][\w-]*):[ \t]*", paragraph, flags=re.MULTILINE)
    return {key: value.rstrip("\n") for key, value in zip(parts[1::2], parts[2::2], strict=True)}


def _unfold(long: str) -> str:
    """Return a long description without its markup: leading blanks, and dots for empty lines."""
    lines = (line.removeprefix(" ") for line in long.splitlines())
    return "\n".join("" if line == "." else line for line in lines)


def copyright_licence(file: Path) -> str:
    """Return all licences of a DEP-5 file as an SPDX expression; empty for another format."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    if not text.startswith("Format:"):
        return ""
    names = re.findall(r"^License:[ \t]*(\S[^\n]*)$", text, flags=re.MULTILINE)
    known = [_SHORT_NAMES.get(name.strip().lower(), "unknown") for name in names]
    return " AND ".join(dict.fromkeys(known))


def spdx_expression(written: str) -> str:
    """Return DEP-5's `A or B, and C` as an SPDX expression; unknown names stay as they are.

    "And" binds more tightly than "or", and a comma less tightly than both.
    """
    written = re.sub(r"\bwith\s+(\S+)\s+exception\b", r"WITH \1-exception", written)
    parts = re.split(r",\s*(and|or)\s+", written.strip())
    spelled = [
        part.upper() if number % 2 else " ".join(map(_spdx_word, part.split()))
        for number, part in enumerate(parts)
    ]
    if len(spelled) == 1:
        return spelled[0]
    return " ".join(part if number % 2 else f"({part})" for number, part in enumerate(spelled))


def _spdx_word(word: str) -> str:
    if word.lower() in {"and", "or"}:
        return word.upper()
    return _SHORT_NAMES.get(word.lower(), word)


def _pages(root: Path, package: str) -> Iterator[tuple[Path, tuple[str, str]]]:
    try:
        listed = (root / f"var/lib/dpkg/info/{package}.list").read_text(encoding="utf-8")
    except OSError:
        return
    for line in listed.splitlines():
        page = root / line.lstrip("/")
        if re.fullmatch(r"/usr/share/man/man\d/[^/]+\.gz", line) and page.is_file():
            parts = manual_parts(
                gzip.decompress(page.read_bytes()).decode("utf-8", errors="replace")
            )
            if parts is not None:
                yield page, parts


def manual_parts(roff: str) -> tuple[str, str] | None:
    """Return the short description of a manual page and its section DESCRIPTION, as plain text."""
    sections = re.split(r'^\.S[Hh] +"?([^"\n]*)"?[^\n]*\n', roff, flags=re.MULTILINE)
    by_name = dict(zip(map(str.upper, sections[1::2]), sections[2::2], strict=True))
    if "NAME" not in by_name or "DESCRIPTION" not in by_name:
        return None
    name = " ".join(_plain(by_name["NAME"]).split())
    _, dash, short = name.partition(" - ")
    return (short, _plain(by_name["DESCRIPTION"])) if dash else None


def _plain(roff: str) -> str:
    """Return roff as plain text: font macros keep their words, other macros end a paragraph."""
    lines = []
    for line in roff.splitlines():
        macro = re.match(r"[.']\s*([A-Za-z]*)\s*(.*)", line)
        if macro is None:
            lines.append(line)
        elif macro[1] in {"B", "I", "BR", "RB", "IR", "RI", "BI", "IB", "Nm", "Fl", "Ar", "Xr"}:
            lines.append(macro[2].replace('"', ""))
        else:
            lines.append("")
    text = re.sub(r"\\f(?:\w|\(\w\w|\[\w*\])|\\[&|^%/,]|\\s[-+]?\d+", "", "\n".join(lines))
    for mark, meaning in ((r"\-", "-"), (r"\(aq", "'"), (r"\e", "\\"), (r"\ ", " ")):
        text = text.replace(mark, meaning)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


@dataclass(frozen=True)
class CopyrightRule:
    """The files of a paragraph in a copyright file, and their licence."""

    files: re.Pattern[str]
    licence: str


def debian_documents(description: Path, refused: dict[str, str]) -> Iterator[Document]:
    """Yield the source files of a package that have permissive licences.

    Args:
        description: The package's `.dsc`, in the folder of its archives.
        refused: Gets the package's name and licences if none of its files may be used.
    """
    fields = _read_fields(description.read_text(encoding="utf-8", errors="replace"))
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
    # The packaging is in the smallest archive; a native package has only one.
    for archive in sorted(archives, key=lambda one: one.stat().st_size):
        for path, content in archived_files(archive):
            if path == _COPYRIGHT:
                return copyright_rules(content.decode("utf-8", errors="replace"))
    return []


def copyright_rules(text: str) -> list[CopyrightRule]:
    """Return the rules of a DEP-5 file in their order; none for another format."""
    if not text.startswith("Format:"):
        return []
    rules = []
    for paragraph in re.split(r"\n[ \t]*\n(?=\S)", text):
        fields = _read_fields(paragraph)
        if "Files" in fields:
            licence = spdx_expression(fields.get("License", "").partition("\n")[0])
            rules.append(CopyrightRule(_pattern(fields["Files"].split()), licence))
    return rules


def licence_of(path: str, rules: list[CopyrightRule]) -> str:
    """Return the licence of a file, by the last rule that matches it; empty without one."""
    licences = [rule.licence for rule in rules if rule.files.fullmatch(path)]
    return licences[-1] if licences else ""


def _pattern(globs: list[str]) -> re.Pattern[str]:
    """Return DEP-5's wildcards as a pattern; they match slashes, too."""
    meanings = {"*": ".*", "?": "."}
    parts = (re.split(r"([*?])", re.sub(r"^\./", "", glob)) for glob in globs)
    return re.compile(
        "|".join("".join(meanings.get(part, re.escape(part)) for part in glob) for glob in parts),
        re.DOTALL,
    )
