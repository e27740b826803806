import pytest
import transformers
from safetensors.torch import load_file, save_file
from tiny_models import FAMILIES, save_family

from assist_server.engine.backend import ModelChoice
from assist_server.engine.opening import EMBEDDED_FOLDER, locate_model, open_backend
from assist_server.engine.request import GenerationRequest
from assist_server.errors import ModelError


def test_embedded_is_the_package_s_own_folder():
    assert locate_model("embedded") == str(EMBEDDED_FOLDER)
    assert (EMBEDDED_FOLDER / "model.safetensors").exists()


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
    open_backend(ModelChoice(str(save_family(FAMILIES[0], tmp_path))), said.append).close()
    assert said[0] == "starting torch"
    assert any("weights" in message for message in said)
