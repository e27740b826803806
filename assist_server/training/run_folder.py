"""The folder of a training: the model at its top, and all that was needed for it in `training/`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assist_server.errors import InputError
from assist_server.training.loop.resources import disk_error
from assist_server.training.model.export import write_json

_IDENTITY = "choice.json"


def open_workplace(out: Path, identity: Mapping[str, Any], *, is_resumed: bool) -> Path:
    """The folder for states and logs; made where the training is new.

    Args:
        out: What the person has named.
        identity: What must not change when a training is resumed.
        is_resumed: Whether the folder should hold a training already.

    Raises:
        InputError: the folder holds something else than it should.
        AssistError: it cannot be written.
    """
    folder = out / "training"
    file = folder / _IDENTITY
    if is_resumed:
        _check_same(file, identity, out)
        return folder
    if file.exists():
        raise InputError(
            f"{str(out)!r} holds a training already; add --resume to go on with it, "
            "or choose another folder with --out"
        )
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{str(out)!r} is not an empty folder; choose another one with --out")
    try:
        folder.mkdir(parents=True)
        write_json(file, identity)
    except OSError as error:
        raise disk_error(error, "choose another folder with --out") from error
    return folder


def _check_same(file: Path, identity: Mapping[str, Any], out: Path) -> None:
    try:
        begun = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"there is no training to resume in {str(out)!r}; leave --resume out to begin one"
        ) from error
    for name, value in identity.items():
        if begun.get(name) != value:
            raise InputError(
                f"the training in {str(out)!r} was begun with {name} {begun.get(name)!r}, "
                f"not {value!r}; resume it so, or begin another one"
            )
