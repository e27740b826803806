"""Instructions for models that can be talked to, kept as Markdown beside this file."""

from importlib.resources import files
from string import Template


def load_instruction(name: str, **fields: str) -> str:
    """The instruction `name`, its fields filled in.

    Raises:
        KeyError: a field of the instruction was not given.
    """
    path = files("assist_server.prompts") / "instructions" / f"{name}.md"
    return Template(path.read_text(encoding="utf-8")).substitute(fields).strip()
