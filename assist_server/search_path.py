"""Where this interpreter and those that it starts look for modules: never in the working folder.

In an editor the working folder is somebody's project, and its `torch.py` or `assist_server/` must
not be run for ours. Only what Python has loaded by itself is imported here, not even `pathlib`.
"""

# ruff: noqa: PTH100, PTH109, PTH117, PTH120

import os
import sys

PYTHON = (sys.executable, "-P")
"""This interpreter, for a command that is started with `child_environment`."""


def forget_working_folder() -> None:
    """Take the working folder off the search path where only `-m` or a relative path put it there.

    `PYTHONPATH=$PYTHONPATH:/more` names it, too, where the variable was empty before.
    """
    try:
        here = os.getcwd()
    except OSError:
        return  # it is gone, and nothing can be found there
    if not sys.flags.safe_path and sys.path[:1] == [here]:
        del sys.path[0]
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    relative = {os.path.abspath(path) for path in named if not os.path.isabs(path)}
    sys.path[:] = [path for path in sys.path if path not in relative or path in named]


def child_environment() -> dict[str, str]:
    """Return the environment in which `PYTHON` finds what this interpreter finds, and no more."""
    own = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    paths = [path for path in sys.path if os.path.isabs(path)]
    paths += [] if own in paths else [own]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
