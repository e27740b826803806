"""Engine: llama.cpp's server with its prompt cache, from the wheel xllamacpp or another build.

Requests go over HTTP, as from an editor.
"""

import argparse
import json
import time
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection
from importlib.metadata import version
from urllib.parse import urlsplit

import xllamacpp
from engine_process import Answer, Ask, milliseconds_since, serve

CONTEXT_TOKENS = 2048
JSON_HEADERS = {"Content-Type": "application/json"}


def main() -> None:
    """Start llama.cpp if necessary, and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="a GGUF file, or the address of a running llama-server")
    parser.add_argument("--threads", type=int, required=True)
    options = parser.parse_args()
    if options.model.startswith("http://"):
        talk(options.model, {"address": options.model})
        return
    server = start_server(options.model, options.threads)
    about = {
        "version": version("xllamacpp"),
        "compiled_for": xllamacpp.get_system_info(),
        "threads": options.threads,
    }
    talk(server.listening_address, about)


def talk(address: str, about: Mapping[str, object]) -> None:
    """Serve by sending requests to a llama.cpp server."""
    place = urlsplit(address).netloc
    serve(about, lambda ask: complete(place, ask))


def complete(place: str, ask: Ask) -> Answer:
    """Continue a prompt greedily; the time excludes connecting."""
    body = {
        "prompt": ask.prompt_ids,
        "n_predict": ask.max_new_tokens,
        "cache_prompt": True,
        "samplers": [
            "temperature"
        ],  # other samplers cost time and change nothing in greedy decoding
        "temperature": 0,
        "stop": ["\n", "\r"] if ask.stops else [],
        "ignore_eos": not ask.stops,
        "return_tokens": True,
        "response_fields": ["tokens", "tokens_evaluated", "timings", "stop_type"],
    }
    # A new connection each time: the server closes idle ones after some seconds.
    with closing(HTTPConnection(place)) as connection:
        connection.connect()
        started = time.perf_counter()
        connection.request("POST", "/completion", json.dumps(body), JSON_HEADERS)
        found = json.loads(connection.getresponse().read())
        milliseconds = milliseconds_since(started)
    if found["tokens_evaluated"] != len(ask.prompt_ids):
        raise SystemExit("llama.cpp evaluated a different number of prompt tokens")
    ids = found["tokens"]
    is_stopped = ask.stops and found["stop_type"] in {"eos", "word"}
    return Answer(milliseconds, ids[:-1] if is_stopped else ids, found["timings"]["cache_n"])


def start_server(model: str, threads: int) -> xllamacpp.Server:
    """Start a server on threads of this process."""
    options = xllamacpp.CommonParams()
    options.model.path = model
    options.n_ctx = CONTEXT_TOKENS
    options.n_parallel = 1  # one slot, so that each request finds the last one's cache
    options.cpuparams.n_threads = options.cpuparams_batch.n_threads = threads
    options.fit_params = False  # it would reduce the other options
    options.ui = False
    options.verbosity = 0
    return xllamacpp.Server(options)


if __name__ == "__main__":
    main()
