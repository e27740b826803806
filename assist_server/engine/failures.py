"""Failures of the libraries, each as one sentence for the user."""

import contextlib
from collections.abc import Iterator

import torch

from assist_server.engine.device import DevicePlan
from assist_server.errors import AssistError, ModelError


@contextlib.contextmanager
def failures_in_one_sentence(name: str, plan: DevicePlan) -> Iterator[None]:
    """Turn whatever fails while a model is loaded into an error that names the model.

    Raises:
        AssistError: something failed.
    """
    try:
        yield
    except AssistError:
        raise
    except Exception as error:  # four libraries raise, each its own kinds
        if is_out_of_memory(error):
            raise out_of_memory(name, plan) from error
        raise ModelError(f"cannot load the model {name!r}: {gist(error)}") from error


def is_out_of_memory(error: Exception) -> bool:
    """Return whether a device has too little memory; a CPU's is known by its message only."""
    is_named = isinstance(error, torch.OutOfMemoryError | MemoryError)
    return is_named or (isinstance(error, RuntimeError) and "DefaultCPUAllocator" in str(error))


def out_of_memory(name: str, plan: DevicePlan) -> ModelError:
    """Return the error for a model that is too large."""
    remedy = "" if plan.device == "cpu" else ', or set device = "cpu"'
    return ModelError(
        f"{name} does not fit the memory of {plan.device}; choose a smaller model{remedy}"
    )


def gist(error: Exception) -> str:
    """Return the line of a long message that says what is wrong: the first; TorchScript's last."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [repr(error)]
    return lines[-1] if "TorchScript" in lines[0] else lines[0]
