"""llama.cpp's own server, from the wheel xllamacpp: `llama_server_process.py GGUF_FILE`.

It prints its address, and serves until its standard input ends.
"""

import sys

import xllamacpp


def main(file):
    options = xllamacpp.CommonParams()
    options.model.path = file
    options.n_ctx = 2048
    options.n_parallel = 1
    options.cpuparams.n_threads = options.cpuparams_batch.n_threads = 1
    options.fit_params = False  # it would reduce the other options
    options.ui = False
    options.verbosity = 0
    options.port = 0
    options.endpoint_slots = options.endpoint_metrics = True
    server = xllamacpp.Server(options)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
