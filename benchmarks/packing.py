"""Loss of packed weights compared with the original ones, in nats per token on unseen code.

usage: packing.py MODEL PACKED PACKAGES [--files 24]

MODEL is a folder with whole weights, PACKED one with the same ones packed, PACKAGES one made by
`pip install --target`. Every n-th Python file is read up to 512 tokens.
"""

import argparse
from pathlib import Path
from typing import Any

import torch

from assist_server.engine.device import DevicePlan
from assist_server.engine.loading.checkpoint import read_model
from assist_server.engine.models.torchscript_model import TorchScriptModel

FILE_CHARS, FILE_TOKENS, FEWEST_TOKENS = 2_500, 512, 100
STEP = 37


def nats(tokenizer: Any, model: TorchScriptModel, files: list[Path]) -> tuple[float, int]:
    """Return the mean nats per token, and the number of tokens."""
    total, count = 0.0, 0
    for file in files:
        text = f"# {file.name}\n{file.read_text(encoding='utf-8')[:FILE_CHARS]}"
        ids = tokenizer(text, add_special_tokens=False)["input_ids"][:FILE_TOKENS]
        if len(ids) < FEWEST_TOKENS:
            continue
        logits = model.new_cache().extend(ids, len(ids))[:-1]
        targets = torch.tensor(ids[1:])
        chosen = logits.log_softmax(-1)[torch.arange(len(targets)), targets]
        total, count = total - chosen.sum().item(), count + len(targets)
    return total / count, count


def main() -> None:
    """Print a line for each combination of weights and their format in memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("packed", type=Path)
    parser.add_argument("packages", type=Path)
    parser.add_argument("--files", type=int, default=24)
    choice = parser.parse_args()
    files = sorted(choice.packages.glob("*/**/*.py"))[::STEP][: choice.files]
    plan = DevicePlan("cpu", "float32", ())
    runs = ((choice.model, "float32"), (choice.packed, "float16"), (choice.packed, "int8"))
    with torch.inference_mode():
        for folder, weights in runs:
            tokenizer, read = read_model(str(folder), plan, lambda _, __: None)
            found, count = nats(
                tokenizer, TorchScriptModel(read, weights, has_bfloat16=False), files
            )
            print(
                f"{folder} in {weights}: {found:.4f} nats per token ({count:,} tokens)", flush=True
            )


if __name__ == "__main__":
    main()
