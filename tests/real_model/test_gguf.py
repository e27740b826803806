"""A real GGUF file: our reading of it, compared with transformers' and with its folder."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from lsp_steps import ready, run

from assist_server.engine.backend import ModelChoice, ignore_progress
from assist_server.engine.device import DevicePlan
from assist_server.engine.loading.gguf.header import read_header
from assist_server.engine.loading.gguf.model import read_gguf
from assist_server.engine.loading.gguf.tokenizer import read_tokenizer
from assist_server.engine.loading.open_backend import open_backend
from assist_server.engine.models.selection import plan_execution
from assist_server.engine.request import GenerationRequest, collect
from assist_server.engine.tokens.codec import TokenCodec
from assist_server.lsp.client import LspClient

NEW_TOKENS = 20
PROMPTS = [
    "def add(a, b):\n    return",
    "def fibonacci(n):\n    if n < 2:\n        return n\n    return",
    "class Stack:\n    def __init__(self):\n        self.items = []\n\n    def push(self, item):\n",
    "import os\n\n\ndef list_files(folder):\n    ",
    "import json\n\nwith open('config.json') as file:\n    config =",
    "try:\n    value = int(text)\nexcept",
    "numbers = [1, 2, 3, 4, 5]\nsquares = [",
    "for (let i = 0; i < items.length; i++) {\n",
    "function greet(name) {\n  return",
    "const sum = (a, b) =>",
    "#include <stdio.h>\n\nint main(void) {\n    printf(",
    "public class Point {\n    private final int x;\n    private final int",
    'package main\n\nimport "fmt"\n\nfunc main() {\n',
    "fn largest(values: &[i32]) -> i32 {\n",
    "SELECT name, price FROM products WHERE",
    "<html>\n<head>\n  <title>",
    "#!/bin/sh\nfor file in *.txt; do\n",
    "# A list of prime numbers below thirty\nprimes = [",
    "The capital of France is",
    "Once upon a time there was a small",
    "Water boils at",
    "The three states of matter are",
    "To bake bread, you need flour, water,",
    "In 1969, people first walked on",
    "The opposite of hot is",
    "A week has seven days: Monday, Tuesday,",
    "Dear Sir or Madam,\n\nI am writing to",
    "Chapter 1\n\nThe morning was cold and",
    "Q: What is the largest planet?\nA:",
    "Überall liegt Schnee, und die Kinder",
]


def likeliest(model, ids):
    """The likeliest token after each of the ids, by transformers' forward pass.

    One pass over a continuation shows the same as generating it, in a twentieth of the time.
    """
    with torch.inference_mode():
        return model(torch.tensor([ids])).logits[0].argmax(-1).tolist()


def test_text_continues_as_with_transformers_reading_of_the_file(smollm2_gguf, by_transformers):
    model, tokenizer = by_transformers
    backend = open_backend(ModelChoice(str(smollm2_gguf), device="cpu", dtype="float32"))
    for prompt in PROMPTS:
        ids = tokenizer(prompt).input_ids
        assert backend.encode(prompt) == ids
        found = list(collect(backend.generate(GenerationRequest(tuple(ids), NEW_TOKENS))).token_ids)
        assert len(found) == NEW_TOKENS
        assert found == likeliest(model, [*ids, *found])[len(ids) - 1 : -1]
    backend.close()


@pytest.mark.parametrize(("dtype", "least"), [("int8", 0.93), ("int4", 0.9)])
def test_few_bits_agree_with_weights_in_bfloat16(dtype, least, smollm2_gguf):
    tokenizer, reference = read_gguf(smollm2_gguf, torch.bfloat16, ignore_progress)
    reference.float()  # the same weights, on processors that compute slowly in bfloat16
    small, _ = plan_execution(reference.eval(), DevicePlan("cpu", "float32", ()), dtype)
    same = total = 0
    for text in [*PROMPTS, Path(__file__).read_text(encoding="utf-8")[:2000]]:
        ids = tokenizer(text).input_ids
        found = small.new_cache().extend(ids, len(ids)).argmax(-1).tolist()
        same += sum(map(int.__eq__, found, likeliest(reference, ids)))
        total += len(ids)
    print(f"{same} of {total} places agree")
    assert same >= least * total


LOADING = """
import resource, sys
from assist_server.engine.backend import ModelChoice
from assist_server.engine.loading.open_backend import open_backend
from assist_server.engine.transformers_backend import TransformersBackend  # imports torch

def peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

before = peak_bytes()
open_backend(ModelChoice(sys.argv[1], device="cpu", dtype="int4")).close()
print(peak_bytes() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="units of memory differ")
def test_weights_are_packed_as_they_are_read(smollm2_gguf):
    """Read whole in 16 bits, the 135 million parameters would take another 269 megabytes."""
    command = [sys.executable, "-c", LOADING, str(smollm2_gguf)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    added_bytes = int(done.stdout)
    print(f"{added_bytes / 1e6:.0f} MB beside the libraries")
    assert added_bytes < 450_000_000


def test_the_tokenizer_is_that_of_the_folder(smollm2, smollm2_gguf):
    from transformers import AutoTokenizer  # noqa: PLC0415 - as above

    found = TokenCodec(read_tokenizer(read_header(smollm2_gguf)))
    expected = TokenCodec(AutoTokenizer.from_pretrained(smollm2))
    assert found.special_ids == expected.special_ids
    assert found.end_ids == expected.end_ids
    assert found.bos_id == expected.bos_id
    chat = [{"role": "user", "content": "Hello"}]
    assert found.encode_chat(chat) == expected.encode_chat(chat)
    for text in (*PROMPTS, Path(__file__).read_text(encoding="utf-8")):
        assert found.encode(text) == expected.encode(text)


def test_an_editor_is_served(smollm2_gguf, tmp_path):
    command = (sys.executable, "-m", "assist_server", "serve", "--stdio")
    command = (*command, "--model", str(smollm2_gguf), "--device", "cpu")
    with LspClient(command, env={"XDG_CONFIG_HOME": str(tmp_path)}) as client:
        client.initialize()
        ready(client)
        status = run(client, "assist.status")
        assert str(smollm2_gguf) in str(status)
