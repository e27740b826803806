"""The folder of a training run, and its states on disk, which are written atomically.

The model is in the folder itself, and everything else in its subfolder `training`.
"""

import errno
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from assist_server.errors import InputError
from assist_server.training.loop.resources import disk_error
from assist_server.training.loop.schedule import Budget
from assist_server.training.model.export import write_json

LATEST, STABLE = "latest.pt", "stable.pt"
"""The newest state, and the newest one from before the decay."""


_IDENTITY = "choice.json"


def save_state(state: dict[str, Any], file: Path) -> None:
    """Write a state; the old file stays until the new one is complete.

    Raises:
        AssistError: the state cannot be written; the old file is unchanged.
    """
    unfinished = file.with_suffix(".new")
    try:
        with unfinished.open("wb") as stream:
            torch.save(state, stream)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(file)
    except (OSError, RuntimeError) as error:
        unfinished.unlink(missing_ok=True)
        # torch's writer replaces the system's error with its own.
        cause = error if isinstance(error, OSError) else error.__context__
        if not isinstance(cause, OSError):
            cause = OSError(errno.EIO, str(error).partition("\n")[0])
        kept = f"the last saved state is kept in {str(file)!r}: make room and add --resume"
        raise disk_error(cause, kept) from error


def link_state(file: Path, name: Path) -> None:
    """Keep a state under a second name, as a hard link if the file system has them."""
    unfinished = name.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    try:
        os.link(file, unfinished)
    except OSError:  # no hard links
        save_state(read_state(file), unfinished.with_suffix(".pt"))
        return
    unfinished.replace(name)


def read_state(file: Path) -> dict[str, Any]:
    """Read a state.

    Raises:
        InputError: there is no state, or it cannot be read.
    """
    try:
        state: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # torch has many exceptions for a broken file
        raise InputError(f"cannot read a training state in {str(file)!r} ({error})") from error
    return state


def state_to_resume(
    folder: Path, wanted: Budget | None
) -> tuple[dict[str, Any] | None, Budget | None]:
    """Return the state to resume from, None if none was saved, and the budget.

    A run in its decay continues to decay if the budget is unchanged. With another budget, it
    resumes from the last state before the decay, so that the rate is the same as if that budget had
    been set from the start.
    """
    if not (folder / LATEST).exists():
        return None, wanted
    state = read_state(folder / LATEST)
    begun = Budget(**state["budget"])
    if wanted is None or wanted == begun or state["place"]["decay_start"] is None:
        return state, wanted or begun
    if (folder / STABLE).exists():
        state = read_state(folder / STABLE)
    return state, wanted


def open_run_folder(out: Path, identity: Mapping[str, Any], *, is_resumed: bool) -> Path:
    """Return the folder for states and logs, created for a new training run.

    Args:
        out: The folder that the user named.
        identity: The choices that must not change when a training run is resumed.
        is_resumed: Whether the folder must contain a training run.

    Raises:
        InputError: the content of the folder is not as expected.
        AssistError: the folder cannot be written.
    """
    folder = out / "training"
    file = folder / _IDENTITY
    if is_resumed:
        _check_same(file, identity, out)
        return folder
    if file.exists():
        raise InputError(
            f"{str(out)!r} already holds a training run; add --resume to continue it, "
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
            f"there is no training to resume in {str(out)!r}; omit --resume to start one"
        ) from error
    for name, value in identity.items():
        if begun.get(name) != value:
            raise InputError(
                f"the training in {str(out)!r} was started with {name} {begun.get(name)!r}, "
                f"not {value!r}; resume it with that, or start another one"
            )
