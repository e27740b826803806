"""Engine: transformers' `generate`, called without a cache for every request, as in tutorials."""

import argparse
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

import torch
import transformers
from engine_process import Answer, Ask, milliseconds_since, serve
from transformers import AutoModelForCausalLM, AutoTokenizer, StoppingCriteriaList


def main() -> None:
    """Load the model and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--threads", type=int, required=True)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    dtype = getattr(torch, options.dtype)
    model = AutoModelForCausalLM.from_pretrained(options.model, dtype=dtype).eval()
    # Only the criterion below stops the text.
    model.generation_config.eos_token_id = None
    line_ends = line_end_ids(AutoTokenizer.from_pretrained(options.model))
    about = {
        "version": transformers.__version__,
        "torch": torch.__version__,
        "dtype": options.dtype,
        "threads": torch.get_num_threads(),
    }
    serve(about, lambda ask: generate(model, ask, line_ends))


def line_end_ids(tokenizer: Any) -> frozenset[int]:
    """Return the tokens that contain a line end."""
    texts = ((token_id, tokenizer.decode([token_id])) for token_id in range(len(tokenizer)))
    return frozenset(token_id for token_id, text in texts if "\n" in text or "\r" in text)


def generate(model: Any, ask: Ask, line_ends: frozenset[int]) -> Answer:
    """Continue a prompt greedily."""
    stop_ids = line_ends | set(ask.end_ids) if ask.stops else frozenset[int]()
    started = time.perf_counter()
    prompt = torch.tensor([ask.prompt_ids])
    output = model.generate(
        input_ids=prompt,
        attention_mask=torch.ones_like(prompt),
        max_new_tokens=ask.max_new_tokens,
        do_sample=False,
        use_cache=True,  # whatever the checkpoint says
        stopping_criteria=StoppingCriteriaList([stop_at(stop_ids)]),
    )
    milliseconds = milliseconds_since(started)
    new_ids = output[0, len(ask.prompt_ids) :].tolist()
    return Answer(milliseconds, new_ids[:-1] if new_ids[-1] in stop_ids else new_ids)


def stop_at(stop_ids: Collection[int]) -> Any:
    """Return a criterion that stops at any of some tokens."""

    def is_over(ids: torch.Tensor, _: Any, **__: Any) -> torch.Tensor:
        return torch.tensor([int(ids[0, -1]) in stop_ids])

    return is_over


if __name__ == "__main__":
    main()
