"""Measurement of this machine: the device for a model, its memory, and its memory bandwidth."""

import time

import torch

from assist_server.engine.device import plan_device
from assist_server.engine.loading.open_models import Machine
from assist_server.engine.transformers_backend import free_bytes, probe_device_facts

_SAMPLE_BYTES = 1 << 28
"""More than any cache of a processor holds."""

_PASSES = 5


def measure_machine() -> Machine:
    """Return the device that `device = "auto"` chooses, measured; takes less than a second."""
    device = plan_device(probe_device_facts()).device
    return Machine(device, free_bytes(device), _bandwidth(device))


def _bandwidth(device: str) -> float:
    """Return how many bytes per second a sum over a large tensor reads, at best."""
    sample = torch.zeros(_SAMPLE_BYTES // 4, device=device)
    times_s = []
    for _ in range(_PASSES):
        started_s = time.perf_counter()
        float(sample.sum())  # waits for the device
        times_s.append(time.perf_counter() - started_s)
    return _SAMPLE_BYTES / min(times_s)
