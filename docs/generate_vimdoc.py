"""Write what is derived of the Vim help, the part on settings and the tags, or check it."""  # noqa: INP001 - a script

import argparse
import json
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

from pydantic.fields import FieldInfo

from assist_server.settings import allowed_values, setting_fields

HELP_FILE = Path(__file__).parents[1] / "editors" / "nvim" / "doc" / "assist.txt"
TAGS_FILE = HELP_FILE.with_name("tags")
_RULE = "=" * 78
_TAG = "*assist-settings*"
_COLUMNS = 78

_INTRODUCTION = """\
This part is written by docs/generate_vimdoc.py. Names with a dot may be nested:
`completion.enabled` is `{ completion = { enabled = ... } }`. A default holds
where nothing else sets it: your file of settings, the project's, or here.
"""


def render(text: str) -> str:
    """The help file with the settings of now."""
    sections = text.split(_RULE)
    index = next(i for i, section in enumerate(sections) if _TAG in section.split("\n")[1])
    heading = sections[index].split("\n")[1]
    paragraphs = "\n".join(_paragraphs())
    introduction = textwrap.fill(_INTRODUCTION, _COLUMNS)
    sections[index] = f"\n{heading}\n\n{introduction}\n\n{paragraphs}\n"
    return _RULE.join(sections)


def _paragraphs() -> Iterator[str]:
    for name, field in setting_fields().items():
        tag = f"*assist-setting-{name}*"
        gap = _COLUMNS - len(name) - len(tag)
        # Vim sees a tag only behind a space; one that does not fit stands above what it is of.
        yield name + " " * gap + tag if gap > 0 else f"{tag:>{_COLUMNS}}\n{name}"
        yield textwrap.indent(textwrap.fill(_words(field), _COLUMNS - 8), " " * 8)
        yield ""


def _words(field: FieldInfo) -> str:
    default = json.dumps(field.default)
    return f"{field.description} Value: {allowed_values(field)}; default: {default}."


def render_tags(text: str) -> str:
    """What `:helptags` would write, so that `:help` works from a clone."""
    tags = sorted(re.findall(r"(?:^|\s)\*([^*\s|]+)\*(?=\s|$)", text))
    return "".join(f"{tag}\t{HELP_FILE.name}\t/*{tag}*\n" for tag in tags)


def main(arguments: list[str], path: Path = HELP_FILE, tags_path: Path = TAGS_FILE) -> int:
    """Write or check the help file and its tags; the exit status is 1 if a check fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if it is old")
    is_check = parser.parse_args(arguments).check
    text = render(path.read_text(encoding="utf-8"))
    wanted = {path: text, tags_path: render_tags(text)}
    stale = [file for file in wanted if _text_of(file) != wanted[file]]
    for file in stale:
        if not is_check:
            file.write_text(wanted[file], encoding="utf-8", newline="\n")
        sys.stdout.write(f"{file}: {'out of date' if is_check else 'written'}\n")
    return 1 if is_check and stale else 0


def _text_of(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
