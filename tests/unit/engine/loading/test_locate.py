import json
import pickle
import subprocess
import sys

import pytest
from safetensors.torch import load_file
from tiny_models import FAMILIES, save_family

from assist_server.engine.backend import ModelChoice
from assist_server.engine.loading.locate import is_complete
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
