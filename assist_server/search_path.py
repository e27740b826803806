"""Module search path of this interpreter and its subprocesses, without the working folder.

In an editor the working folder is the user's project, whose `torch.py` or `assist_server/` must not
be imported. This module imports only what Python has already loaded, not even `pathlib`.
"""

# ruff: noqa: PTH100, PTH109, PTH117, PTH120

import os
import sys

PYTHON = (sys.executable, "-P")
"""This interpreter, for commands started with `child_environment`."""


def forget_working_folder() -> None:
    """Remove the working folder from the search path if `-m` or a relative path added it.

    `PYTHONPATH=$PYTHONPATH:/more` adds it, too, if the variable was empty.
    """
    try:
        here = os.getcwd()
    except OSError:
        return  # it was removed, so nothing can be imported from it
    if not sys.flags.safe_path and sys.path[:1] == [here]:
        del sys.path[0]
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    relative = {os.path.abspath(path) for path in named if not os.path.isabs(path)}
    sys.path[:] = [path for path in sys.path if path not in relative or path in named]


def child_environment() -> dict[str, str]:
    """Return the environment in which `PYTHON` finds exactly what this interpreter finds."""
    own = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    paths = [path for path in sys.path if os.path.isabs(path)]
    paths += [] if own in paths else [own]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
