"""From which state a training goes on, and within which budget."""

from pathlib import Path
from typing import Any

from assist_server.training.loop.checkpoints import LATEST, STABLE, read_state
from assist_server.training.loop.schedule import Budget


def state_to_resume(
    folder: Path, wanted: Budget | None
) -> tuple[dict[str, Any] | None, Budget | None]:
    """The state to go on from, None where none was saved yet, and the budget to go on within.

    A training that has begun to decay goes on decaying as long as its budget stays the same. For
    another budget it goes back to the last state from before the decay, so that the rate is what it
    would have been had that budget been known from the start.
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
