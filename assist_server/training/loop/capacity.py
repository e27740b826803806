"""Memory and disk requirements of a training run, and the plan for its device."""

import multiprocessing
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from assist_server.training.loop.reports import Watcher
from assist_server.training.loop.resources import check_disk, check_memory
from assist_server.training.model.network import has_varlen_kernel
from assist_server.training.model.sizes import Size

_CORPUS_BYTES = 64 * 2**20
_COPIES = 5
"""Copies of the weights in memory: weights, gradients, average, up to two for the optimiser."""
_STATES = 3
"""States on disk: the newest, the one before the decay, and one that is being written."""
_STATE_COPIES = 4
"""Copies of the weights in a state."""
_BASE_BYTES = 700 * 2**20
_ACTIVATION_BYTES = 4
_COMPILED_ACTIVATION_BYTES = 1.2
"""Bytes per value. Compiled layers keep fewer values, in 16 bits: size base takes 16.2 GiB with 32
windows in a pass and 29.7 GiB with 64 (torch 2.11 on an H100)."""
_MAX_PROCESSES = 16
_ADVICE = "choose a smaller --size or close other programs"
_GPU_ADVICE = f"{_ADVICE}, or add --device cpu"
_GPU_MEMORY = "the GPU's memory"
_GPU_SHARE = 0.9
"""Usable share of a GPU's free memory; fragmentation makes the rest unusable."""


def check_room(out: Path, size: Size, device: str) -> None:
    """Check that memory and disk suffice for a training run.

    Raises:
        InputError: they do not.
    """
    weights = 4 * size.shape.parameters()
    what = f"size {size.name!r}"
    check_disk(out, _STATES * _STATE_COPIES * weights + _CORPUS_BYTES, what)
    if device != "cuda":
        check_memory(
            _needed_bytes(size, size.training.micro_windows, _ACTIVATION_BYTES), what, _ADVICE
        )
        return
    check_memory(_BASE_BYTES, what, _ADVICE)
    needed = _needed_bytes(size, 1, _COMPILED_ACTIVATION_BYTES)
    check_memory(needed, what, _GPU_ADVICE, _GPU_MEMORY, torch.cuda.mem_get_info()[0])


def _needed_bytes(size: Size, windows: int, activation_bytes: float) -> int:
    """Return the memory in bytes for a training run with `windows` in a pass."""
    shape = size.shape
    weights = 4 * shape.parameters()
    # Approximate activations per layer: its inputs, both norms, attention, feed-forward.
    kept = shape.layers * (16 * shape.hidden + 5 * shape.feed_forward) + 2 * shape.vocabulary
    activations = activation_bytes * windows * size.training.context_tokens * kept
    return int(_COPIES * weights + activations + _BASE_BYTES)


@dataclass(frozen=True)
class TrainingDevice:
    """The training device and its batch plan."""

    name: str
    micro_windows: int
    """Windows in one pass."""
    is_compiled: bool = False
    cutting_processes: int = 0
    """Processes that cut windows; 0 for a thread, which is enough for a CPU."""


def plan_training(size: Size, device: str, watcher: Watcher) -> TrainingDevice:
    """Plan the use of a device; on a GPU, a pass is as large as memory allows.

    Raises:
        InputError: its memory is too small for one window.
    """
    if device != "cuda":
        return TrainingDevice(device, size.training.micro_windows)
    is_compiled = has_varlen_kernel(torch.device(device)) and _compiles(watcher)
    activation_bytes = _COMPILED_ACTIVATION_BYTES if is_compiled else _ACTIVATION_BYTES
    free = int(_GPU_SHARE * torch.cuda.mem_get_info()[0])
    fitting = (
        n
        for n in _halves(size.training.batch_windows)
        if _needed_bytes(size, n, activation_bytes) <= free
    )
    windows = next(fitting, 0)
    if not windows:
        needed = _needed_bytes(size, 1, activation_bytes)
        check_memory(needed, f"size {size.name!r}", _GPU_ADVICE, _GPU_MEMORY, free)
    has_fork = "fork" in multiprocessing.get_all_start_methods()
    processes = min(_MAX_PROCESSES, max(1, _usable_cpus() - 2)) if has_fork else 0
    return TrainingDevice(device, windows, is_compiled, processes)


def _halves(number: int) -> Iterator[int]:
    while number:
        yield number
        number //= 2


def _compiles(watcher: Watcher) -> bool:
    """Return whether torch can compile kernels here, which needs Triton and a C compiler."""
    watcher.report("testing the compiler")
    try:
        torch.compile(lambda x: 2 * x + 1)(torch.ones(8, device="cuda"))
    except Exception as error:  # noqa: BLE001 - torch, Triton and the compiler have their own exceptions
        watcher.report(f"training without compiled kernels: {type(error).__name__}")
        return False
    return True


def _usable_cpus() -> int:
    has_affinity = hasattr(os, "sched_getaffinity")
    return len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
