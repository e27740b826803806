import pytest
from tiny_gguf import save_gguf
from tiny_models import FAMILIES, HYBRIDS, save_family

from assist_server.engine import transformers_backend
from assist_server.engine.backend import ModelChoice
from assist_server.engine.loading.memory import check_fits_beside
from assist_server.engine.transformers_backend import TransformersBackend
from assist_server.errors import ModelError

LLAMA = next(family for family in FAMILIES if family.config == "LlamaConfig")
CACHES = 200_000_000


@pytest.mark.parametrize(
    ("family", "device", "bytes_per_parameter"),
    [(LLAMA, "cpu", 2.15), (LLAMA, "cuda", 2), (HYBRIDS[-1], "cpu", 4.15)],
)
def test_a_second_model_needs_room_for_its_weights(family, device, bytes_per_parameter, tmp_path):
    folder = save_family(family, tmp_path)
    parameters = (folder / "model.safetensors").stat().st_size // 4  # and a header
    needed = parameters * bytes_per_parameter + CACHES
    check_fits_beside("text", str(folder), device, needed + 10_000)
    with pytest.raises(
        ModelError, match=r"^text needs 0\.2 GB .*, and 0\.2 GB are free; set `text"
    ):
        check_fits_beside("text", str(folder), device, needed - 20_000)


def test_a_file_is_judged_by_the_weights_it_packs(tmp_path):
    file = tmp_path / "model.gguf"
    save_gguf("llama", file)
    check_fits_beside("text", str(file), "cpu", CACHES + 1_000_000)
    with pytest.raises(ModelError, match="beside the model that completes"):
        check_fits_beside("text", str(file), "cpu", CACHES)


def test_only_a_second_model_is_judged(tmp_path, monkeypatch):
    folder = str(save_family(LLAMA, tmp_path))
    monkeypatch.setattr(transformers_backend, "free_bytes", lambda _: 0)
    TransformersBackend.load(folder, ModelChoice(folder, "cpu")).close()
    with pytest.raises(ModelError, match=r"and 0\.0 GB are free"):
        TransformersBackend.load(folder, ModelChoice(folder, "cpu", is_second=True))
