"""The comparison with other engines: its requests, its processes, its figures, the conversion."""

import importlib
import json
from pathlib import Path

import pytest

from assist_server.cli.benchmark.measurement import Spread
from assist_server.engine.backend import NullBackend, ignore_progress
from assist_server.engine.loading.checkpoint import export_model

PEERS = Path(__file__).parents[2] / "benchmarks" / "peers"
FAKE_ENGINE = """
import argparse
from engine_process import Ask, Answer, serve

print("a library says something")
serve({"version": 7}, lambda ask: Answer(1.5, ask.prompt_ids[::-1], ask.offset))
"""


@pytest.fixture
def load(monkeypatch):
    """Import the comparison's modules, which lie beside its program."""
    monkeypatch.syspath_prepend(PEERS)
    return importlib.import_module


@pytest.fixture
def prompts(load):
    return load("prompts")


@pytest.fixture
def choice(prompts):
    return prompts.Choice(places=2, characters=5, seed=1, prompt_tokens=300)


# Requests


def test_requests_are_those_of_the_server_at_each_key(prompts, choice):
    builder = prompts.RequestBuilder(NullBackend(), choice.settings())
    requests = prompts.make_requests(choice, builder)
    assert [len(typing) for typing in requests.keystrokes] == [6, 6]
    (trace, _), _ = choice.traces()
    for ask, (text, offset) in zip(requests.keystrokes[0][1:], trace.states(), strict=True):
        assert (ask.text, ask.offset, ask.max_new_tokens, ask.stops) == (text, offset, 32, True)
        assert len(ask.prompt_ids) <= 300
        assert text[:offset].endswith(NullBackend().decode_prompt(ask.prompt_ids))


def test_a_fresh_file_is_asked_for_one_token_and_for_many(prompts, choice):
    builder = prompts.RequestBuilder(NullBackend(), choice.settings())
    fresh = builder.fresh(choice.traces()[1][0])
    assert fresh.cold == fresh.again
    assert [a.max_new_tokens for a in (fresh.cold, fresh.long, fresh.jump)] == [1, 33, 1]
    assert fresh.long.prompt_ids == fresh.cold.prompt_ids
    assert fresh.jump.prompt_ids != fresh.cold.prompt_ids
    assert not any(ask.stops for ask in (fresh.cold, fresh.long, fresh.jump))


def test_no_file_is_both_typed_in_and_asked_cold(choice):
    typed, fresh = choice.traces()
    assert {trace.name for trace in typed}.isdisjoint(trace.name for trace in fresh)


def test_a_choice_survives_the_command_line(prompts, choice):
    import argparse  # noqa: PLC0415 - only here

    parser = argparse.ArgumentParser()
    prompts.add_choice(parser)
    assert prompts.chosen(parser.parse_args(choice.options())) == choice
    assert prompts.chosen(parser.parse_args([])) == prompts.FULL


# Processes


def test_an_engine_answers_line_by_line(load, tmp_path):
    engine_process = load("engine_process")
    program = tmp_path / "fake.py"
    program.write_text(f"import sys; sys.path.insert(0, {str(PEERS)!r})\n{FAKE_ENGINE}")
    with engine_process.Engine("fake", [str(program)], 1) as engine:
        assert engine.about() == {"version": 7}
        for ids in ([1, 2, 3], [4]):
            answer = engine.ask(engine_process.Ask(ids, 8, [0], True, "a.py", "x", 1))
            assert answer == engine_process.Answer(1.5, ids[::-1], 1)


def test_an_engine_that_ends_leaves_its_last_words(load, tmp_path):
    engine_process = load("engine_process")
    program = tmp_path / "broken.py"
    program.write_text("raise SystemExit('no such weights')")
    with (
        engine_process.Engine("broken", [str(program)], 1) as engine,
        pytest.raises(SystemExit, match="broken ended with status 1: no such weights"),
    ):
        engine.about()


class FakeEngine:
    """Takes 10 ms for what is before the first counted token, and 2 ms for each of the others."""

    def __init__(self, answer):
        self.answer, self.asked = answer, []

    def ask(self, ask):
        self.asked.append(ask)
        ids = [5, *range(ask.max_new_tokens)]  # one that was forced, and is not counted
        return self.answer(10.0 + 2 * (ask.max_new_tokens - 1), ids, 8)


def test_what_is_counted_of_a_place(load, prompts, choice):
    participants, answer = load("participants"), load("engine_process").Answer
    requests = prompts.make_requests(
        choice, prompts.RequestBuilder(NullBackend(), choice.settings())
    )
    engine, samples = FakeEngine(answer), participants.Samples()
    asked = participants.Asked(engine, requests)
    asked.type(1, samples)
    asked.visit(1, samples)
    assert engine.asked[:6] == requests.keystrokes[1]
    assert samples.milliseconds == {
        "keystroke": [72.0] * 5, "cold": [10.0], "step": [2.0], "jump": [10.0],
    }  # fmt: skip
    assert samples.prompt_tokens == [len(requests.fresh[1].cold.prompt_ids)]
    assert len(samples.continuations) == len(samples.reused_shares) == 5


# Figures


@pytest.fixture
def samples(load):
    participants = load("participants")

    def seen(keystrokes, cold, continuations):
        milliseconds = {"keystroke": keystrokes, "cold": cold}
        return participants.Samples(milliseconds, [1000] * len(cold), continuations)

    return {
        "theirs": seen([30, 40, 50], [500, 1000], [[1], [2, 3], []]),
        "ours": seen([10, 20, 25], [100, 200], [[1], [2, 4], []]),
    }


def test_rows_tell_times_speed_and_how_much_was_said(load, samples):
    theirs, ours = load("comparison").rows_from(samples, "theirs")
    assert ours.times["keystroke"] == Spread(3, 20, 24, 25)
    assert ours.prefill_tokens_per_s == 7500  # the median of 10,000 and 5,000
    assert (theirs.same_as_reference, ours.same_as_reference) == (1, pytest.approx(2 / 3, abs=1e-3))
    assert ours.new_tokens == 1
    assert ours.reused_prompt_share is None


def test_ratios_are_of_medians_and_of_ninetieths(load, samples):
    comparison = load("comparison")
    found = comparison.ratios(comparison.rows_from(samples, "theirs"), "ours")
    assert found["theirs"]["keystroke"] == {"p50": 2, "p90": 2}
    assert found["theirs"]["cold"] == {"p50": 5, "p90": 5}
    assert found["ours"]["cold"] == {"p50": 1, "p90": 1}


def test_the_tables_show_every_engine(load, samples, capsys):
    comparison = load("comparison")
    comparison.print_rows(comparison.rows_from(samples, "theirs"), "ours")
    printed = capsys.readouterr().out
    assert printed.count("theirs") == printed.count("\n ours") == 2
    assert "20.0 24.0" in printed


# Conversion


@pytest.fixture
def convert_to_gguf(load):
    pytest.importorskip("gguf")
    return load("convert_to_gguf")


def test_rotary_pairs_become_neighbours(convert_to_gguf):
    import numpy as np  # noqa: PLC0415 - heavy, and only here

    rows = np.arange(12).reshape(12, 1)  # two heads of six dimensions
    found = convert_to_gguf.interleaved(rows, 2)[:, 0].tolist()
    assert found == [0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11]


@pytest.mark.parametrize("quantization", ["f32", "f16"])
def test_a_model_is_written_with_all_its_tensors_and_tokens(
    convert_to_gguf, tmp_path, quantization
):
    import gguf  # noqa: PLC0415 - an extra
    from tiny_models import FAMILIES, save_family  # noqa: PLC0415 - heavy

    folder = save_family(FAMILIES[-1], tmp_path)
    out = tmp_path / "out.gguf"
    convert_to_gguf.convert(folder, out, quantization)
    written = gguf.GGUFReader(out)
    config = json.loads((folder / "config.json").read_text())
    names = {tensor.name for tensor in written.tensors}
    layers = config["num_hidden_layers"]
    assert len(names) == 9 * layers + (2 if config["tie_word_embeddings"] else 3)
    tokens = written.get_field("tokenizer.ggml.tokens").contents()
    assert len(tokens) == config["vocab_size"]
    assert "<|fim_middle|>" in tokens
    assert written.get_field("llama.attention.head_count_kv").contents() == 2
    (queries,) = [t for t in written.tensors if t.name == "blk.0.attn_q.weight"]
    assert queries.tensor_type.name.lower() == quantization


def test_quantized_weights_are_near_the_model_s(convert_to_gguf, tmp_path):
    import gguf  # noqa: PLC0415 - an extra
    import numpy as np  # noqa: PLC0415 - heavy
    from safetensors.torch import load_file  # noqa: PLC0415 - heavy

    out, whole = tmp_path / "out.gguf", tmp_path / "whole"
    export_model("embedded", whole, ignore_progress, is_packed=False)
    convert_to_gguf.convert(whole, out, "q8_0")
    tensors = {tensor.name: tensor for tensor in gguf.GGUFReader(out).tensors}
    found = tensors["blk.6.ffn_down.weight"]
    values = gguf.quants.dequantize(found.data, found.tensor_type)
    originals = load_file(whole / "model.safetensors")
    expected = originals["model.layers.6.mlp.down_proj.weight"].float().numpy()
    assert found.tensor_type.name == "Q8_0"
    assert tensors["output_norm.weight"].tensor_type.name == "F32"
    assert tensors["blk.6.attn_norm.weight"].tensor_type.name == "F32"
    of_values = tensors["blk.6.attn_v.weight"]
    found_values = gguf.quants.dequantize(of_values.data, of_values.tensor_type)
    wanted = originals["model.layers.6.self_attn.v_proj.weight"].float().numpy()
    assert np.abs(found_values - wanted).max() <= np.abs(wanted).max() / 127  # in this order
    assert np.abs(values - expected).max() <= np.abs(expected).max() / 127
    assert np.abs(values - expected).max() > 0


def test_only_models_of_known_families_are_converted(convert_to_gguf, tmp_path):
    from tiny_models import FAMILIES, save_family  # noqa: PLC0415 - heavy

    folder = save_family(FAMILIES[0], tmp_path)
    with pytest.raises(SystemExit, match="only llama and qwen3 models"):
        convert_to_gguf.convert(folder, tmp_path / "out.gguf", "f16")
