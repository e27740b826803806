"""Which device a model runs on and in which number format, with the reasons.

The decision is made from facts that the caller has probed, so that this file needs no torch and the
text side can show a plan.
"""

import ctypes
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class DevicePlan:
    """Where and how a model runs."""

    device: str
    """`cuda`, `mps` or `cpu`."""
    dtype: str
    """Number format of the weights: the name of a torch dtype, such as `bfloat16`."""
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class DeviceFacts:
    """What this machine offers."""

    has_cuda: bool = False
    cuda_has_bfloat16: bool = False
    has_mps: bool = False


def plan_device(facts: DeviceFacts, device: str = "auto", dtype: str = "auto") -> DevicePlan:
    """Choose device and dtype; a choice made by settings is kept if the machine can do it."""
    reasons: list[str] = []
    if device == "auto":
        chosen = "cuda" if facts.has_cuda else "mps" if facts.has_mps else "cpu"
        found = {"cuda": "a CUDA device was found", "mps": "an Apple GPU was found"}
        reasons.append(f"{chosen}: {found.get(chosen, 'no GPU was found')}")
    elif (device == "cuda" and not facts.has_cuda) or (device == "mps" and not facts.has_mps):
        chosen = "cpu"
        reasons.append(f"cpu: the setting asks for {device}, which this machine does not offer")
    else:
        chosen = device
        reasons.append(f"{chosen}: chosen by the setting `device`")
    if dtype not in {"auto", "int8"}:
        return DevicePlan(chosen, dtype, (*reasons, f"{dtype}: chosen by the setting `dtype`"))
    if chosen == "cpu":
        return DevicePlan(
            chosen, "float32", (*reasons, "float32: CPUs have no fast other one for every model")
        )
    if chosen == "cuda" and not facts.cuda_has_bfloat16:
        return DevicePlan(chosen, "float16", (*reasons, "float16: this GPU has no bfloat16"))
    return DevicePlan(chosen, "bfloat16", (*reasons, "bfloat16: half the memory of float32"))


def return_free_memory() -> None:
    """Give back to the system what was freed; only glibc keeps it so long. Takes milliseconds."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
