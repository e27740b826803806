"""Write the part of the Vim help file that is derived from the settings, or check it."""  # noqa: INP001 - a script

import argparse
import json
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

from pydantic.fields import FieldInfo

from assist_server.settings import allowed_values, setting_fields

HELP_FILE = Path(__file__).parents[1] / "editors" / "nvim" / "doc" / "assist.txt"
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
        yield f"{name}{tag:>{_COLUMNS - len(name)}}"
        yield textwrap.indent(textwrap.fill(_words(field), _COLUMNS - 8), " " * 8)
        yield ""


def _words(field: FieldInfo) -> str:
    default = json.dumps(field.default)
    return f"{field.description} Value: {allowed_values(field)}; default: {default}."


def main(arguments: list[str], path: Path = HELP_FILE) -> int:
    """Write or check the help file; the exit status is 1 if a check fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if it is old")
    is_check = parser.parse_args(arguments).check
    old = path.read_text(encoding="utf-8")
    new = render(old)
    if new == old:
        return 0
    if not is_check:
        path.write_text(new, encoding="utf-8", newline="\n")
    sys.stdout.write(f"{path}: {'out of date' if is_check else 'written'}\n")
    return 1 if is_check else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
