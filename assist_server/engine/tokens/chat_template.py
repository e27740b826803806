"""A model's chat template, rendered in a child process.

A template is a program by the model's author; one that never ends, or allocates all memory, cannot
be stopped in this process. The child has limits of time and memory. The result depends on the roles
only, so each sequence of roles is rendered once.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
import markupsafe

from assist_server.errors import ModelError

_SCRIPT = Path(__file__).with_name("chat_template_child.py")
_MAX_S = 5.0
"""Templates take milliseconds; most of the time is the child's start."""


class ChatTemplate:
    """A chat template with a cache of rendered conversations; callable from any thread."""

    def __init__(self, source: str, special_tokens: dict[str, Any]) -> None:
        """Wrap a template and the special tokens that it may use."""
        self._source = source
        self._special_tokens = special_tokens
        self._rendered: dict[tuple[str, ...], str] = {}

    def render(self, roles: Sequence[str], contents: Sequence[str]) -> str:
        """Render a conversation up to the answer; `contents` must be placeholders.

        Raises:
            ModelError: the template fails, or exceeds its limits.
        """
        key = tuple(roles)
        if key not in self._rendered:
            messages = [
                {"role": role, "content": content}
                for role, content in zip(roles, contents, strict=True)
            ]
            self._rendered[key] = self._render(messages)
        return self._rendered[key]

    def _render(self, messages: list[dict[str, str]]) -> str:
        values = {
            **self._special_tokens,
            "messages": messages,
            "tools": None,
            "documents": None,
            "add_generation_prompt": True,
            "enable_thinking": False,
        }
        answer = _run_child({"template": self._source, "values": values})
        if "error" in answer:
            raise ModelError(f"the model's chat format cannot be used: {answer['error']}")
        return str(answer["text"])


def _run_child(request: dict[str, Any]) -> dict[str, Any]:
    folders = [str(Path(str(module.__file__)).parents[1]) for module in (jinja2, markupsafe)]
    content = json.dumps({**request, "folders": folders}, default=str)
    try:
        done = subprocess.run(  # noqa: S603 - this interpreter and a file of this package
            [sys.executable, "-I", str(_SCRIPT)],
            input=content.encode(),
            capture_output=True,
            timeout=_MAX_S,
            cwd=_SCRIPT.parent,
            check=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        answer: dict[str, Any] = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return {"error": "it does not end; choose another model"}
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        return {"error": f"it could not be run ({type(error).__name__}); choose another model"}
    return answer
