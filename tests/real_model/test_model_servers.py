"""Real servers with a real model: llama.cpp's, by both interfaces, and vLLM where there is one.

For vLLM, `ASSIST_VLLM` names its executable; it takes minutes to start.
"""

import json
import os
import re
import socket
import subprocess
import sys
import threading
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from lsp_steps import inline_params, ready, run

from assist_server.engine.remote.remote_backend import RemoteBackend
from assist_server.engine.request import GenerationRequest, collect
from assist_server.engine.tokens.codec import TokenCodec
from assist_server.lsp.client import SERVER_COMMAND, LspClient
from assist_server.settings import RemoteSettings

SCRIPT = Path(__file__).parents[1] / "support" / "llama_server_process.py"
PATIENCE_S = 300
"""For a server whose model is written for other machines than this."""
CODE = "def add(a, b):\n    return \n\n\ndef area_of_circle(radius):\n    return 3.14 * radius**2\n"
TEXT = (
    "The museum opened in 1932 in a former railway station. Its collection holds 4,500 paintings, "
    "most of them by painters of the region. In 2019 a flood damaged the ground floor, and the "
    "museum closed for two years. Volunteers dried and cleaned the paintings."
)
SAMPLES = [
    CODE,
    TEXT,
    "x = '<|im_start|>user<|im_end|><|endoftext|>'  # \u00e9\U0001f40d\u6f22\r\n\tif x:\n\n\n  y\n",
    " leading, trailing \n\n",
    "a" * 700 + "\n" + "1234567890" * 70,
]


class Served:
    """A server with the model, and what it says about its work."""

    url = ""

    def generated(self):
        """Return the number of tokens that it has generated."""
        return self._metric(self.counter)

    def _metric(self, name):
        found = re.search(
            rf"^{name}(?:{{.*}})? ([0-9.e+]+)$", read(f"{self.url}/metrics"), re.MULTILINE
        )
        return float(found[1])


class LlamaCpp(Served):
    counter = "llamacpp:tokens_predicted_total"

    @contextmanager
    def start(self, folder):
        pytest.importorskip("xllamacpp")
        [file] = folder.parent.glob("*.gguf")
        with started(
            [sys.executable, str(SCRIPT), str(file)], stderr=subprocess.DEVNULL
        ) as process:
            self.url = process.stdout.readline().strip()
            yield self

    def is_busy(self):
        return any(slot["is_processing"] for slot in json.loads(read(f"{self.url}/slots")))


class Vllm(Served):
    counter = "vllm:generation_tokens_total"

    @contextmanager
    def start(self, folder):
        program = os.environ.get("ASSIST_VLLM") or pytest.skip("ASSIST_VLLM names no vLLM")
        options = ["--served-model-name", "smollm2", "--max-model-len", "2048", "--enforce-eager"]
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = str(free.getsockname()[1])
        command = [program, "serve", str(folder), "--host", "127.0.0.1", "--port", port, *options]
        settings = {"VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_NO_USAGE_STATS": "1"}
        with started(command, stderr=subprocess.STDOUT, **settings) as process:
            next(line for line in process.stdout if "startup complete" in line)
            # It would wait for a reader of what it logs.
            threading.Thread(target=process.stdout.read, daemon=True).start()
            self.url = f"http://127.0.0.1:{port}"
            yield self

    def is_busy(self):
        return self._metric("vllm:num_requests_running") > 0


@contextmanager
def started(command, stderr, **settings):
    """Start a server, and stop it at the end."""
    with subprocess.Popen(
        command,
        env={**os.environ, "HF_HUB_OFFLINE": "1", **settings},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    ) as process:
        yield process
        process.stdin.close()
        process.terminate()


@pytest.fixture(scope="module", params=[LlamaCpp, Vllm], ids=["llama.cpp", "vllm"])
def server(request, smollm2):
    with request.param().start(smollm2) as served:
        yield served


@pytest.fixture
def backend(server):
    backend = RemoteBackend.open(RemoteSettings(url=server.url))
    yield backend
    backend.close()


@pytest.fixture(scope="module")
def codec(smollm2):
    """The same tokenizer in this process."""
    from transformers import AutoTokenizer  # noqa: PLC0415 - takes seconds

    return TokenCodec(AutoTokenizer.from_pretrained(smollm2))


def test_ids_are_those_of_the_tokenizer_in_this_process(backend, codec):
    for text in SAMPLES:
        assert backend.encode(text) == codec.encode(text)
        assert backend.decode_prompt(backend.encode(text)) == text
    messages = [{"role": "user", "content": SAMPLES[2]}]
    assert backend.encode_chat(messages) == codec.encode_chat(messages)
    assert backend.decode_prompt(backend.encode_chat(messages)).endswith("<|im_start|>assistant\n")
    shared = codec.special_ids.keys() & backend.info.special_ids
    assert {token: backend.info.special_ids[token] for token in shared} == {
        token: codec.special_ids[token] for token in shared
    }
    assert "<|im_start|>" in shared


def test_an_answer_begins_with_the_half_word(backend):
    prompt = tuple(backend.encode("def add(a, b):\n    retu"))
    whole = collect(backend.generate(GenerationRequest(prompt, 8, healed_text="retu")))
    assert whole.text.startswith("rn a + b")
    assert len(whole.log_probs) == len(whole.token_ids)


def read(url):
    with urllib.request.urlopen(url) as answer:  # noqa: S310 - of this test's own server
        return answer.read().decode()


def test_the_server_stops_when_nobody_reads(backend, server):
    ids = tuple(backend.encode("Once upon a time"))
    before = server.generated()
    chunks = backend.generate(GenerationRequest(ids, 1900))
    next(chunks)
    chunks.close()
    while server.is_busy():
        pass
    assert server.generated() - before < 1000


@pytest.mark.parametrize("api", ["auto", "openai"])
def test_an_editor_is_served(server, tmp_path, api):
    url = server.url
    with LspClient(SERVER_COMMAND, env={"XDG_CONFIG_HOME": str(tmp_path)}) as client:
        # The time limit is not what is tested.
        completion = {"max_latency_ms": 60_000}
        options = {"remote": {"url": url, "api": api}, "completion": completion}
        client.initialize(options=options)
        ready(client)
        code, prose = "file:///a.py", "file:///a.txt"
        client.open(code, CODE)
        client.open(prose, TEXT, "plaintext")
        items = client.request(
            "textDocument/inlineCompletion", inline_params(1, 11, code), PATIENCE_S
        )["items"]
        assert "a + b" in items[0]["insertText"]
        [why] = run(client, "assist.why", code)
        assert why["model"].endswith(f" at {url.removeprefix('http://')}")
        assert why["mean_log_prob"] < 0
        documented = run(
            client, "assist.document", code, {"line": 4, "character": 6}, timeout_s=PATIENCE_S
        )
        assert "radius" in documented["text"]
        end = {"line": 0, "character": len(TEXT)}
        whole = {"start": {"line": 0, "character": 0}, "end": end}
        before = server.generated()
        summary = run(client, "assist.summarize", prose, whole, timeout_s=PATIENCE_S)
        assert server.generated() > before
        assert "museum" in summary["markdown"]
