import importlib.util
import json
import re
from pathlib import Path

import pytest
from platformdirs.macos import MacOS
from platformdirs.unix import Unix

from assist_server.config import Layer, merge_layers, read_project_layer, read_settings
from assist_server.settings import Settings, is_settable_by_project, setting_fields

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
MANIFEST = ROOT / "editors" / "vscode" / "package.json"
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


@pytest.fixture
def copies(generate, tmp_path):
    """A folder with a copy of every generated page."""
    for page in generate.PAGES:
        copy = tmp_path / page.path
        copy.parent.mkdir(parents=True)
        copy.write_bytes((ROOT / page.path).read_bytes())
    return tmp_path


def test_a_stale_page_is_named_and_then_written(generate, copies, capsys):
    page = copies / "docs" / "configuration.md"
    page.write_text("old", encoding="utf-8")
    assert generate.main(["--check"], copies) == 1
    assert capsys.readouterr().out == f"{page}: out of date\n"
    assert page.read_text(encoding="utf-8") == "old"
    assert generate.main([], copies) == 0
    assert generate.main(["--check"], copies) == 0


def test_a_setting_that_differs_in_vscode_is_found_and_mended(generate, copies):
    page = copies / "editors" / "vscode" / "package.json"
    original = page.read_text(encoding="utf-8")
    manifest = json.loads(original)
    manifest["contributes"]["configuration"][0]["properties"]["assist.device"]["enum"].pop()
    page.write_text(json.dumps(manifest, indent=2), encoding="utf-8")
    assert generate.main(["--check"], copies) == 1
    assert generate.main([], copies) == 0
    assert page.read_text(encoding="utf-8") == original


def test_vscode_offers_every_setting_and_protects_what_a_project_may_not_set():
    manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    tables = manifest["contributes"]["configuration"]
    offered = {key for table in tables for key in table["properties"]}
    own = {key for key in offered if key.startswith("assist.server.")}
    assert offered - own == {f"assist.{key}" for key in setting_fields()}
    restricted = manifest["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"]
    guarded = {
        f"assist.{key}"
        for key, field in setting_fields().items()
        if not is_settable_by_project(field)
    }
    assert set(restricted) == own | guarded
    assert {"assist.model", "assist.log.file", "assist.server.command"} <= set(restricted)


def test_no_workspace_says_where_the_text_and_the_key_go():
    tables = json.loads(MANIFEST.read_text(encoding="utf-8"))["contributes"]["configuration"]
    scopes = {key: each["scope"] for table in tables for key, each in table["properties"].items()}
    remote = {key: scope for key, scope in scopes.items() if key.startswith("assist.remote.")}
    assert set(remote.values()) == {"machine"}
    assert "assist.remote.key_variable" in remote
    assert scopes["assist.model"] == "machine-overridable"


def test_vscode_shows_what_matters_most_first():
    """Without an order of ours, its settings page sorts by name."""
    tables = json.loads(MANIFEST.read_text(encoding="utf-8"))["contributes"]["configuration"]
    by_order = sorted(tables, key=lambda table: table["order"])
    properties = [
        key
        for table in by_order
        for key, _ in sorted(table["properties"].items(), key=lambda item: item[1]["order"])
    ]
    before = [
        *("assist.model", "assist.device", "assist.fim_template", "assist.completion.enabled"),
        *("assist.completion.trigger", "assist.completion.min_confidence"),
        *("assist.completion.max_new_tokens", "assist.completion.prefix_share"),
        *("assist.documentation.style", "assist.summary.max_new_tokens", "assist.server.command"),
        "assist.log.level",
    ]
    assert [key for key in properties if key in before] == before
    assert len({table["order"] for table in tables}) == len(tables)


def test_vscode_knows_the_types_and_limits_of_settings():
    tables = json.loads(MANIFEST.read_text(encoding="utf-8"))["contributes"]["configuration"]
    properties = {key: value for table in tables for key, value in table["properties"].items()}
    share = properties["assist.completion.prefix_share"]
    assert (share["type"], share["minimum"], share["maximum"]) == ("number", 0, 1)
    assert properties["assist.completion.enabled"]["type"] == "boolean"
    assert "auto" in properties["assist.device"]["enum"]


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
