"""Engine: ours, `Backend.generate` in the process that asks."""

import argparse
import time
from dataclasses import replace

import torch
from engine_process import Ask, Told, milliseconds_since, serve
from prompts import Asker, add_choice, chosen

from assist_server.engine.backend import Backend, ModelChoice
from assist_server.engine.loading.open_backend import open_backend
from assist_server.engine.request import FinishReason, GenerationRequest, collect


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument(
        "--unhealed",
        action="store_true",
        help="write what the weights alone say, behind half a token, too",
    )
    parser.add_argument("--threads", type=int, required=True)
    add_choice(parser)
    options = parser.parse_args()
    backend = open_backend(ModelChoice(options.model, "cpu", options.dtype))
    asker = Asker(backend, chosen(options).settings())
    about = {
        "torch": torch.__version__,
        "dtype": backend.info.plan.dtype,
        "reasons": backend.info.plan.reasons,
        "threads": torch.get_num_threads(),
    }
    serve(
        about, lambda ask: generate(backend, request_for(ask, asker, is_unhealed=options.unhealed))
    )


def request_for(ask: Ask, asker: Asker, *, is_unhealed: bool) -> GenerationRequest:
    """What the server asks at the place that a prompt is from."""
    request = asker.request(ask.path, ask.text, ask.offset)
    request = replace(request, max_new_tokens=ask.max_new_tokens)
    if is_unhealed:
        request = replace(request, healed_text="")
    return request if ask.stops else replace(request, end_ids=frozenset(), stop_rules=())


def generate(backend: Backend, request: GenerationRequest) -> Told:
    """Continue a prompt; that the request is ready is not measured."""
    started = time.perf_counter()
    generation = collect(backend.generate(request))
    milliseconds = milliseconds_since(started)
    ids = list(generation.token_ids)
    is_stopped = generation.finish_reason is FinishReason.STOP_RULE
    return Told(milliseconds, ids[:-1] if is_stopped else ids)


if __name__ == "__main__":
    main()
