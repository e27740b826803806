import gc
import subprocess
import sys
import threading
import weakref
from unittest.mock import patch

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from tiny_models import FAMILIES, save_family
from transformers import AutoConfig, AutoModelForCausalLM

from assist_server.engine import transformers_backend
from assist_server.engine.backend import ModelChoice
from assist_server.engine.decoding.prefix_cache import TokenSequence
from assist_server.engine.loading.locate import EMBEDDED_FOLDER, locate_model
from assist_server.engine.loading.open_backend import low_latency_loading, open_backend
from assist_server.engine.loading.packed_weights import PACKED_FILE
from assist_server.engine.request import GenerationRequest, collect
from assist_server.errors import ModelError


def test_embedded_is_the_package_s_own_folder():
    assert locate_model("embedded") == str(EMBEDDED_FOLDER)
    assert (EMBEDDED_FOLDER / PACKED_FILE).exists()


def test_a_hub_id_is_left_to_the_hub():
    assert locate_model("Qwen/Qwen2.5-Coder-0.5B") == "Qwen/Qwen2.5-Coder-0.5B"


@pytest.mark.parametrize("model", ["./nowhere", "nonsense", "/no/such/folder", "~/nothing/here"])
def test_what_is_nowhere_says_what_can_be_set(model):
    with pytest.raises(ModelError, match="set `model` to"):
        locate_model(model)


def test_a_folder_without_weights(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError, match=r"no weights \(\*\.safetensors\)"):
        locate_model(str(tmp_path))


def test_a_folder_without_configuration(tmp_path):
    with pytest.raises(ModelError, match=r"no config\.json"):
        locate_model(str(tmp_path))


def test_broken_weights_are_one_line(tmp_path):
    folder = save_family(FAMILIES[0], tmp_path)
    (folder / "model.safetensors").write_bytes(b"not safetensors")
    with pytest.raises(ModelError, match="cannot load the model") as caught:
        open_backend(ModelChoice(str(folder)))
    assert "\n" not in str(caught.value)


def test_a_folder_without_tokenizer(tmp_path):
    folder = save_family(FAMILIES[0], tmp_path)
    for file in folder.glob("tokenizer*"):
        file.unlink()
    with pytest.raises(ModelError, match="no tokenizer"):
        open_backend(ModelChoice(str(folder)))


def test_a_folder_named_like_a_hub_id_must_be_spelled_as_a_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine" / "model").mkdir(parents=True)
    with pytest.raises(ModelError, match=r"as '\./mine/model'"):
        locate_model("mine/model")


def test_weights_that_do_not_fit_the_configuration_are_refused(tmp_path):
    folder = save_family(FAMILIES[0], tmp_path)
    tensors = load_file(folder / "model.safetensors")
    kept = {name: tensor for name, tensor in tensors.items() if ".h.1." not in name}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match="lack"):
        open_backend(ModelChoice(str(folder)))


def test_an_architecture_without_a_kv_cache_is_refused(tmp_path):
    folder = save_family(FAMILIES[0], tmp_path)
    config = transformers.MambaConfig(vocab_size=300, hidden_size=16, num_hidden_layers=1)
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    with pytest.raises(ModelError, match="no KV cache"):
        open_backend(ModelChoice(str(folder)))


@pytest.mark.parametrize("prompt", [(), tuple(range(40, 140)) * 6])
def test_a_prompt_that_does_not_fit_is_refused(prompt, tmp_path):
    backend = open_backend(ModelChoice(str(save_family(FAMILIES[0], tmp_path))))
    with pytest.raises(ModelError, match="does not fit"):
        backend.generate(GenerationRequest(prompt, 8))
    backend.close()


def test_progress_is_reported(tmp_path):
    said = []
    folder = save_family(FAMILIES[0], tmp_path)
    open_backend(ModelChoice(str(folder)), lambda *told: said.append(told)).close()
    assert said[0] == ("starting torch", 0)
    assert any("weights" in message for message, _ in said)
    percents = [percent for _, percent in said]
    assert percents == sorted(percents)


def test_no_thread_that_has_computed_outlives_the_loading(tmp_path):
    """Its team of OpenMP helpers would slow down the model's own thread."""
    before = set(threading.enumerate())
    backend = open_backend(ModelChoice(str(save_family(FAMILIES[0], tmp_path))))
    loading = [thread for thread in threading.enumerate() if thread.name == "assist-opening"]
    for thread in loading:
        thread.join(timeout=10)
    left = {thread.name for thread in set(threading.enumerate()) - before}
    backend.close()
    assert left == {"assist-model"}


@pytest.mark.parametrize("dtype", ["float16", "int8", "int4", "float32"])
def test_a_model_answers_after_its_own_weights_are_freed(tmp_path, dtype):
    """With biases in float32, which packed maps may keep as they are."""
    torch.manual_seed(0)
    family = next(one for one in FAMILIES if one.config == "LlamaConfig")
    folder = save_family(family, tmp_path / "tiny")
    config = AutoConfig.from_pretrained(folder)
    config.mlp_bias = config.attention_bias = True
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.normal_(parameter)
    model.save_pretrained(folder)
    prompt = (40, 41, 42)
    ids = torch.tensor([prompt])
    expected = model.eval().generate(ids, max_new_tokens=4, do_sample=False, eos_token_id=None)
    backend = open_backend(ModelChoice(str(folder), device="cpu", dtype=dtype))
    found = collect(backend.generate(GenerationRequest(prompt, 4, may_draft=False)))
    backend.close()
    assert len(found.token_ids) == 4
    if dtype == "float32":
        assert list(found.token_ids) == expected[0, 3:].tolist()


def test_a_failure_leaves_nothing_behind(tmp_path, monkeypatch):
    """Not even in an error that somebody keeps."""
    models = []

    def fail(model, *_, **__):
        models.append(weakref.ref(model))
        raise RuntimeError("no such kernel")

    monkeypatch.setattr(transformers_backend, "plan_execution", fail)
    with pytest.raises(ModelError, match="no such kernel") as caught:
        open_backend(ModelChoice(str(save_family(FAMILIES[0], tmp_path))))
    gc.collect()
    assert [model() for model in models] == [None]
    assert caught.value.__cause__ is None


def test_what_was_learned_makes_writing_faster(tmp_path):
    backend = open_backend(ModelChoice(str(save_family(FAMILIES[0], tmp_path))))
    request = GenerationRequest(tuple(backend.encode("one two three ")), 30)
    extend = TokenSequence.extend
    written = list(collect(backend.generate(request)).token_ids)
    with patch.object(TokenSequence, "extend", autospec=True) as extended:
        extended.side_effect = extend
        collect(backend.generate(request))
        plain = extended.call_count
        backend.learn("a", [[*request.prompt_ids, *written]])
        collect(backend.generate(request))
    assert extended.call_count - plain < plain
    backend.close()


def test_a_calibration_comes_with_the_model(tmp_path):
    folder = save_family(FAMILIES[0], tmp_path)
    (folder / "calibration.json").write_text('{"weights": {"bias": -1.5}}')
    backend = open_backend(ModelChoice(str(folder)))
    assert backend.info.calibration == {"bias": -1.5}
    backend.close()


@pytest.mark.parametrize(
    "content",
    ["", "[]", '{"weights": 3}', '{"weights": {"bias": "x"}}', '{"weights": {"bias": NaN}}'],
)
def test_a_broken_calibration_says_what_to_do(tmp_path, content):
    folder = save_family(FAMILIES[0], tmp_path)
    (folder / "calibration.json").write_text(content)
    with pytest.raises(ModelError, match="write it anew with `assist-server calibrate`"):
        open_backend(ModelChoice(str(folder)))


def test_drafts_are_left_out_where_they_are_not_wanted(tmp_path):
    backend = open_backend(ModelChoice(str(save_family(FAMILIES[0], tmp_path))))
    request = GenerationRequest(tuple(backend.encode("one two three ")), 30, may_draft=False)
    written = list(collect(backend.generate(request)).token_ids)
    backend.learn("a", [[*request.prompt_ids, *written]])
    extend = TokenSequence.extend
    with patch.object(TokenSequence, "extend", autospec=True) as extended:
        extended.side_effect = extend
        collect(backend.generate(request))
    assert extended.call_count == 30
    backend.close()


def state():
    return gc.isenabled(), sys.getswitchinterval()


def test_the_interpreter_is_as_before_when_loads_overlap():
    before = state()
    first, second = low_latency_loading(), low_latency_loading()
    first.__enter__()
    second.__enter__()
    assert state() != before
    first.__exit__(None, None, None)
    assert state() != before
    second.__exit__(None, None, None)
    assert state() == before


def test_the_interpreter_is_as_before_when_a_load_fails():
    before = state()
    with pytest.raises(ZeroDivisionError), low_latency_loading():
        raise ZeroDivisionError
    assert state() == before


def test_what_a_failed_load_made_can_be_collected():
    class Circle:
        def __init__(self):
            self.itself = self

    made = []

    def fail():
        with low_latency_loading():
            made.append(weakref.ref(Circle()))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    gc.collect()
    assert made[0]() is None


@pytest.mark.slow
def test_a_model_in_this_process_imports_nothing_for_servers():
    code = (
        "import sys\n"
        "from assist_server.engine.backend import ModelChoice\n"
        "from assist_server.engine.loading.open_backend import open_backend\n"
        "open_backend(ModelChoice('embedded', device='cpu')).close()\n"
        "print([name for name in sys.modules if name.startswith('assist_server.engine.remote')])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"
