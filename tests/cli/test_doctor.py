import json
from importlib.metadata import version

import pytest
from fake_model_server import fake_model_server
from huggingface_hub import constants

from assist_server import __version__
from assist_server.cli import doctor
from assist_server.engine.backend import NullBackend
from assist_server.prompts.fim import TEMPLATES

PIPES = {"<|fim_prefix|>": 300, "<|fim_suffix|>": 301, "<|fim_middle|>": 302}


@pytest.fixture
def healthy(answers, monkeypatch):
    """A model that has no fault."""
    backend = answers("a + b")
    backend.special_ids = PIPES
    monkeypatch.setattr(doctor, "open_model", lambda _: backend)
    return backend


def checks(result):
    return {check["name"]: (check["verdict"], check["detail"]) for check in json.loads(result.out)}


def test_all_is_well(run, healthy):
    result = run("doctor", "--json")
    assert result.code == 0
    found = checks(result)
    assert {verdict for verdict, _ in found.values()} == {"ok"}
    assert found["assist-server"] == ("ok", __version__)
    assert found["torch"] == ("ok", version("torch"))
    assert found["infilling"] == ("ok", "qwen2.5-coder")
    assert found["model"][1].startswith("null: ")
    assert found["completion"][1].startswith("5 tokens in ")


def test_the_page_for_people_holds_the_same(run, healthy):
    names = checks(run("doctor", "--json")).keys()
    lines = run("doctor").out.splitlines()
    assert [line.split()[:2] for line in lines] == [["ok", f"{name}:"] for name in names]


def test_a_broken_model_is_an_error(run):
    result = run("doctor", "--json", "--model", "/no/such/model")
    assert result.code == 1
    verdict, advice = checks(result)["model"]
    assert verdict == "error"
    assert "set `model` to" in advice


def test_a_template_that_does_not_fit_is_an_error(run, healthy, project):
    (project / ".assist.toml").write_text('fim_template = "starcoder"\n')
    result = run("doctor", "--json")
    assert result.code == 1
    assert checks(result)["completion"][0] == "error"


def test_a_missing_package_is_an_error(run, healthy, monkeypatch):
    monkeypatch.setattr(doctor, "_PACKAGES", ("no-such-package",))
    result = run("doctor", "--json")
    assert result.code == 1
    assert checks(result)["no-such-package"][0] == "error"


def test_a_mistake_in_the_settings_is_a_warning(run, healthy, project):
    (project / ".assist.toml").write_text("modle = 1\n")
    result = run("doctor", "--json")
    verdict, advice = checks(result)["settings"]
    assert (result.code, verdict) == (0, "warning")
    assert "`model`" in advice
    assert str(project) in advice


def test_models_lists_the_embedded_model_the_cache_and_the_formats(run, tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    cached = tmp_path / "models--some--coder" / "snapshots" / "0123abcd"
    cached.mkdir(parents=True)
    refs = cached.parents[1] / "refs"
    refs.mkdir()
    (refs / "main").write_text("0123abcd")
    for name in ("config.json", "tokenizer.json"):
        (cached / name).touch()
    (cached / "model.safetensors").write_bytes(bytes(2_000_000))
    (tmp_path / "models--no--weights" / "snapshots" / "0").mkdir(parents=True)
    quantized = tmp_path / "models--other--coder-GGUF" / "snapshots" / "0"
    quantized.mkdir(parents=True)
    for name in ("c-Q4_K_M.gguf", "mmproj-F16.gguf", "c-Q8_0-00001-of-00002.gguf", "c.gguf"):
        (quantized / name).write_bytes(bytes(3_000_000))
    answer = json.loads(run("models", "--json").out)
    embedded, other, found = answer["models"]
    assert (embedded["model"], embedded["megabytes"] > 1) == ("embedded", True)
    assert (found["model"], found["megabytes"]) == ("some/coder", 2.0)
    assert (found["commit"], found["is_whole"]) == ("0123abcd", True)
    assert (other["model"], other["megabytes"]) == ("other/coder-GGUF:Q4_K_M@0", 3.0)
    assert answer["fim_templates"] == [one.family for one in TEMPLATES] + ["left-to-right"]


def test_a_name_in_the_cache_is_not_obeyed_by_a_terminal(run, tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    cached = tmp_path / "models--some--\x1b[2J" / "snapshots" / "0"
    cached.mkdir(parents=True)
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (cached / name).write_bytes(b"")
    shown = run("models").out
    assert r"some/\x1b[2J" in shown
    assert "\x1b" not in shown


def test_what_a_check_found_is_not_obeyed_by_a_terminal(capsys):
    doctor._print([doctor.Check("model", doctor.Verdict.OK, "m\x1b[2J")])
    assert capsys.readouterr().out.endswith("m\\x1b[2J\n")


def test_models_for_people(run, tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    result = run("models")
    assert result.code == 0
    assert "embedded" in result.out
    assert "starcoder2" in result.out


def test_version(run):
    assert run("--version").out == f"{__version__}\n"


def test_a_model_is_written_to_a_folder_of_its_own(run, tmp_path):
    exported = run("models", "export", tmp_path / "plain")
    assert exported.code == 0, exported.err
    assert exported.out == f"to use it, set: model = {str(tmp_path / 'plain')!r}\n"
    assert (tmp_path / "plain" / "model.safetensors").exists()
    again = run("models", "export", tmp_path / "plain")
    assert again.code != 0
    assert "is not an empty folder; choose another one" in again.err


def test_a_model_on_a_server_is_named_with_its_host_and_without_the_key(run, monkeypatch, project):
    monkeypatch.setenv("MY_KEY", "sk-123")
    with fake_model_server("openai", "a + b") as server:
        server.key = "sk-123"
        config = project.parent / "config" / "assist-server" / "config.toml"
        config.parent.mkdir(parents=True)
        config.write_text(f'[remote]\nurl = "{server.url}"\nkey_variable = "MY_KEY"\n')
        result = run("doctor", "--json")
        assert f"connected to 127.0.0.1:{server.port}" in checks(result)["model"][1]
        assert checks(result)["infilling"] == ("ok", "server")
        server.key = "sk-456"
        refused = run("doctor", "--json")
        assert "remote.key_variable" in checks(refused)["model"][1]
        assert (result.code, refused.code) == (0, 1)
        assert "sk-" not in result.out + result.err + refused.out + refused.err


def test_a_server_for_text_is_named_beside_the_model_that_completes(run, monkeypatch, project):
    open_model = doctor.open_model
    local = NullBackend(answer="a + b", special_ids=PIPES)
    monkeypatch.setattr(
        doctor,
        "open_model",
        lambda each: local if each.remote.used_for == "text" else open_model(each),
    )
    config = project.parent / "config" / "assist-server" / "config.toml"
    config.parent.mkdir(parents=True)
    with fake_model_server("openai") as server:
        config.write_text(f'[remote]\nurl = "{server.url}"\nused_for = "text"\n')
        found = checks(run("doctor", "--json"))
        assert found["model"][1].startswith("null: ")
        assert f"connected to 127.0.0.1:{server.port}" in found["text model"][1]
    verdict, advice = checks(run("doctor", "--json"))["text model"]
    assert verdict == "error"
    assert f"no server answers at 127.0.0.1:{server.port}" in advice


def test_a_model_that_is_named_on_the_command_line_is_used_in_place_of_a_server(
    run, monkeypatch, project
):
    asked = []

    def open_model(settings):
        asked.append(settings)
        return NullBackend()

    monkeypatch.setattr(doctor, "open_model", open_model)
    config = project.parent / "config" / "assist-server" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[remote]\nurl = "http://127.0.0.1:1"\n')
    run("doctor", "--model", "embedded")
    run("doctor")
    assert [settings.remote.url for settings in asked] == ["", "http://127.0.0.1:1"]
