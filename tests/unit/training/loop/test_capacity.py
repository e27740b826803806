"""What is made of a GPU, told from the figures that torch would give of one."""

import multiprocessing
import os

import pytest
import torch

from assist_server.errors import InputError
from assist_server.training.loop import capacity
from assist_server.training.loop.capacity import TrainingDevice, check_room, plan_training
from assist_server.training.loop.reports import SilentWatcher
from assist_server.training.model.sizes import SIZES

BASE = SIZES["base"]


@pytest.fixture
def gpu(monkeypatch):
    """Says how much memory a GPU has free, whether it is a new one, and what compiling raises."""

    def describe(free_gib, *, is_new=True, error=None):
        def compiled(function):
            if error is not None:
                raise error
            return lambda _: function(1)

        free = int(free_gib * 2**30)
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (free, free))
        monkeypatch.setattr(torch, "ones", lambda *_, **__: 1)
        monkeypatch.setattr(torch, "compile", compiled)
        monkeypatch.setattr(capacity, "has_varlen_kernel", lambda _: is_new)
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(6)), raising=False)

    return describe


def test_a_cpu_trains_as_the_size_says():
    assert plan_training(BASE, "cpu", SilentWatcher()) == TrainingDevice(
        "cpu", BASE.training.micro_windows
    )


@pytest.mark.parametrize(("free_gib", "windows"), [(79, 128), (44, 64), (23, 32), (8, 8), (4, 4)])
def test_a_pass_is_as_large_as_memory_lets(gpu, free_gib, windows):
    gpu(free_gib)
    found = plan_training(BASE, "cuda", SilentWatcher())
    assert (found.micro_windows, found.is_compiled) == (windows, True)
    has_fork = "fork" in multiprocessing.get_all_start_methods()
    assert found.cutting_processes == (4 if has_fork else 0)


@pytest.mark.parametrize("options", [{"is_new": False}, {"error": RuntimeError("no compiler")}])
def test_without_kernels_of_its_own_a_pass_takes_more_memory(gpu, options):
    gpu(79, **options)
    found = plan_training(BASE, "cuda", SilentWatcher())
    assert (found.micro_windows, found.is_compiled) == (32, False)


def test_a_gpu_that_is_too_small_is_refused_by_name(gpu, tmp_path):
    gpu(1)
    refused = r"of the GPU's memory, but 1,074 MB are free.*--device cpu"
    with pytest.raises(InputError, match=refused):
        check_room(tmp_path, BASE, "cuda")
    gpu(3, is_new=False)
    check_room(tmp_path, BASE, "cuda")  # it would do, with kernels of its own
    with pytest.raises(InputError, match="of the GPU's memory"):
        plan_training(BASE, "cuda", SilentWatcher())


def test_there_is_no_process_for_each_of_very_many_processors(gpu, monkeypatch):
    gpu(79)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(200)), raising=False)
    assert plan_training(BASE, "cuda", SilentWatcher()).cutting_processes <= 16
