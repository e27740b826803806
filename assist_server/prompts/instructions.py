"""Instructions for chat models, stored as Markdown files in this package."""

from importlib.resources import files
from string import Template


def load_instruction(name: str, **fields: str) -> str:
    """Return the instruction `name` with its fields filled in.

    Raises:
        KeyError: a field of the instruction is missing.
    """
    path = files("assist_server.prompts") / "instructions" / f"{name}.md"
    return Template(path.read_text(encoding="utf-8")).substitute(fields).strip()
