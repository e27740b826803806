"""Write the pages that are derived from the code, or check that they are up to date."""  # noqa: INP001 - a script

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from pydantic.fields import FieldInfo

from assist_server.config import PROJECT_FILE, PYPROJECT_TABLE
from assist_server.settings import allowed_values, is_settable_by_project, sections, setting_fields

INTRODUCTION = f"""\
# Configuration

<!-- Written by docs/generate.py from assist_server/settings.py; edit those. -->

Everything works without configuration. Whatever you set is checked: a key that does not exist or a
value that does not fit is reported with what to write instead, and the rest still counts.

## Where settings come from

From the weakest to the strongest; a stronger source decides setting by setting:

1. The defaults below.
2. Your own file, `config.toml`:

   | System | Path |
   | --- | --- |
   | Linux | `~/.config/assist-server/config.toml` (or below `$XDG_CONFIG_HOME`) |
   | macOS | `~/Library/Application Support/assist-server/config.toml` |
   | Windows | `%LOCALAPPDATA%\\assist-server\\config.toml` |

3. The project's file in the root of the workspace: `{PROJECT_FILE}`, or else the table
   `[tool.{PYPROJECT_TABLE}]` of `pyproject.toml`.
4. `initializationOptions`, which an editor sends when it starts the server.
5. The configuration that an editor sends later (`workspace/configuration`).
6. Flags on the command line.

Editors send the same names as JSON, nested or dotted; `null` means "not set".

## What a project may not set

A project's file arrives with code that others wrote. So it cannot choose which model is fetched and
loaded, nor where or whether your code is logged: settings marked "no" in the column "Project" are
reported and ignored there.

## Models and paths

A `model` that begins with `/`, `.`, `~` or a drive is a folder; anything else but `embedded` is the
id of a model on the Hugging Face hub, even if a folder of that name exists. Paths that are not
absolute begin at the folder of the file that holds them, at the root of the workspace if an editor
sends them, and at the working directory on the command line.
"""

EXAMPLES = """\
## Examples

Your own file:

```toml
# config.toml
model = "~/models/my-coder"
device = "cuda"

[completion]
multi_line = "never"
max_new_tokens_single_line = 48

[log]
level = "debug"
file = "~/assist-server.log"
```

A project's own file:

```toml
# .assist.toml
[documentation]
style = "numpy"
line_length = 100
```

The same in the file that Python projects have already:

```toml
# pyproject.toml
[tool.assist-server.documentation]
style = "numpy"
line_length = 100
```

What an editor sends as `initializationOptions`:

```json
{
  "model": "Qwen/Qwen2.5-Coder-0.5B",
  "completion": {"trigger": "invoked", "max_new_tokens": 128}
}
```
"""


def configuration_page() -> str:
    """The page about settings."""
    tables = [_settings_table(name) for name in sections()]
    return "\n".join([INTRODUCTION, "## Settings\n", *tables, EXAMPLES])


def _settings_table(section: str) -> str:
    fields = {
        key: field for key, field in setting_fields().items() if key.rpartition(".")[0] == section
    }
    title = f"`[{section}]`: {sections()[section].__doc__}" if section else "Top level"
    head = "| Key | Value | Default | Project | Meaning |\n| --- | --- | --- | --- | --- |"
    rows = [_row(key, field) for key, field in fields.items()]
    return "\n".join([f"### {title.rstrip('.')}\n", head, *rows, ""])


def _row(key: str, field: FieldInfo) -> str:
    project = "yes" if is_settable_by_project(field) else "no"
    default = f"`{json.dumps(field.default)}`"
    cells = [f"`{key}`", allowed_values(field), default, project, field.description]
    return f"| {' | '.join(map(str, cells))} |"


PAGES: Mapping[str, Callable[[], str]] = {"configuration.md": configuration_page}
"""Path of each generated page below the folder, and what it holds."""


def main(arguments: list[str], folder: Path = Path(__file__).parent) -> int:
    """Write or check every page below `folder`; the exit status is 1 if a check fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a page is old")
    is_check = parser.parse_args(arguments).check
    stale = [path for path, render in PAGES.items() if _content(folder / path) != render()]
    for path in stale:
        if not is_check:
            (folder / path).write_text(PAGES[path](), encoding="utf-8", newline="\n")
        sys.stdout.write(f"{folder / path}: {'out of date' if is_check else 'written'}\n")
    return 1 if is_check and stale else 0


def _content(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
