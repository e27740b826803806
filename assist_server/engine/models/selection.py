"""Selection of the forward pass, the weights' format and the threads for a loaded model."""

import statistics
import time
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast, get_args

import psutil
import torch

from assist_server.engine.device import DevicePlan
from assist_server.engine.failures import gist, is_out_of_memory
from assist_server.engine.models.cuda_graph_model import CudaGraphModel
from assist_server.engine.models.linear import Weights, has_vnni, linears_of, quantize_linears
from assist_server.engine.models.protocol import LanguageModel
from assist_server.engine.models.torchscript_model import TorchScriptModel, covers
from assist_server.engine.models.transformers_model import TransformersModel
from assist_server.errors import ModelError

_CACHE_PART_OF_GPU = 4
_CACHE_PART_OF_MEMORY = 8
_SMALLEST_CACHE_BYTES, _LARGEST_CACHE_BYTES = 192 << 20, 1 << 30
_MEASURED_CONTEXT_TOKENS = 200
_MEASURED_PASSES = 12
_WARMUP_PASSES = 3
_MEASURED_S = 1.0
"""On a busy machine a pass may take very long, and more measurements say little."""

_MAX_SHARE_OF_MEMORY = 0.8
"""Of the free memory, which caches and other programs need as well."""

_CLEARLY_BETTER = 0.95
_LARGEST_DIFFERENCE = 0.1
"""Relative, of logits: several times the effect of rounding to bfloat16 in another order."""


def plan_execution(model: Any, plan: DevicePlan, dtype: str) -> tuple[LanguageModel, DevicePlan]:
    """Return the fastest way to run a transformers model, and the plan with its reasons.

    Args:
        model: The model, on the plan's device.
        plan: The device, and the dtype for transformers' forward pass.
        dtype: The setting of that name.
    """
    if plan.device != "cpu":
        return _on_gpu(model, plan, dtype)
    plan = _with_cpu_format(model, plan, dtype)
    if covers(model) and plan.dtype in get_args(Weights):
        has_bfloat16 = plan.dtype != "float32" and has_native_bfloat16()
        direct = TorchScriptModel(model, cast("Weights", plan.dtype), has_bfloat16=has_bfloat16)
        return direct, replace(plan, reasons=(*plan.reasons, _choose_threads(direct)))
    if plan.dtype == "int8":
        with warnings.catch_warnings():
            # Quantized tensors are deprecated, without a replacement.
            warnings.simplefilter("ignore")
            quantize_linears(model)
            quantized = TransformersModel(model.to(torch.float32))
            _check_runs(quantized)
        return quantized, plan
    return TransformersModel(model.to(getattr(torch, plan.dtype))), plan


def _check_runs(quantized: TransformersModel) -> None:
    """Run a prompt and a step, as a model may use its layers in ways that int8 does not have.

    Raises:
        ModelError: they fail.
    """
    try:
        cache = quantized.new_cache()
        for ids in ([0, 0, 0], [0]):
            cache.extend(ids, 1)
    except Exception as error:
        if is_out_of_memory(error):
            raise
        raise ModelError(
            f"this model does not run in int8 ({gist(error)}); set `dtype` to 'bfloat16', or "
            "choose a smaller model"
        ) from error


def _on_gpu(model: Any, plan: DevicePlan, dtype: str) -> tuple[LanguageModel, DevicePlan]:
    if dtype == "int8":
        reason = f"{plan.dtype}: int8 works only on a CPU"
        plan = replace(plan, reasons=(*plan.reasons, reason))
    stock = TransformersModel(model.to(getattr(torch, plan.dtype)))
    if plan.device != "cuda" or not covers(model):
        return stock, plan
    chosen, reason = _with_graphs(model, stock)
    return chosen, replace(plan, reasons=(*plan.reasons, reason))


def _with_cpu_format(model: Any, plan: DevicePlan, dtype: str) -> DevicePlan:
    """Return the plan with the number format for a model on a CPU, and its reason."""

    def chosen(format_: str, reason: str) -> DevicePlan:
        return replace(plan, dtype=format_, reasons=(*plan.reasons[:1], f"{format_}: {reason}"))

    if dtype == "int8":
        return chosen("int8", "chosen by the setting `dtype`; the smallest, nearly as exact")
    if dtype == "auto":
        if covers(model) and _suits_int8(model) and has_vnni():
            reason = "the weights were made for it, and this processor multiplies 8 bits natively"
            return chosen("int8", reason)
        added_bytes, free_bytes = _added_bytes(model), psutil.virtual_memory().available
        if added_bytes > _MAX_SHARE_OF_MEMORY * free_bytes:
            figures = f"{added_bytes / 1e9:.1f} GB, and {free_bytes / 1e9:.1f} GB are free"
            reason = f"a wider format would take another {figures}"
            if covers(model) or _added_int8_bytes(model) <= _MAX_SHARE_OF_MEMORY * free_bytes:
                return chosen("int8", reason)
            largest = max(model.parameters(), key=torch.numel)
            return chosen(str(largest.dtype).removeprefix("torch."), f"as in the file; {reason}")
    if covers(model) and dtype in {"auto", "float16"}:
        is_native = has_native_bfloat16()
        prompts = "bfloat16, which this processor multiplies natively" if is_native else "float32"
        return chosen("float16", f"half the size, computed in float32; prefill in {prompts}")
    return plan


def _added_bytes(model: Any) -> int:
    """Return the memory that `auto` takes beside the weights as they were read.

    That is a copy in float16 for our own forward pass, and the growth to float32 for transformers'.
    """
    if covers(model):
        return sum(2 * each.numel() for each in model.parameters())
    return sum((4 - each.element_size()) * each.numel() for each in model.parameters())


def _added_int8_bytes(model: Any) -> int:
    """Return the memory that int8 takes beside the weights as they were read; below 0 if it saves.

    What is no linear layer, such as experts in one tensor, grows to float32.
    """
    linears = [layer for *_, layer in linears_of(model)]
    replaced = set(map(id, linears))
    others = (each for each in model.modules() if id(each) not in replaced)
    kept = {weights for each in others for weights in each.parameters(recurse=False)}
    int8_bytes: int = sum(layer.weight.numel() for layer in linears)
    kept_bytes: int = sum(4 * each.numel() for each in kept)
    read_bytes: int = sum(each.element_size() * each.numel() for each in model.parameters())
    return int8_bytes + kept_bytes - read_bytes


def cache_limit_bytes(device: str, weights_bytes: int) -> int:
    """Return the memory for KV caches of recent prompts: a fraction of the free memory.

    Without CUDA it is at most about half of that of the weights, as a small model reads a prompt
    again soon.
    """
    if device == "cuda":
        return int(torch.cuda.mem_get_info()[0] // _CACHE_PART_OF_GPU)
    available_bytes = psutil.virtual_memory().available // _CACHE_PART_OF_MEMORY
    wanted_bytes = max(weights_bytes // 2, _SMALLEST_CACHE_BYTES)
    return min(available_bytes, wanted_bytes, _LARGEST_CACHE_BYTES)


def has_native_bfloat16() -> bool:
    """Return whether this processor multiplies bfloat16 natively."""
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())  # noqa: SLF001 - torch has no public name for it


def _suits_int8(model: Any) -> bool:
    """Return whether the weights were prepared for inputs of 8 bits, as `config.json` says."""
    return bool(getattr(model.config, "suits_int8", False))


def _with_graphs(model: Any, stock: TransformersModel) -> tuple[LanguageModel, str]:
    """Return a model with CUDA graphs if it is faster with the same results, and the reason."""
    stock_ms, expected = _timed_step(stock)
    try:
        graphed = CudaGraphModel(model)
        graphed_ms, found = _timed_step(graphed)
    except RuntimeError as error:  # not every driver and library can be captured
        return stock, f"without CUDA graphs: {str(error).partition(chr(10))[0]}"
    if float((found - expected).norm()) > _LARGEST_DIFFERENCE * float(expected.norm()):
        return stock, "without CUDA graphs: their results differ from transformers'"
    figures = f"a step takes {graphed_ms:.1f} ms, and {stock_ms:.1f} ms without"
    if graphed_ms > _CLEARLY_BETTER * stock_ms:
        return stock, f"without CUDA graphs: {figures}"
    return graphed, f"with CUDA graphs: {figures}"


def _timed_step(model: LanguageModel) -> tuple[float, torch.Tensor]:
    """Return the median time of a step in milliseconds, and the logits after the last one."""
    cache = model.new_cache()
    cache.extend([0] * _MEASURED_CONTEXT_TOKENS, 1)
    cache.extend([1, 2, 3], 1)  # a step that verifies drafts
    samples: list[float] = []
    for number in range(_WARMUP_PASSES + _MEASURED_PASSES):
        started_s = time.perf_counter()
        logits = cache.extend([number], 1).float().cpu()  # waits for the device
        samples.append((time.perf_counter() - started_s) * 1000)
    return statistics.median(samples[_WARMUP_PASSES:]), logits


def _choose_threads(model: TorchScriptModel) -> str:
    """Set the faster number of threads for single tokens; return the measured reason.

    More threads share the reading of the weights, but synchronise in every operator, which slows
    small models down. Both are measured alternately, and one thread must be clearly better: a load
    of this moment should not decide.
    """
    all_threads = torch.get_num_threads()
    measured_ms = _step_ms(model, sorted({1, all_threads}, reverse=True))
    is_one_better = measured_ms[1] < _CLEARLY_BETTER * measured_ms[all_threads]
    model.narrow_threads = 1 if is_one_better else all_threads
    figures = ", ".join(f"{ms:.1f} ms with {threads}" for threads, ms in measured_ms.items())
    return f"threads for a single token: {model.narrow_threads} (measured: {figures})"


def _step_ms(model: TorchScriptModel, thread_counts: Sequence[int]) -> dict[int, float]:
    """Return the median time of a step in milliseconds for each number of threads."""
    cache = model.new_cache()
    cache.extend([0] * _MEASURED_CONTEXT_TOKENS, 1)
    samples: dict[int, list[float]] = {threads: [] for threads in thread_counts}
    deadline_s = time.perf_counter() + _MEASURED_S
    for number in range(_WARMUP_PASSES + _MEASURED_PASSES):
        if number > _WARMUP_PASSES and time.perf_counter() > deadline_s:
            break
        for threads in thread_counts:
            model.narrow_threads = threads
            started_s = time.perf_counter()
            cache.extend([0], 1)
            samples[threads].append((time.perf_counter() - started_s) * 1000)
    return {n: statistics.median(found[_WARMUP_PASSES:]) for n, found in samples.items()}
