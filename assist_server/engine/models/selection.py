"""Selection of the forward pass, the weights' format and the threads for a loaded model."""

import statistics
import time
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast, get_args

import psutil
import torch

from assist_server.engine.device import MAX_SHARE_OF_MEMORY, SMALL_FORMATS, DevicePlan
from assist_server.engine.failures import gist, is_out_of_memory
from assist_server.engine.loading.deferred import held_bytes, read_deferred, stored_weight
from assist_server.engine.models.cuda_graph_model import CudaGraphModel
from assist_server.engine.models.linear import (
    Weights,
    has_vnni,
    int4_bytes,
    linears_of,
    quantize_linears,
)
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

_CHARACTER = {
    "int8": "a byte for each weight, nearly as exact",
    "int4": "the smallest, less exact unless the file has 4 bits as well",
}

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
    if plan.dtype in SMALL_FORMATS:
        with warnings.catch_warnings():
            # Quantized tensors are deprecated, without a replacement.
            warnings.simplefilter("ignore")
            quantize_linears(model, cast("Weights", plan.dtype))
            read_deferred(model)
            quantized = TransformersModel(model.to(torch.float32))
            _check_runs(quantized, plan.dtype)
        return quantized, plan
    read_deferred(model)
    return TransformersModel(model.to(getattr(torch, plan.dtype))), plan


def _check_runs(quantized: TransformersModel, format_: str) -> None:
    """Run a prompt and a step, as a model may use its layers in ways that few bits do not have.

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
            f"this model does not run in {format_} ({gist(error)}); set `dtype` to 'bfloat16', or "
            "choose a smaller model"
        ) from error


def _on_gpu(model: Any, plan: DevicePlan, dtype: str) -> tuple[LanguageModel, DevicePlan]:
    if dtype in SMALL_FORMATS:
        reason = f"{plan.dtype}: {dtype} works only on a CPU"
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

    if dtype in SMALL_FORMATS:
        return chosen(dtype, f"chosen by the setting `dtype`; {_CHARACTER[dtype]}")
    if dtype == "auto":
        if covers(model) and _suits_int8(model) and has_vnni():
            reason = "the weights were made for it, and this processor multiplies 8 bits natively"
            return chosen("int8", reason)
        sizes, free_bytes = _format_bytes(model), psutil.virtual_memory().available
        limit_bytes = MAX_SHARE_OF_MEMORY * free_bytes
        fitting = (name for name, size in sizes.items() if size <= limit_bytes)
        format_ = next(fitting, min(sizes, key=lambda name: sizes[name]))
        formats = list(sizes)
        if format_ != formats[0]:
            before = formats[formats.index(format_) - 1]
            reason = (
                f"{before} would take another {sizes[before] / 1e9:.1f} GB, and "
                f"{free_bytes / 1e9:.1f} GB are free"
            )
            return chosen(format_, f"{_CHARACTER.get(format_, 'as in the file')}; {reason}")
    if covers(model) and dtype in {"auto", "float16"}:
        is_native = has_native_bfloat16()
        prompts = "bfloat16, which this processor multiplies natively" if is_native else "float32"
        return chosen("float16", f"half the size, computed in float32; prefill in {prompts}")
    return plan


def _format_bytes(model: Any) -> dict[str, int]:
    """Return the memory that formats take beside the weights that were read, by preference.

    Our own forward pass makes a copy. In transformers', what is no linear layer, such as experts in
    one tensor, grows to float32 with each format but the file's.
    """
    linears = [layer for *_, layer in linears_of(model)]
    head, embedding = model.get_output_embeddings(), model.get_input_embeddings()
    int8 = sum(stored_weight(layer).numel() for layer in linears)
    int4 = sum(int4_bytes(stored_weight(layer), is_head=layer is head) for layer in linears)
    packed = {id(stored_weight(layer)) for layer in linears} - {id(stored_weight(embedding))}
    parameters = list(model.parameters())
    kept = sum(each.numel() for each in parameters if id(each) not in packed)
    if covers(model):
        half = 4 if has_native_bfloat16() else 2  # a copy in float16, and one for prompts
        return {"float16": half * int8 + 2 * kept, "int8": int8 + 2 * kept, "int4": int4 + kept}
    held = held_bytes(model)
    total = sum(each.numel() for each in parameters)
    largest = max(parameters, key=torch.numel)
    return {
        "float32": 4 * total - held,
        "int8": int8 + 4 * kept - held,
        "int4": int4 + 4 * kept - held,
        str(largest.dtype).removeprefix("torch."): sum(each.nbytes for each in parameters) - held,
    }


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
