"""A real pretrained model in the place of the embedded one."""

import re
import subprocess
import sys

import pytest
import torch
from lsp_steps import inline_params, ready, run

from assist_server.context.selection import Selection
from assist_server.context.snapshot import Snapshot
from assist_server.engine.backend import ModelChoice
from assist_server.engine.loading.open_backend import open_backend
from assist_server.engine.request import GenerationRequest, collect
from assist_server.features.summarize.summarize import summarize
from assist_server.lsp.client import LspClient
from assist_server.settings import Settings

PROMPTS = [
    "def add(a, b):\n    return",
    "import os\n\n\ndef list_files(folder):\n    ",
    "The capital of France is",
    "for (let i = 0; i < items.length; i++) {\n",
    "# A list of prime numbers below thirty\nprimes = [",
    "class Stack:\n    def __init__(self):\n        self.items = []\n\n    def push(self, item):\n",
    "Once upon a time there was a small",
    "SELECT name, price FROM products WHERE",
]
NEW_TOKENS = 20
TEXT = (
    "The museum opened in 1932 in a former railway station. Its collection holds 4,500 paintings, "
    "most of them by painters of the region. In 2019 a flood damaged the ground floor, and the "
    "museum closed for two years. Volunteers dried and cleaned the paintings. Since it opened "
    "again, visitors enter by the river side, and the ground floor shows how the works were saved."
)


@pytest.fixture(scope="module")
def theirs(smollm2):
    """The model and its tokenizer, as transformers load them."""
    from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: PLC0415

    tokenizer = AutoTokenizer.from_pretrained(smollm2)
    return AutoModelForCausalLM.from_pretrained(smollm2, dtype=torch.float32).eval(), tokenizer


@pytest.fixture(scope="module")
def backend(smollm2):
    backend = open_backend(ModelChoice(str(smollm2), device="cpu", dtype="float32"))
    yield backend
    backend.close()


def test_text_continues_as_with_transformers(backend, theirs):
    model, tokenizer = theirs
    for prompt in PROMPTS:
        ids = tokenizer(prompt).input_ids
        assert backend.encode(prompt) == ids
        found = list(collect(backend.generate(GenerationRequest(tuple(ids), NEW_TOKENS))).token_ids)
        with torch.inference_mode():
            likeliest = model(torch.tensor([[*ids, *found]])).logits[0].argmax(-1).tolist()
        assert len(found) == NEW_TOKENS
        assert found == likeliest[len(ids) - 1 : -1]


def agreement(model, other, tokenizer):
    """The share of places where two models find the same token most likely."""
    same = total = 0
    for prompt in [*PROMPTS, TEXT]:
        ids = tokenizer(prompt, return_tensors="pt").input_ids
        with torch.inference_mode():
            equal = model(ids).logits.argmax(-1) == other(ids).logits.argmax(-1)
        same, total = same + int(equal.sum()), total + equal.numel()
    return same / total


def test_packed_weights_agree_with_the_whole_ones(smollm2, theirs, tmp_path):
    from transformers import AutoModelForCausalLM  # noqa: PLC0415

    command = (sys.executable, "-m", "assist_server", "models", "export")
    subprocess.run([*command, tmp_path / "packed", "--model", smollm2, "--packed"], check=True)
    subprocess.run([*command, tmp_path / "plain", "--model", tmp_path / "packed"], check=True)
    weights = [
        (folder / name).stat().st_size
        for folder, name in (
            (tmp_path / "packed", "packed.safetensors"),
            (smollm2, "model.safetensors"),
        )
    ]
    assert weights[0] < 0.35 * weights[1]
    packed = AutoModelForCausalLM.from_pretrained(tmp_path / "plain", dtype=torch.float32).eval()
    assert agreement(theirs[0], packed, theirs[1]) > 0.97


def test_a_summary_is_short_and_does_not_loop(backend):
    selection = Selection(Snapshot("file:///a.txt", "a.txt", TEXT), 0, len(TEXT))
    summary = summarize(selection, backend, Settings())
    assert summary.method == "chat"
    words = re.findall(r"\w+", summary.markdown.lower())
    assert 5 < len(words) < 150
    runs = list(zip(*(words[n:] for n in range(4)), strict=False))
    assert len(set(runs)) > 0.8 * len(runs)


def test_an_editor_is_served(smollm2, tmp_path):
    command = (sys.executable, "-m", "assist_server", "serve", "--stdio", "--model", str(smollm2))
    with LspClient(command, env={"XDG_CONFIG_HOME": str(tmp_path)}) as client:
        client.initialize()
        ready(client)
        uri = "file:///a.py"
        client.open(uri, "def add(a, b):\n    return \n")
        answer = client.request("textDocument/inlineCompletion", inline_params(1, 11, uri))
        [record] = run(client, "assist.why", uri)
        assert record["model"] == str(smollm2)
        assert (record["outcome"] == "shown") is bool(answer["items"])
