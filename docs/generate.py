"""Write the pages that are derived from the code, or check that they are up to date."""  # noqa: INP001 - a script

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from assist_server.config import PROJECT_FILE, PYPROJECT_TABLE
from assist_server.settings import allowed_values, is_settable_by_project, sections, setting_fields

VSCODE_SECTION = "assist"
VSCODE_OWN_PREFIX = f"{VSCODE_SECTION}.server."
"""Begins the names of the settings that are the extension's own business."""
VSCODE_SCHEMA_KEYS = (
    *("type", "enum", "default", "minLength", "additionalProperties"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
)

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

Editors send the same names as JSON, nested or dotted; `null` means "not set". A file may have
64 KB; what is wrong in it is one message.

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

SHARED_SERVER = """\
## Several editors, one server

`assist-server serve --unix PATH` listens on a socket in a folder that only you can enter, and
`assist-server serve --tcp PORT` on a port of this machine. Every program reaches a port, those of
other users and of web pages among them. So a client of the port has to show a token: the server
makes the file `token` beside your `config.toml`, readable by you alone (or the file that
`--token-file` names), and the client sends its content as `token` in `initializationOptions`
within half a minute. In Neovim, for example:

```lua
vim.lsp.start({
  name = "assist-server",
  cmd = vim.lsp.rpc.connect("127.0.0.1", 7777),
  init_options = {
    token = vim.trim(table.concat(vim.fn.readfile(vim.fn.expand("~/.config/assist-server/token")))),
  },
})
```

Clients of a port share the model, but nothing that the model has read: answers would come sooner
where somebody else has the same text open. Clients of a socket are all yours, and share that, too.
A server with several clients has one log, for which the settings where it is started count, not
those of an editor.
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
    return "\n".join([INTRODUCTION, "## Settings\n", *tables, SHARED_SERVER, EXAMPLES])


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


def vscode_manifest(manifest: str) -> str:
    """VS Code's `package.json` with the server's settings in it; everything else stays."""
    content = json.loads(manifest)
    contributes, trust = content["contributes"], content["capabilities"]["untrustedWorkspaces"]
    by_hand = [
        table
        for table in contributes["configuration"]
        if all(key.startswith(VSCODE_OWN_PREFIX) for key in table["properties"])
    ]
    generated = [_vscode_table(name) for name in sections()]
    *important, last = generated
    tables = [*important, *by_hand, last]  # who looks for the log looks for it at the end
    contributes["configuration"] = [_in_order(table, order) for order, table in enumerate(tables)]
    trust["restrictedConfigurations"] = [
        *(key for table in by_hand for key in table["properties"]),
        *(
            f"{VSCODE_SECTION}.{key}"
            for key, field in setting_fields().items()
            if not is_settable_by_project(field)
        ),
    ]
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _in_order(table: Mapping[str, Any], order: int) -> dict[str, Any]:
    """With what keeps VS Code from sorting by name: our order is by importance."""
    properties = {
        key: {**schema, "order": place}
        for place, (key, schema) in enumerate(table["properties"].items())
    }
    return {**table, "order": order, "properties": properties}


def _vscode_table(section: str) -> dict[str, object]:
    table = sections()[section]
    schema = table.model_json_schema()["properties"]
    properties = {
        f"{VSCODE_SECTION}.{key}": _vscode_property(field, schema[key.rpartition(".")[2]])
        for key, field in setting_fields().items()
        if key.rpartition(".")[0] == section
    }
    title = (table.__doc__ or "").rstrip(".") if section else "Model"
    return {"title": title, "properties": properties}


def _vscode_property(field: FieldInfo, schema: Mapping[str, object]) -> dict[str, object]:
    """A setting as VS Code's settings editor wants it.

    The default is there for the reader; the extension sends only what the user has set.
    """
    # Code from elsewhere may suggest some settings only where the user trusts it.
    scope = "resource" if is_settable_by_project(field) else "machine-overridable"
    told = {key: value for key, value in schema.items() if key in VSCODE_SCHEMA_KEYS}
    return told | {"scope": scope, "markdownDescription": field.description}


@dataclass(frozen=True)
class Page:
    """A generated file."""

    path: str
    """Below the root of the repository."""
    render: Callable[[str], str]
    """Its content, made from the content that it has; a missing file has none."""


PAGES = (
    Page("docs/configuration.md", lambda _: configuration_page()),
    Page("editors/vscode/package.json", vscode_manifest),
)


def main(arguments: list[str], root: Path = Path(__file__).parents[1]) -> int:
    """Write or check every page below `root`; the exit status is 1 if a check fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a page is old")
    is_check = parser.parse_args(arguments).check
    is_stale = False
    for page in PAGES:
        path = root / page.path
        content = path.read_text(encoding="utf-8") if path.exists() else ""
        wanted = page.render(content)
        if content == wanted:
            continue
        is_stale = True
        if not is_check:
            path.write_text(wanted, encoding="utf-8", newline="\n")
        sys.stdout.write(f"{path}: {'out of date' if is_check else 'written'}\n")
    return 1 if is_check and is_stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
