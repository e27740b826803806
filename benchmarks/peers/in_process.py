"""Engine: ours, called in this process by `Backend.generate`."""

import argparse
import time
from dataclasses import replace

import torch
from engine_process import Answer, Ask, milliseconds_since, serve
from prompts import RequestBuilder, add_choice, chosen

from assist_server.engine.backend import Backend, ModelChoice
from assist_server.engine.loading.open_backend import open_backend
from assist_server.engine.request import FinishReason, GenerationRequest, collect


def main() -> None:
    """Load the model and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument(
        "--unhealed",
        action="store_true",
        help="do not heal tokens: continue after a token that is cut in two",
    )
    parser.add_argument("--threads", type=int, required=True)
    add_choice(parser)
    options = parser.parse_args()
    backend = open_backend(ModelChoice(options.model, "cpu", options.dtype))
    builder = RequestBuilder(backend, chosen(options).settings())
    about = {
        "torch": torch.__version__,
        "dtype": backend.info.plan.dtype,
        "reasons": backend.info.plan.reasons,
        "threads": torch.get_num_threads(),
    }
    serve(
        about,
        lambda ask: generate(backend, request_for(ask, builder, is_unhealed=options.unhealed)),
    )


def request_for(ask: Ask, builder: RequestBuilder, *, is_unhealed: bool) -> GenerationRequest:
    """Build the server's request at the place of a prompt."""
    request = builder.request(ask.path, ask.text, ask.offset)
    request = replace(request, max_new_tokens=ask.max_new_tokens)
    if is_unhealed:
        request = replace(request, healed_text="")
    return request if ask.stops else replace(request, end_ids=frozenset(), stop_rules=())


def generate(backend: Backend, request: GenerationRequest) -> Answer:
    """Continue a prompt; the time excludes building the request."""
    started = time.perf_counter()
    generation = collect(backend.generate(request))
    milliseconds = milliseconds_since(started)
    ids = list(generation.token_ids)
    is_stopped = generation.finish_reason is FinishReason.STOP_RULE
    return Answer(milliseconds, ids[:-1] if is_stopped else ids)


if __name__ == "__main__":
    main()
