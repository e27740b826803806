import logging
import socket

import pytest
from fake_hub import fake_hub
from huggingface_hub import constants
from tiny_models import FAMILIES, save_family

from assist_server.engine.backend import ModelChoice, ignore_progress
from assist_server.engine.loading import hub
from assist_server.engine.loading.open_backend import open_backend
from assist_server.errors import ModelError

NAME = "somebody/model"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(folder))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    return folder


@pytest.fixture
def use(monkeypatch):
    def use_hub(url):
        monkeypatch.setattr(constants, "ENDPOINT", url)
        template = url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)

    return use_hub


def test_a_model_is_downloaded_once(tmp_path, use):
    folder = save_family(FAMILIES[0], tmp_path / "served")
    (folder / "consolidated.safetensors").write_bytes(b"as large again")
    (folder / "pytorch_model.bin").write_bytes(b"a pickle")
    said = []
    with fake_hub(NAME, folder) as served:
        use(served.url)
        backend = open_backend(ModelChoice(NAME), lambda *told: said.append(told))
        backend.close()
        asked = list(served.asked)
        open_backend(ModelChoice(NAME)).close()
        assert served.asked == asked
    assert said[:2] == [(f"asking the hub for {NAME}", 0), (f"downloading {NAME}", 0)]
    percents = [percent for _, percent in said]
    assert percents == sorted(percents)
    assert not any("consolidated" in path or ".bin" in path for path in asked)


def test_what_is_here_needs_no_network(tmp_path, use):
    folder = save_family(FAMILIES[0], tmp_path / "served")
    with fake_hub(NAME, folder) as served:
        use(served.url)
        found = hub.fetch_model(NAME, ignore_progress)
    assert hub.fetch_model(NAME, ignore_progress) == found


def test_a_download_that_broke_off_goes_on(tmp_path, use):
    folder = save_family(FAMILIES[0], tmp_path / "served")
    with fake_hub(NAME, folder) as served:
        use(served.url)
        found = hub.fetch_model(NAME, ignore_progress)
        (found / "model.safetensors").unlink()
        assert (hub.fetch_model(NAME, ignore_progress) / "model.safetensors").is_file()


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (404, "RepoNotFound", "has no model 'somebody/model'"),
        (401, "RepoNotFound", "has no model 'somebody/model'"),
        (403, "GatedRepo", "accept them at"),
        (500, "", "cannot be reached"),
        (503, "", "cannot be reached"),
        (429, "", "cannot be reached"),
    ],
)
def test_a_refusal_is_one_sentence_and_asked_once(  # noqa: PLR0917 - three of them capture
    tmp_path, use, status, code, reason, capfd, caplog
):
    with fake_hub(NAME, tmp_path, status, code) as served:
        use(served.url)
        with pytest.raises(ModelError, match=reason) as caught:
            hub.fetch_model(NAME, ignore_progress)
        assert len(served.asked) == 1
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_no_network_is_one_sentence(use, capfd):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    use(url)
    with pytest.raises(ModelError, match=f"the hub at {url} cannot be reached"):
        hub.fetch_model(NAME, ignore_progress)
    assert capfd.readouterr() == ("", "")


def test_a_hub_that_says_nothing_is_not_waited_for(use, monkeypatch):
    monkeypatch.setattr(hub, "_TIMEOUT_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        use(f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(ModelError, match="cannot be reached"):
            hub.fetch_model(NAME, ignore_progress)


def test_offline_mode_is_named(monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match="HF_HUB_OFFLINE"):
        hub.fetch_model(NAME, ignore_progress)
