"""The device and number format of a model, with reasons, and memory returned to the system.

The caller probes the facts, so this module needs no torch.
"""

import ctypes
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class DevicePlan:
    """The device and number format of a model, with the reasons for them."""

    device: str
    """`cuda`, `mps` or `cpu`; for a model on a server, the server's host."""
    dtype: str
    """Number format of the weights: the name of a torch dtype, such as `bfloat16`, or a server's
    own word."""
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class DeviceFacts:
    """The accelerators of this machine."""

    has_cuda: bool = False
    cuda_has_bfloat16: bool = False
    has_mps: bool = False


def plan_device(facts: DeviceFacts, device: str = "auto", dtype: str = "auto") -> DevicePlan:
    """Choose device and dtype; a device from the settings is kept if the machine has it."""
    reasons: list[str] = []
    if device == "auto":
        chosen = "cuda" if facts.has_cuda else "mps" if facts.has_mps else "cpu"
        found = {"cuda": "a CUDA device was found", "mps": "an Apple GPU was found"}
        reasons.append(f"{chosen}: {found.get(chosen, 'no GPU was found')}")
    elif (device == "cuda" and not facts.has_cuda) or (device == "mps" and not facts.has_mps):
        chosen = "cpu"
        reasons.append(f"cpu: the setting asks for {device}, which this machine does not have")
    else:
        chosen = device
        reasons.append(f"{chosen}: chosen by the setting `device`")
    if dtype not in {"auto", "int8"}:
        return DevicePlan(chosen, dtype, (*reasons, f"{dtype}: chosen by the setting `dtype`"))
    if chosen == "cpu":
        return DevicePlan(
            chosen,
            "float32",
            (*reasons, "float32: the only format that is fast for every model on a CPU"),
        )
    if chosen == "cuda" and not facts.cuda_has_bfloat16:
        return DevicePlan(chosen, "float16", (*reasons, "float16: this GPU has no bfloat16"))
    return DevicePlan(chosen, "bfloat16", (*reasons, "bfloat16: half the memory of float32"))


def return_free_memory() -> None:
    """Return freed memory to the system, which glibc alone does not; takes milliseconds."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
