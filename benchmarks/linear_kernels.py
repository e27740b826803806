"""Time of torch's linear kernels on a CPU, by number format of the weights and rows of inputs.

    python benchmarks/linear_kernels.py [--shape 4096 1024]

They are timed in turns, on one thread; the least times are shown, as other load only adds to them.
"""

import argparse
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from assist_server.engine.models.linear import FullLinear, HalfLinear, Int4Linear, Int8Linear

ROWS = (1, 8, 128)
"""A step, the verification of a draft, and a piece of a prompt."""
TURNS = 10


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--shape", type=int, nargs=2, default=(4096, 1024))
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # quantized tensors are deprecated, without a replacement
    table = Table(title=f"weights {options.shape}, ms")
    for heading in ("kernel", *(f"{rows} rows" for rows in ROWS)):
        table.add_column(heading, justify="right")
    with torch.inference_mode():
        kernels = kernels_of(torch.randn(*options.shape) / 16)
        columns = [least_ms(kernels, torch.randn(rows, options.shape[1])) for rows in ROWS]
    for name in kernels:
        table.add_row(name, *(f"{column[name]:.2f}" for column in columns))
    Console(highlight=False).print(table)
    return 0


def kernels_of(weight: Tensor) -> dict[str, Callable[[Tensor], Tensor]]:
    """Return each kernel as a function of its inputs, with the weights packed."""
    scale = weight.abs().amax(1) / 127
    codes = (weight / scale[:, None]).round().to(torch.int8)
    scale = scale.bfloat16()
    aten: Any = torch.ops.aten
    return {
        "float32": scripted(FullLinear(weight, None)),
        "float16": scripted(HalfLinear(weight, None, has_bfloat16=False)),
        "int8, inputs in one term": scripted(Int8Linear(weight, None, is_prepared=True)),
        "int8, inputs in two terms": scripted(Int8Linear(weight, None)),
        "int8, inputs in bfloat16": lambda x: aten._weight_int8pack_mm(  # noqa: SLF001 - torch has no public name for it
            x.bfloat16(), codes, scale
        ),
        "int4, inputs in bfloat16": scripted(Int4Linear(weight, None)),
    }


def scripted(linear: nn.Module) -> Callable[[Tensor], Tensor]:
    """Return a layer as TorchScript runs it."""
    run: Callable[[Tensor], Tensor] = torch.jit.freeze(torch.jit.script(linear.eval()))
    return run


def least_ms(kernels: Mapping[str, Callable[[Tensor], Tensor]], x: Tensor) -> dict[str, float]:
    """Return the least time of each kernel in milliseconds."""
    times_ms: dict[str, list[float]] = {name: [] for name in kernels}
    for _ in range(TURNS):
        for name, run in kernels.items():
            started = time.perf_counter()
            run(x)
            times_ms[name].append((time.perf_counter() - started) * 1000)
    return {name: min(times) for name, times in times_ms.items()}


if __name__ == "__main__":
    sys.exit(main())
