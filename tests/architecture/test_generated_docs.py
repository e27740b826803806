import importlib.util
import json
import re
from pathlib import Path

import pytest
from platformdirs.macos import MacOS
from platformdirs.unix import Unix

from assist_server.config import Layer, merge_layers, read_project_layer, read_settings
from assist_server.settings import Settings, setting_fields

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "configuration.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"```toml\n# (\S+)\n(.*?)```", PAGE, flags=re.DOTALL))


@pytest.fixture(scope="module")
def generate():
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_pages_are_up_to_date(generate, capsys):
    status = generate.main(["--check"])
    assert (status, capsys.readouterr().out) == (0, "")


def test_a_stale_page_is_named_and_then_written(generate, tmp_path, capsys):
    page = tmp_path / "configuration.md"
    page.write_text("old", encoding="utf-8")
    assert generate.main(["--check"], tmp_path) == 1
    assert f"{page}: out of date" in capsys.readouterr().out
    assert page.read_text(encoding="utf-8") == "old"
    assert generate.main([], tmp_path) == 0
    assert generate.main(["--check"], tmp_path) == 0


def test_every_setting_has_a_row():
    assert re.findall(r"^\| `([a-z_.]+)` \|", PAGE, flags=re.MULTILINE) == list(setting_fields())


def test_the_users_file_lies_where_the_page_says(monkeypatch):
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    for system in (Unix, MacOS):
        folder = system("assist-server", appauthor=False).user_config_path
        assert f"`~/{(folder / 'config.toml').relative_to(Path.home()).as_posix()}`" in PAGE


def test_the_users_example_works(tmp_path, monkeypatch):
    monkeypatch.setattr("platformdirs.user_config_path", lambda *_, **__: tmp_path)
    (tmp_path / "config.toml").write_text(EXAMPLES["config.toml"], encoding="utf-8")
    settings, problems = read_settings(None)
    assert not problems
    assert settings.model == str(Path.home() / "models" / "my-coder")


@pytest.mark.parametrize("name", sorted(EXAMPLES.keys() - {"config.toml"}))
def test_the_projects_examples_work(name, tmp_path):
    (tmp_path / name).write_text(EXAMPLES[name], encoding="utf-8")
    layer, problems = read_project_layer(tmp_path)
    assert not problems
    settings, problems = merge_layers([layer])
    assert not problems
    assert settings != Settings()


def test_the_editors_example_works():
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, flags=re.DOTALL)
    settings, problems = merge_layers([Layer("initializationOptions", json.loads(example))])
    assert not problems
    assert settings != Settings()
