"""Figures that are drawn as the user's own settings say, and no project's."""

import contextlib
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assist_server.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def new_figure(**options: Any) -> "Figure":
    """Return an empty figure of matplotlib.

    The library reads `matplotlibrc` of the working folder, before all others, when it is imported.
    So it is imported from its own folder; nothing else may run meanwhile that names files.

    Raises:
        InputError: matplotlib is missing.
    """
    found = importlib.util.find_spec("matplotlib")
    if found is None or found.origin is None:
        raise InputError("a plot needs matplotlib; install 'assist-server[train]'")
    with contextlib.chdir(Path(found.origin).parent):
        from matplotlib.figure import Figure  # noqa: PLC0415 - an extra that few have installed

    return Figure(**options)
