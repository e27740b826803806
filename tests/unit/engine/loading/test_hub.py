import gc
import io
import logging
import socket
import sys
import threading

import gguf
import pytest
from fake_hub import COMMIT, fake_hub, use_hub
from huggingface_hub import constants
from huggingface_hub.utils import _detect_agent, enable_progress_bars
from huggingface_hub.utils import logging as hub_logging
from tiny_gguf import save_gguf
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
    return lambda url: use_hub(monkeypatch, url)


class Said(list):
    """What was reported: messages, percentages, and whether of the download."""

    def __call__(self, message, percent, *, is_download=False):
        self.append((message, percent, is_download))


def rises(said):
    """Whether no percentage falls, neither of the download nor of what follows."""
    return all(
        (percents := [each[1] for each in said if each[2] is is_download]) == sorted(percents)
        for is_download in (True, False)
    )


def test_a_model_is_downloaded_once(tmp_path, use):
    folder = save_family(FAMILIES[0], tmp_path / "served")
    (folder / "consolidated.safetensors").write_bytes(b"as large again")
    (folder / "pytorch_model.bin").write_bytes(b"a pickle")
    said = Said()
    with fake_hub(NAME, folder) as served:
        use(served.url)
        backend = open_backend(ModelChoice(NAME), said)
        backend.close()
        asked = list(served.asked)
        open_backend(ModelChoice(NAME)).close()
        assert served.asked == asked
    assert said[0] == (f"asking the hub for {NAME}", 0, True)
    assert said[1][0].startswith("downloading 0.0/")
    assert [percent for _, percent, is_download in said if is_download][-1] == 100
    assert rises(said)
    assert not any("consolidated" in path or ".bin" in path for path in asked)


def test_a_commit_is_pinned(tmp_path, use):
    with fake_hub(NAME, save_family(FAMILIES[0], tmp_path / "served")) as served:
        use(served.url)
        found = hub.fetch_model(f"{NAME}@{COMMIT}", ignore_progress)
    assert found.name == COMMIT
    assert hub.cached_model(f"{NAME}@{COMMIT}") == found
    assert hub.cached_model(NAME) is None


def test_a_revision_that_the_hub_does_not_have(tmp_path, use):
    with fake_hub(NAME, save_family(FAMILIES[0], tmp_path / "served")) as served:
        use(served.url)
        with pytest.raises(ModelError, match="no revision 'v9' of 'somebody/model'; check it"):
            hub.fetch_model(f"{NAME}@v9", ignore_progress)


@pytest.mark.parametrize("has_xet", [True, False])
def test_the_hub_s_newer_protocol_is_not_needed(tmp_path, use, monkeypatch, has_xet):
    """With and without the library for it, which knows no loopback hub."""
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", not has_xet)
    said = Said()
    with fake_hub(NAME, save_family(FAMILIES[0], tmp_path / "served")) as served:
        served.has_xet = True
        use(served.url)
        assert (hub.fetch_model(NAME, said) / "model.safetensors").is_file()
    assert said[-1][1:] == (100, True)


def test_terms_that_are_asked_for_with_the_files_only(tmp_path, use):
    with fake_hub(NAME, save_family(FAMILIES[0], tmp_path / "served")) as served:
        served.files_status, served.error_code = 401, "GatedRepo"
        use(served.url)
        with pytest.raises(ModelError, match=f"accept them at {served.url}/{NAME}, and log in"):
            hub.fetch_model(NAME, ignore_progress)


def test_a_model_of_pickles_is_not_downloaded(tmp_path, use):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"a pickle")
    with fake_hub(NAME, tmp_path) as served:
        use(served.url)
        with pytest.raises(ModelError, match="no weights in safetensors"):
            hub.fetch_model(NAME, ignore_progress)
        assert len(served.asked) == 1


def test_the_hub_is_asked_for_the_model_and_nothing_else(tmp_path, use, monkeypatch):
    monkeypatch.setattr(_detect_agent, "_registry", None)
    monkeypatch.setattr(constants, "AGENT_HARNESSES_PATH", str(tmp_path / "none.json"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_TELEMETRY", False)
    with fake_hub(NAME, save_family(FAMILIES[0], tmp_path / "served")) as served:
        use(served.url)
        hub.fetch_model(NAME, ignore_progress)
        assert [path for path in served.asked if NAME not in path] == ["/lfs/model.safetensors"]


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

        for asking in (one for one in threading.enumerate() if one.name == "assist-hub"):
            asking.join(5)
            assert not asking.is_alive()


def test_a_look_up_of_the_hubs_name_is_not_waited_for(use, monkeypatch):
    """Nothing bounds how long the system looks for a name; people wait for 5 s at most."""
    assert hub._TIMEOUT_SECONDS < 5
    monkeypatch.setattr(hub, "_TIMEOUT_SECONDS", 0.05)
    gone_on, ended = threading.Event(), threading.Event()

    def look_up(*_, **__):
        gone_on.wait(20)
        ended.set()
        raise OSError("no such host")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    use("http://hub.invalid")
    with pytest.raises(ModelError, match="cannot be reached"):
        hub.fetch_model(NAME, ignore_progress)
    assert not ended.is_set()
    gone_on.set()
    assert ended.wait(20)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_download_says_nothing_to_the_terminal_though_it_is_tried_again(
    tmp_path, use, monkeypatch, caplog
):
    folder = save_family(FAMILIES[0], tmp_path / "served")  # which shows bars of its own at times
    enable_progress_bars()
    hub_logging.set_verbosity_warning()
    monkeypatch.setattr(sys, "stderr", Terminal())
    logger = logging.getLogger("huggingface_hub")
    logger.addHandler(caplog.handler)
    try:
        with fake_hub(NAME, folder) as served:
            served.failures = 1
            use(served.url)
            hub.fetch_model(NAME, ignore_progress)
            assert not served.failures
    finally:
        logger.removeHandler(caplog.handler)
    assert caplog.records == []
    assert sys.stderr.getvalue() == ""


def test_offline_mode_is_named(monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match="HF_HUB_OFFLINE"):
        hub.fetch_model(NAME, ignore_progress)


@pytest.mark.parametrize("name", ["somebody/model.git", "some--body/model", "somebody/-model"])
def test_a_name_that_the_hub_does_not_allow_is_one_sentence(name):
    with pytest.raises(ModelError, match=f"'{name}' cannot be the name of a model"):
        open_backend(ModelChoice(name))


def test_garbage_is_collected_during_a_download(monkeypatch):
    collects = []

    def fetch(name, report):
        collects.append(gc.isenabled())
        raise ModelError("no such model")

    monkeypatch.setattr(hub, "fetch_model", fetch)
    with pytest.raises(ModelError, match="no such model"):
        open_backend(ModelChoice(NAME))
    assert collects == [True]


@pytest.fixture
def quantized(tmp_path):
    """A repository of GGUF files."""
    folder = tmp_path / "served"
    folder.mkdir()
    save_gguf("llama", folder / "tiny-Q8_0.gguf", gguf.GGMLQuantizationType.Q8_0)
    save_gguf("llama", folder / "tiny-F16.gguf", gguf.GGMLQuantizationType.F16)
    return folder


def test_the_file_of_a_quantization_is_downloaded_once_and_nothing_else(quantized, use):
    said = Said()
    with fake_hub(NAME, quantized) as served:
        use(served.url)
        choice = ModelChoice(f"{NAME}:q8_0", device="cpu")
        open_backend(choice, said).close()
        asked = list(served.asked)
        open_backend(choice).close()
        assert served.asked == asked
        assert hub.fetch_model(f"{NAME}:F16", ignore_progress).name == "tiny-F16.gguf"
    assert said[0] == (f"asking the hub for {NAME}:q8_0", 0, True)
    resolved = {path.rpartition("/")[2] for path in asked if "/resolve/" in path}
    assert resolved == {"tiny-Q8_0.gguf"}


def test_what_quantizations_there_are_is_said(quantized, use):
    with fake_hub(NAME, quantized) as served:
        use(served.url)
        with pytest.raises(ModelError, match="'somebody/model:Q4_K_M'; there is F16, Q8_0"):
            open_backend(ModelChoice(f"{NAME}:Q4_K_M"))
        with pytest.raises(ModelError, match=r"GGUF files only; add a quantization.* F16, Q8_0"):
            open_backend(ModelChoice(NAME))


def test_a_quantization_of_a_model_without_gguf_files(tmp_path, use):
    with fake_hub(NAME, save_family(FAMILIES[0], tmp_path / "served")) as served:
        use(served.url)
        with pytest.raises(ModelError, match="no GGUF files: leave the part after ':' out"):
            open_backend(ModelChoice(f"{NAME}:Q4_K_M"))


def test_a_hub_that_cannot_be_reached_for_a_quantization(use):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    use(url)
    with pytest.raises(ModelError, match="'somebody/model' cannot be looked up"):
        hub.fetch_model(f"{NAME}:Q4_K_M", ignore_progress)


def test_a_file_with_another_architecture_on_the_hub(quantized, use):
    content = (quantized / "tiny-F16.gguf").read_bytes()
    (quantized / "tiny-F16.gguf").write_bytes(content.replace(b"llama", b"lamma"))
    with fake_hub(NAME, quantized) as served:
        use(served.url)
        with pytest.raises(ModelError, match="architecture 'lamma'; supported are llama, "):
            open_backend(ModelChoice(f"{NAME}:F16", device="cpu"))
