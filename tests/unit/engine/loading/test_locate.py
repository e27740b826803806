import json
import os
import pickle
import re
import subprocess
import sys

import pytest
from safetensors.torch import load_file
from tiny_gguf import save_gguf
from tiny_models import FAMILIES, save_family

from assist_server.engine.backend import ModelChoice
from assist_server.engine.loading.locate import is_complete, locate_model
from assist_server.engine.loading.open_backend import open_backend
from assist_server.errors import ModelError


@pytest.fixture
def folder(tmp_path):
    return save_family(FAMILIES[0], tmp_path)


def map_weights_to(folder, name):
    """Let an index name a file; the weights of one file would be taken first."""
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").rename(folder / "model-00001-of-00001.safetensors")
    content = {"metadata": {}, "weight_map": dict.fromkeys(weights, name)}
    (folder / "model.safetensors.index.json").write_text(json.dumps(content))


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, witness):
        self.witness = witness

    def __reduce__(self):
        return open, (str(self.witness), "w")


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "model.pkl", "weights"])
def test_an_index_that_names_a_pickle_is_refused(folder, tmp_path, name):
    witness = tmp_path / "witness"
    (folder / name).write_bytes(pickle.dumps(Bomb(witness)))
    map_weights_to(folder, name)
    with pytest.raises(ModelError, match=f"names '{name}' as weights") as caught:
        open_backend(ModelChoice(str(folder)))
    assert "weights_only" not in str(caught.value)
    assert not witness.exists()


@pytest.mark.parametrize("name", ["../other.safetensors", "/other.safetensors"])
def test_weights_outside_of_the_folder_are_refused(folder, name):
    map_weights_to(folder, name)
    with pytest.raises(ModelError, match="in the folder itself are read"):
        open_backend(ModelChoice(str(folder)))


@pytest.mark.parametrize("name", ["adapter_model.bin", "pytorch_model.bin"])
def test_a_configuration_that_names_a_pickle_is_refused(folder, name):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "transformers_weights": name}))
    with pytest.raises(ModelError, match=f"names '{name}' as weights"):
        open_backend(ModelChoice(str(folder)))


def test_an_adapter_is_refused(folder):
    (folder / "adapter_config.json").write_text("{}")
    with pytest.raises(ModelError, match="merge it"):
        open_backend(ModelChoice(str(folder)))


@pytest.mark.parametrize("content", ["", "{", "\udcff", "[" * 100_000])
def test_a_broken_index_says_what_to_do(folder, content):
    index = folder / "model.safetensors.index.json"
    index.write_text(content, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(ModelError, match="save or download the model again"):
        open_backend(ModelChoice(str(folder)))


def test_weights_in_several_files_are_read(folder):
    map_weights_to(folder, "model-00001-of-00001.safetensors")
    assert is_complete(folder)
    open_backend(ModelChoice(str(folder))).close()


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_folder_without_some_file_is_not_complete(folder, missing):
    assert is_complete(folder)
    for file in folder.glob(f"{missing.partition('.')[0]}*{missing.partition('.')[2]}"):
        file.unlink()
    assert not is_complete(folder)


def test_a_folder_without_a_file_of_its_index_is_not_complete(folder):
    map_weights_to(folder, "model-00001-of-00001.safetensors")
    (folder / "model-00001-of-00001.safetensors").unlink()
    assert not is_complete(folder)


OVERWRITE = """
import sys
from pathlib import Path
from assist_server.engine.backend import ModelChoice
from assist_server.engine.loading.open_backend import open_backend
from assist_server.engine.request import GenerationRequest, collect

folder, dtype = sys.argv[1:]
backend = open_backend(ModelChoice(folder, device="cpu", dtype=dtype))
for file in Path(folder).glob("*.safetensors"):
    file.write_bytes(b"")
written = collect(backend.generate(GenerationRequest(tuple(backend.encode("one two")), 4)))
print(len(written.token_ids))
backend.close()
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a file that is open cannot be overwritten")
@pytest.mark.parametrize(("family", "dtype"), [(0, "auto"), (0, "float32"), (1, "float32")])
def test_weights_that_are_overwritten_do_not_end_the_process(tmp_path, family, dtype):
    folder = save_family(FAMILIES[family], tmp_path)
    command = [sys.executable, "-c", OVERWRITE, str(folder), dtype]
    done = subprocess.run(command, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, b"4\n")


@pytest.mark.parametrize("name", ["x.gguf", "models/x.gguf", "Models/X.GGUF"])
def test_a_gguf_file_must_be_spelled_as_a_path(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(ModelError, match=re.escape(f"write './{name}'")):
        locate_model(name)


def test_a_gguf_file_that_is_missing_says_so(tmp_path):
    with pytest.raises(ModelError, match=r"there is no file '.*none\.gguf'"):
        locate_model(str(tmp_path / "none.gguf"))


@pytest.mark.parametrize("exists", [True, False])
def test_a_part_of_a_model_is_refused(tmp_path, exists):
    file = tmp_path / "coder-00001-of-00003.gguf"
    if exists:
        save_gguf("llama", file)
    with pytest.raises(ModelError, match="a part of a model in several files"):
        locate_model(str(file))


def test_an_architecture_without_support_is_named_with_the_supported_ones(tmp_path):
    save_gguf("llama", tmp_path / "a.gguf", more={"general.architecture": "rwkv7"})
    with pytest.raises(ModelError) as caught:
        locate_model(str(tmp_path / "a.gguf"))
    assert "the architecture 'rwkv7'; supported are llama, qwen2, qwen3, " in str(caught.value)


@pytest.mark.parametrize("spelled", ["./a.gguf", "~/a.gguf", "{}/a.gguf"])
def test_a_gguf_file_is_located_before_torch_is_imported(spelled, tmp_path):
    save_gguf("llama", tmp_path / "a.gguf")
    script = (
        "import sys\nfrom assist_server.engine.loading.locate import locate_model\n"
        "print(locate_model(sys.argv[1]))\nassert 'torch' not in sys.modules"
    )
    command = [sys.executable, "-c", script, spelled.format(tmp_path)]
    environment = {**os.environ, "HOME": str(tmp_path), "USERPROFILE": str(tmp_path)}
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=tmp_path, env=environment
    )
    assert (tmp_path / done.stdout.strip()).samefile(tmp_path / "a.gguf")


def test_a_folder_may_be_named_like_a_gguf_file(tmp_path):
    folder = save_family(FAMILIES[0], tmp_path).rename(tmp_path / "a.gguf")
    assert locate_model(str(folder)) == str(folder)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a file that is open cannot be overwritten")
def test_a_gguf_file_that_is_overwritten_does_not_end_the_process(tmp_path):
    save_gguf("llama", tmp_path / "a.gguf")
    script = OVERWRITE.replace('Path(folder).glob("*.safetensors")', "[Path(folder)]")
    command = [sys.executable, "-c", script, str(tmp_path / "a.gguf"), "auto"]
    done = subprocess.run(command, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, b"4\n")
