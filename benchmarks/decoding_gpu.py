"""Speed of steps and prefill on a GPU: CUDA graphs, single kernels, and transformers.

Models have the shapes of Qwen2.5-Coder and random weights, which do not affect speed. The limit of
a step is the time to read the weights once at the bandwidth of a copy.

python benchmarks/decoding_gpu.py [--sizes 0.5b 1.5b]
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
import transformers
from rich.console import Console
from rich.table import Table

from assist_server.engine.models.cuda_graph_model import CudaGraphModel
from assist_server.engine.models.protocol import LanguageModel
from assist_server.engine.models.transformers_model import TransformersModel

SHAPES: dict[str, dict[str, Any]] = {
    "0.5b": {
        "hidden_size": 896, "num_hidden_layers": 24, "intermediate_size": 4864,
        "num_attention_heads": 14, "num_key_value_heads": 2, "tie_word_embeddings": True,
    },
    "1.5b": {
        "hidden_size": 1536, "num_hidden_layers": 28, "intermediate_size": 8960,
        "num_attention_heads": 12, "num_key_value_heads": 2, "tie_word_embeddings": True,
    },
}  # fmt: skip
"""From the models' public config.json."""

VOCABULARY = 151_936
PROMPTS = (1_024, 4_096)
STEPS = 64
REPEATS = 3


def main() -> int:
    """Measure; print a table and a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", nargs="+", choices=SHAPES, default=["0.5b", "1.5b"])
    options = parser.parse_args()
    if not torch.cuda.is_available():
        parser.error("no CUDA device found")
    found = {
        "device": torch.cuda.get_device_name(),
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "transformers": transformers.__version__,
        "commit": _commit(),
        "copied_gigabytes_per_second": copy_bandwidth() / 1e9,
        "rows": [],
    }
    table = Table("model", "way", "1,024 ms", "4,096 ms", "step ms", "tokens/s", box=None)
    for size in options.sizes:
        for row in measure(size, found["copied_gigabytes_per_second"] * 1e9):
            found["rows"].append(row)
            keys = [f"prompt_{tokens}_ms" for tokens in PROMPTS]
            prompts = [f"{row[key]:.1f}" if key in row else "" for key in keys]
            table.add_row(
                size, row["way"], *prompts, f"{row['step_ms']:.2f}", f"{1000 / row['step_ms']:.0f}"
            )
    Console().print(table)
    print(json.dumps(found))
    return 0


def measure(size: str, bandwidth: float) -> list[dict[str, Any]]:
    """Return a row for each way of running a model of one size."""
    config = transformers.Qwen2Config(
        **SHAPES[size], vocab_size=VOCABULARY, max_position_embeddings=32_768
    )
    torch.manual_seed(0)
    with torch.device("cuda"):
        model = transformers.Qwen2ForCausalLM._from_config(config, dtype=torch.bfloat16).eval()  # type: ignore[no-untyped-call] # noqa: SLF001
    weight_bytes = sum(weight.nbytes for weight in model.parameters())
    ways: dict[str, LanguageModel] = {
        "graphs": CudaGraphModel(model),
        "kernel by kernel": CudaGraphModel(model, is_captured=False),
        "transformers": TransformersModel(model),
    }
    rows = [{"size": size, "way": way, **_times(ways[way])} for way in ways]
    rows.append({"size": size, "way": "generate", **_generate_times(model)})
    rows.append({"size": size, "way": "limit", "step_ms": weight_bytes / bandwidth * 1000})
    return rows


def _times(model: LanguageModel) -> dict[str, float]:
    ids = _ids(max(PROMPTS))
    found = {}
    for tokens in PROMPTS:

        def prompt(tokens: int = tokens) -> None:
            model.new_cache().extend(ids[:tokens], 1).argmax().item()

        found[f"prompt_{tokens}_ms"] = _median_ms(prompt)
    cache = model.new_cache()
    cache.extend(ids[: PROMPTS[0]], 1)

    def steps() -> None:
        token = 1
        for _ in range(STEPS):
            token = int(cache.extend([token], 1).argmax())
        cache.truncate(PROMPTS[0])

    return {**found, "step_ms": _median_ms(steps) / STEPS}


@torch.inference_mode()
def _generate_times(model: Any) -> dict[str, float]:
    found = {}
    for tokens in PROMPTS:
        prompt = torch.tensor([_ids(tokens)], device="cuda")

        def run(count: int, prompt: Any = prompt) -> None:
            model.generate(
                prompt, max_new_tokens=count, min_new_tokens=count, do_sample=False, pad_token_id=0
            ).cpu()

        found[f"prompt_{tokens}_ms"] = _median_ms(lambda: run(1))
        if tokens == PROMPTS[0]:
            whole = _median_ms(lambda: run(1 + STEPS))
            found["step_ms"] = (whole - found[f"prompt_{tokens}_ms"]) / STEPS
    return found


def copy_bandwidth() -> float:
    """Return the bytes per second that a copy within the GPU reads and writes."""
    source = torch.empty(2**30, dtype=torch.uint8, device="cuda")
    target = torch.empty_like(source)

    def copy() -> None:
        target.copy_(source)
        torch.cuda.synchronize()

    return 2 * source.nbytes / (_median_ms(copy) / 1000)


def _median_ms(run: Callable[[], object]) -> float:
    run()
    samples = []
    for _ in range(REPEATS):
        torch.cuda.synchronize()
        started = time.perf_counter()
        run()
        torch.cuda.synchronize()
        samples.append((time.perf_counter() - started) * 1000)
    return statistics.median(samples)


def _ids(count: int) -> list[int]:
    return [(number * 7919) % 50_000 for number in range(count)]


def _commit() -> str:
    command = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
