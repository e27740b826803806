"""llama.cpp's own server, from the wheel xllamacpp: `llama_server_process.py GGUF_FILE`.

It prints its address, and serves until its standard input ends.
"""

import argparse
import sys

import xllamacpp

CONTEXT_TOKENS = 2048


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--slots", type=int, default=1, help="requests at a time")
    chosen = parser.parse_args()
    options = xllamacpp.CommonParams()
    options.model.path = chosen.file
    options.n_ctx = CONTEXT_TOKENS * chosen.slots
    options.n_parallel = chosen.slots
    options.cpuparams.n_threads = options.cpuparams_batch.n_threads = 1
    options.fit_params = False  # it would reduce the other options
    options.ui = False
    options.verbosity = 0
    options.port = chosen.port
    options.endpoint_slots = options.endpoint_metrics = True
    server = xllamacpp.Server(options)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
