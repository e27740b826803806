"""Models that exist as the beginning of a training run, and smaller ones of them."""

import json
from dataclasses import replace

import pytest
import torch
import transformers
from tiny_models import FAMILIES, TinyFamily, build_model, save_family
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from assist_server.engine.backend import ignore_progress
from assist_server.engine.device import DevicePlan
from assist_server.engine.loading.checkpoint import export_model, read_model
from assist_server.errors import InputError
from assist_server.training.examples.windows import make_training_windows, own_vocabulary
from assist_server.training.model.export import export_weights
from assist_server.training.model.initial_model import InitialModel, token_ids
from assist_server.training.model.network import Network, Segments
from assist_server.training.model.pruning import (
    block_influence,
    important_layers,
    prune_layers,
    prune_vocabulary,
)
from assist_server.training.model.tokenizer import CONTROL_TOKENS, read_tokenizer

TEXT = "def first(items):\n    return items[0] if items else None\n"
UNUSED = ("<file_sep>", "<repo_name>", "<reponame>", "<gh_stars>", "<issue_start>")
SHAPES = {
    "llama": TinyFamily("llama", "LlamaConfig", UNUSED),
    "llama-untied": TinyFamily(
        "llama", "LlamaConfig", UNUSED,
        options={"tie_word_embeddings": False, "rms_norm_eps": 1e-3},
    ),
    "qwen2": TinyFamily("qwen2", "Qwen2Config", ("<|im_start|>", "<|im_end|>")),
    "qwen3": TinyFamily("qwen3", "Qwen3Config", (), options={"tie_word_embeddings": True}),
}  # fmt: skip


@pytest.fixture(scope="module", params=SHAPES)
def folder(request, tmp_path_factory):
    """A folder with a model of a shape that is trained here."""
    return save_family(SHAPES[request.param], tmp_path_factory.mktemp("start"))


@pytest.fixture
def start(folder):
    return InitialModel.open(folder)


def logits_of(start, ids):
    network = Network(start.shape).eval()
    start.copy_weights_to(network)
    with torch.no_grad():
        hidden = network(ids, Segments([(ids.size(1),)] * ids.size(0), torch.device("cpu")))
    return hidden @ network.head.T


def exported(start, folder):
    start.write_tokenizer(folder)
    export_weights(folder, start.trained_config(), start.weights, {})
    return (
        transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval(),
        transformers.AutoTokenizer.from_pretrained(folder),
    )


def test_the_network_computes_what_transformers_does(folder, start):
    stock = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    ids = torch.arange(24).view(2, 12) % 90
    with torch.no_grad():
        wanted = stock(ids).logits
    torch.testing.assert_close(
        logits_of(start, ids)[..., : wanted.size(-1)], wanted, atol=1e-4, rtol=1e-3
    )
    assert start.shape.parameters() == sum(weight.numel() for weight in start.weights.values())


def test_what_is_exported_is_loaded_by_transformers_and_computes_the_same(start, tmp_path):
    stock, tokenizer = exported(start, tmp_path)
    ids = torch.tensor([tokenizer(TEXT, add_special_tokens=False).input_ids])
    narrow = {name: weight.to(torch.bfloat16).float() for name, weight in start.weights.items()}
    with torch.no_grad():
        found = stock(ids).logits
    torch.testing.assert_close(
        found, logits_of(replace(start, weights=narrow), ids), atol=1e-3, rtol=1e-3
    )
    assert stock.config.fim_template == "assist"
    ends = stock.generation_config.eos_token_id
    assert token_ids(start.tokenizer)["<|endoftext|>"] in (
        ends if isinstance(ends, list) else [ends]
    )


def test_packed_weights_are_a_beginning_as_well(folder, tmp_path):
    export_model(str(folder), tmp_path / "packed", ignore_progress, is_packed=True)
    start = InitialModel.open(tmp_path / "packed")
    found = read_model(str(tmp_path / "packed"), DevicePlan("cpu", "float32", ()), ignore_progress)[
        1
    ]
    stock = {name.removeprefix("model."): weight for name, weight in found.state_dict().items()}
    assert start.weights.keys() <= stock.keys()
    for name, weight in start.weights.items():
        assert torch.equal(weight[: len(stock[name])].float(), stock[name].float())


def test_all_control_tokens_are_there_and_unused_ones_were_renamed(folder, start):
    before = json.loads((folder / "tokenizer.json").read_text())
    ids = token_ids(start.tokenizer)
    assert set(CONTROL_TOKENS) <= ids.keys()
    assert len(set(ids.values())) == len(ids)
    assert start.weights["embed_tokens.weight"].size(0) > max(ids.values())
    if "<file_sep>" in token_ids(before):
        assert ids["<|file_sep|>"] == token_ids(before)["<file_sep>"]
        assert ids["<|repo_name|>"] == token_ids(before)["<repo_name>"]
        assert ids.keys().isdisjoint({"<reponame>", "<gh_stars>", "<issue_start>"})
    if "<|im_end|>" in token_ids(before):
        assert ids["<|im_end|>"] == token_ids(before)["<|im_end|>"]


def test_old_rows_stay_when_new_ones_come(folder, start):
    stock = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    old = stock.get_input_embeddings().weight
    assert torch.equal(start.weights["embed_tokens.weight"][: len(old)].float(), old)


def test_the_chat_format_is_kept(tmp_path):
    folder = save_family(SHAPES["qwen2"], tmp_path)
    (folder / "chat_template.jinja").write_text("{{ messages[0]['content'] }}")
    start = InitialModel.open(folder)
    out = tmp_path / "out"
    out.mkdir()
    start.write_tokenizer(out)
    tokenizer = transformers.AutoTokenizer.from_pretrained(out)
    asked = [{"role": "user", "content": "why?"}]
    assert tokenizer.apply_chat_template(asked, tokenize=False) == "why?"


def test_bytes_that_the_tokenizer_lacked_come_back(tmp_path):
    folder = save_family(SHAPES["llama"], tmp_path)
    file = folder / "tokenizer.json"
    content = json.loads(file.read_text())
    lost = pre_tokenizers.ByteLevel(add_prefix_space=False).pre_tokenize_str("\x13")[0][0]
    number = content["model"]["vocab"].pop(lost)
    file.write_text(json.dumps(content))
    start = InitialModel.open(folder)
    start.write_tokenizer(tmp_path)
    tokenizer = read_tokenizer(tmp_path)
    assert tokenizer.decode(tokenizer.encode("a\x13b").ids) == "a\x13b"
    assert token_ids(start.tokenizer)[lost] != number


# What is refused


@pytest.mark.parametrize(
    ("name", "changes", "told"),
    [
        ("model_type", {"model_type": "mistral"}, "of type 'mistral'"),
        ("rope", {"rope_parameters": {"rope_type": "linear", "factor": 2.0, "rope_theta": 1e4}},
         "scaled positions"),
        ("layers", {"num_hidden_layers": 3}, "weights that its config.json does not describe"),
    ],
)  # fmt: skip
def test_other_models_are_refused(tmp_path, name, changes, told):
    del name
    folder = save_family(SHAPES["llama"], tmp_path)
    config = json.loads((folder / "config.json").read_text()) | changes
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match=told):
        InitialModel.open(folder)


def test_a_tokenizer_that_is_not_made_of_bytes_is_refused(tmp_path):
    llama = next(family for family in FAMILIES if family.name == "codellama")
    with pytest.raises(InputError, match="not byte-level"):
        InitialModel.open(save_family(llama, tmp_path))


# Smaller models


@pytest.fixture(scope="module")
def merged(tmp_path_factory, documents):
    """A model whose tokenizer has merges, in their order, behind two control tokens."""
    folder = tmp_path_factory.mktemp("merged")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=700,
        special_tokens=["<|endoftext|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([document.text for document in documents], trainer)
    wrapped = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", bos_token="<|endoftext|>"
    )
    wrapped.save_pretrained(folder)
    family = TinyFamily("llama", "LlamaConfig", (), options={"num_hidden_layers": 5})
    model = build_model(family, len(wrapped))
    model.config.eos_token_id = 1
    model.save_pretrained(folder)
    return InitialModel.open(folder)


@pytest.mark.parametrize("size", [300, 450, 699])
def test_a_smaller_vocabulary_is_one_of_fewer_merges(merged, size, documents, tmp_path):
    cut = prune_vocabulary(merged, size)
    assert cut.shape.vocabulary == size == len(token_ids(cut.tokenizer))
    assert sorted(token_ids(cut.tokenizer).values()) == list(range(size))
    cut.write_tokenizer(tmp_path)
    tokenizer = read_tokenizer(tmp_path)
    for document in documents:
        assert tokenizer.decode(tokenizer.encode(document.text).ids) == document.text
    old_ids, new_ids = token_ids(merged.tokenizer), token_ids(cut.tokenizer)
    rows, old_rows = (model.weights["embed_tokens.weight"] for model in (cut, merged))
    for name, number in new_ids.items():
        assert torch.equal(rows[number], old_rows[old_ids[name]])
    assert cut.config["eos_token_id"] == new_ids["<|im_end|>"]


def test_a_vocabulary_without_room_for_the_alphabet_is_refused(merged):
    with pytest.raises(InputError, match="at least 264"):
        prune_vocabulary(merged, 200)


def test_a_larger_vocabulary_changes_nothing(merged):
    assert prune_vocabulary(merged, 10_000) is merged


def test_fewer_layers_are_those_of_the_whole(merged):
    cut = prune_layers(merged, [0, 2, 4])
    assert cut.shape.layers == 3
    for new, old in enumerate((0, 2, 4)):
        name = "mlp.down_proj.weight"
        assert torch.equal(
            cut.weights[f"layers.{new}.{name}"], merged.weights[f"layers.{old}.{name}"]
        )
    assert cut.trained_config()["num_hidden_layers"] == 3


def test_a_layer_that_does_nothing_is_the_least_important(merged, documents, tmp_path):
    weights = dict(merged.weights)
    for name in ("self_attn.o_proj.weight", "mlp.down_proj.weight"):
        weights[f"layers.3.{name}"] = torch.zeros_like(weights[f"layers.3.{name}"])
    idle = replace(merged, weights=weights)
    idle.write_tokenizer(tmp_path)
    learned = [replace(each, origin=replace(each.origin, split="train")) for each in documents]
    windows = make_training_windows(read_tokenizer(tmp_path), learned, 64, 0).stream.first_windows(
        2
    )
    network = Network(idle.shape)
    idle.copy_weights_to(network)
    influence = block_influence(network, windows)
    assert influence[3] == pytest.approx(0, abs=1e-6)
    assert min(influence[:3] + influence[4:]) > 1e-3
    assert important_layers(network, windows, 4) == [0, 1, 2, 4]
    ids = torch.tensor([windows[0].inputs[:32].tolist()])
    torch.testing.assert_close(
        logits_of(idle, ids), logits_of(prune_layers(idle, [0, 1, 2, 4]), ids)
    )
    with pytest.raises(InputError, match="between 1 and 5"):
        important_layers(network, windows, 6)


def test_a_token_that_the_tokenizer_begins_with_begins_what_is_learned(merged, tmp_path):
    processor = {
        "type": "TemplateProcessing",
        "single": [
            {"SpecialToken": {"id": "<|im_end|>", "type_id": 0}},
            {"Sequence": {"id": "A", "type_id": 0}},
        ],
        "pair": [],
        "special_tokens": {
            "<|im_end|>": {"id": "<|im_end|>", "ids": [1], "tokens": ["<|im_end|>"]}
        },
    }
    replace(merged, tokenizer={**merged.tokenizer, "post_processor": processor}).write_tokenizer(
        tmp_path
    )
    assert own_vocabulary(read_tokenizer(tmp_path)).bos_id == 1
    merged.write_tokenizer(tmp_path)
    assert own_vocabulary(read_tokenizer(tmp_path)).bos_id is None
