"""The device and number format of a model, with reasons, and memory returned to the system.

The caller probes the facts, so this module needs no torch.
"""

import ctypes
import sys
from dataclasses import dataclass, replace

SMALL_FORMATS = ("int8", "int4")
"""Number formats that weights are packed in on a CPU, the wider one first."""

MAX_SHARE_OF_MEMORY = 0.8
"""Share of the free memory that weights may take, as caches and other programs need it as well."""

_SMALLER_CACHE_PART = 0.25


@dataclass(frozen=True)
class DevicePlan:
    """The device and number format of a model, with the reasons for them."""

    device: str
    """`cuda`, `mps` or `cpu`; for a model on a server, the server's host."""
    dtype: str
    """Number format of the weights: the name of a torch dtype, such as `bfloat16`, or a server's
    own word."""
    reasons: tuple[str, ...]
    cache_part: float = 1.0
    """Part of the usual memory for the caches of prompts."""
    memory_steps: tuple[str, ...] = ()
    """Changes made because the memory was exceeded, each in a sentence."""


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
    if dtype not in {"auto", *SMALL_FORMATS}:
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


def smaller_plan(
    plan: DevicePlan, *, can_shrink: bool = False, is_loading: bool = False
) -> DevicePlan | None:
    """Return what to try after the memory was exceeded; None if nothing is left.

    The steps are a smaller cache of prompts, weights in int8, then in int4, and the CPU.

    Args:
        plan: The plan that failed.
        can_shrink: Whether the model can have weights in int8 and int4 on the plan's device.
        is_loading: True if the weights did not fit; there is no cache then.
    """

    def step(reason: str, **changes: object) -> DevicePlan:
        steps = (*plan.memory_steps, f"the memory of {plan.device} was exceeded: {reason}")
        return replace(plan, memory_steps=steps, **changes)  # type: ignore[arg-type]

    if not is_loading and plan.cache_part > _SMALLER_CACHE_PART:
        reason = "recent prompts get a quarter of their memory"
        return step(reason, cache_part=_SMALLER_CACHE_PART)
    if can_shrink and plan.dtype != SMALL_FORMATS[-1]:
        format_ = "int4" if plan.dtype == "int8" else "int8"
        return step(f"the weights are held in {format_}", dtype=format_)
    if plan.device != "cpu":
        return step("the model runs on the CPU", device="cpu", dtype="float32", cache_part=1.0)
    return None


def return_free_memory() -> None:
    """Return freed memory to the system, which glibc alone does not; takes milliseconds."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
