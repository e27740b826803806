import math

import pytest
import torch
from tiny_models import FAMILIES, save_family
from transformers import AutoModelForCausalLM, AutoTokenizer

from assist_server.evaluation import perplexity as module
from assist_server.evaluation.perplexity import perplexity_figures
from assist_server.evaluation.tasks import Source


def bits_per_byte(model, sources):
    return perplexity_figures(model, sources)["bits per byte"].mean


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_family(FAMILIES[0], tmp_path_factory.mktemp("model"))


def test_windows_predict_each_token_once(folder, monkeypatch):
    """With windows of one token, and the whole context before each, they are the plain sum."""
    text = "def area(r):\n    return 3 * r * r\n" * 2
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    lead = module.TokenCodec(tokenizer).encode("# a.py\n")
    ids = module.TokenCodec(tokenizer).encode(text)
    with torch.inference_mode():
        logits = model(torch.tensor([[*lead, *ids]])).logits[0].float()
    log_probs = torch.log_softmax(logits, -1)
    places = range(len(lead), len(lead) + len(ids))
    plain = -sum(float(log_probs[p - 1, ids[p - len(lead)]]) for p in places)
    expected = plain / math.log(2) / len(text.encode())
    for step_tokens in (1, 7, 512):
        monkeypatch.setattr(module, "_STEP_TOKENS", step_tokens)
        found = bits_per_byte(str(folder), [Source("a.py", text)])
        assert found == pytest.approx(expected, rel=1e-4)


def test_files_count_by_their_size(folder):
    one, other = Source("a.py", "x = 1\n"), Source("b.py", "value = compute(value)\n" * 3)
    both = bits_per_byte(str(folder), [one, other])
    sizes = [len(source.text) for source in (one, other)]
    alone = [bits_per_byte(str(folder), [source]) for source in (one, other)]
    assert both == pytest.approx(sum(s * b for s, b in zip(sizes, alone, strict=True)) / sum(sizes))


def test_what_a_model_would_write_by_itself_is_recited(folder, monkeypatch):
    """Greedy text of the model itself is recited from where it begins to write."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    codec = module.TokenCodec(tokenizer)
    ids = codec.encode("# a.py\n")
    for _ in range(12):
        with torch.inference_mode():
            ids.append(int(model(torch.tensor([ids])).logits[0, -1].argmax()))
    with torch.inference_mode():
        lead, own = ids[:-12], ids[-12:]
        stock = module.TransformersModel(model)
        monkeypatch.setattr(module, "_STEP_TOKENS", 5)
        _, is_likeliest = module._bits(stock, lead, own, 64)
    assert all(is_likeliest)
    monkeypatch.setattr(module, "_RECITED_TOKENS", 3)
    assert module._tokens_in_long_runs([True, True, False, True, True, True]) == 3
