import datetime as dt
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from assist_server import config
from assist_server.config import Layer, merge_layers
from assist_server.engine.backend import ModelChoice
from assist_server.settings import Settings, setting_fields


def merge_one(values, **layer):
    return merge_layers([Layer("test", values, **layer)])


def only_problem(values, **layer):
    settings, problems = merge_one(values, **layer)
    assert settings == Settings()
    (problem,) = problems
    return problem


def value_of(settings, key):
    value = settings
    for part in key.split("."):
        value = getattr(value, part)
    return value


# Definition


@pytest.mark.parametrize("key", setting_fields())
def test_every_setting_says_in_one_sentence_what_it_is(key):
    description = setting_fields()[key].description
    assert description.endswith(".")
    assert ". " not in description


@pytest.mark.parametrize("key", setting_fields())
def test_every_default_is_allowed(key):
    default = setting_fields()[key].default
    settings, problems = merge_one({key: default})
    assert not problems
    assert value_of(settings, key) == default


def test_settings_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        Settings().completion.enabled = False


def test_importing_the_settings_imports_neither_models_nor_protocol():
    code = "import sys, assist_server.config; print(sorted(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for module in ("torch", "transformers", "pygls", "lsprotocol", "tree_sitter"):
        assert f"'{module}'" not in run.stdout


# Layers


def test_no_layers_give_the_defaults():
    assert merge_layers([]) == (Settings(), ())


def test_a_later_layer_wins_key_by_key():
    settings, problems = merge_layers(
        [
            Layer("low", {"device": "cpu", "completion": {"max_new_tokens": 10, "menu": "never"}}),
            Layer("high", {"completion": {"max_new_tokens": 20}}),
        ]
    )
    assert not problems
    assert settings.device == "cpu"
    assert settings.completion.menu == "never"
    assert settings.completion.max_new_tokens == 20


def test_a_wrong_value_leaves_the_lower_layer_and_its_own_neighbours():
    settings, problems = merge_layers(
        [
            Layer("low", {"completion": {"max_new_tokens": 10}}),
            Layer("high", {"completion": {"max_new_tokens": 0, "menu": "never"}}),
        ]
    )
    assert settings.completion.max_new_tokens == 10
    assert settings.completion.menu == "never"
    assert [(problem.source, problem.key) for problem in problems] == [
        ("high", "completion.max_new_tokens")
    ]


@pytest.mark.parametrize(
    "values", [{"completion": {"menu": "never"}}, {"completion.menu": "never"}]
)
def test_keys_may_be_nested_or_dotted(values):
    settings, problems = merge_one(values)
    assert not problems
    assert settings.completion.menu == "never"


@pytest.mark.parametrize(
    "values", [None, {}, {"device": None}, {"completion": None}, {"completion": {"menu": None}}]
)
def test_null_means_unset(values):
    low = Layer("low", {"device": "cpu", "completion": {"menu": "never"}})
    alone = merge_layers([low])
    assert merge_layers([low, Layer("high", values)]) == alone


# Values


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("completion.enabled", "false", 'to true or false; it is the string "false".'),
        ("completion.enabled", 0, "to true or false; it is the whole number 0."),
        (
            "completion.max_new_tokens",
            "5",
            'to a whole number from 1 up to 1024; it is the string "5".',
        ),
        ("completion.max_new_tokens", 5.0, "from 1 up to 1024; it is the number 5.0."),
        ("completion.max_new_tokens", -5, "from 1 up to 1024; it is the whole number -5."),
        ("completion.max_new_tokens", True, "it is the Boolean true."),
        ("completion.max_new_tokens", 1025, "it is the whole number 1025."),
        (
            "completion.temperature",
            float("nan"),
            "to a number from 0 up to 2; it is the number NaN.",
        ),
        ("completion.temperature", True, "it is the Boolean true."),
        ("completion.top_p", 0, "to a number above 0 up to 1; it is the whole number 0."),
        ("device", "gpu", 'to one of "auto", "cuda", "mps", "cpu"; it is the string "gpu".'),
        ("device", ["cpu"], "it is a list."),
        ("model", "", 'to a string (not empty); it is the string "".'),
        ("model", {"name": "x"}, "it is a table."),
        ("log.file", dt.date(2020, 1, 1), "it is a value of another type."),
    ],
)
def test_a_wrong_value_is_described_with_what_is_allowed(key, value, message):
    problem = only_problem({key: value})
    assert problem.key == key
    assert problem.message.startswith(f"Set `{key}` to ")
    assert problem.message.endswith(message)


def test_a_whole_number_is_a_number():
    settings, problems = merge_one({"completion": {"temperature": 1}})
    assert not problems
    assert settings.completion.temperature == 1.0


@pytest.mark.parametrize(
    "value", ["secret " * 100, 1 << 20_000, -1 << 20_000], ids=["text", "huge", "negative"]
)
def test_long_values_are_not_repeated(value):
    message = only_problem({"completion.max_new_tokens": value}).message
    assert len(message) < 160
    assert message.endswith("....")


# Keys


@pytest.mark.parametrize(
    ("values", "nearest"),
    [
        ({"completion": {"maxNewTokens": 5}}, "completion.max_new_tokens"),
        ({"completion": {"max-new-tokens": 5}}, "completion.max_new_tokens"),
        ({"completion.maxNewTokensSingleLine": 5}, "completion.max_new_tokens_single_line"),
        ({"max_prompt_tokens": 512}, "completion.max_prompt_tokens"),
        ({"fimTemplate": "x"}, "fim_template"),
        ({"line_length": 80}, "documentation.line_length"),
        ({"modle": "x"}, "model"),
        ({"MODEL": "x"}, "model"),
        ({"documentation": {"line-length": 80}}, "documentation.line_length"),
        ({"completion": {"topP": 1}}, "completion.top_p"),
        ({"completion": {"modelWaitMs": 1}}, "completion.model_wait_ms"),
        ({"complete": {"menu": "never"}}, "completion"),
        ({"log": {"lvl": "info"}}, "log.level"),
        ({"log": {"line_length": 80}}, "documentation.line_length"),
    ],
)
def test_an_unknown_key_is_answered_with_the_nearest(values, nearest):
    problem = only_problem(values)
    assert problem.message == f"Write `{nearest}` for `{problem.key}`, which is not a setting."


def test_a_key_like_no_other_is_to_be_removed():
    assert only_problem({"zzz": 1}).message == "Remove `zzz`, which is not a setting."


def test_a_long_key_is_cut():
    assert len(only_problem({"k" * 10_000: 1}).message) < 160


def test_a_section_that_is_no_table():
    problem = only_problem({"completion": False})
    assert problem.key == "completion"
    assert problem.message == ("Make `completion` a table of settings; it is the Boolean false.")


@pytest.mark.parametrize("values", [[], "model", 3, True])
def test_a_layer_that_is_no_table(values):
    assert only_problem(values).message.startswith("Make this a table of settings; it is ")


# Paths


@pytest.mark.parametrize("model", ["embedded", "Qwen/Qwen2.5-Coder-0.5B", "local", "a/b:Q8_0"])
def test_a_models_name_stays_even_if_a_folder_is_called_so(tmp_path, model):
    (tmp_path / model).mkdir(parents=True)
    assert merge_one({"model": model}, folder=tmp_path)[0].model == model


def test_relative_paths_begin_at_the_layers_folder_and_stay_in_higher_layers(tmp_path):
    values = {"model": "./coder", "log": {"file": "server.log"}}
    settings, problems = merge_layers(
        [Layer("low", values, folder=tmp_path), Layer("high", {}, folder=tmp_path / "other")]
    )
    assert not problems
    assert settings.model == str(tmp_path / "coder")
    assert settings.log.file == str(tmp_path / "server.log")


def test_relative_paths_without_a_folder_begin_at_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert merge_one({"model": "./coder"})[0].model == str(Path.cwd() / "coder")


def test_the_home_folder_is_expanded(tmp_path):
    settings, _ = merge_one({"model": "~/coder"}, folder=tmp_path)
    assert settings.model == str(Path.home() / "coder")
    settings, _ = merge_one({"model": "~/models/coder.gguf"}, folder=tmp_path)
    assert settings.model == str(Path.home() / "models" / "coder.gguf")


def test_an_absolute_path_stays(tmp_path):
    path = str(tmp_path / "coder")
    assert merge_one({"model": path}, folder=tmp_path / "elsewhere")[0].model == path


# Projects


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("model", "a/b"),
        ("model", "./a.gguf"),
        ("model", "a/b:Q4_K_M"),
        ("log.file", "server.log"),
        ("log.include_source_text", True),
        ("remote.url", "http://127.0.0.1:8080"),
        ("text_model", "org/large"),
        ("remote.model", "coder"),
        ("remote.api", "openai"),
        ("remote.key_variable", "MY_KEY"),
        ("remote.key_in_keyring", True),
        ("remote.used_for", "text"),
        ("remote.timeout_ms", 1000),
        ("remote.allow_insecure", True),
    ],
)
def test_a_project_may_not_choose_what_is_loaded_or_logged(key, value):
    problem = only_problem({key: value}, is_project=True)
    expected = f"Move `{key}` to {config.user_file_path()}: a project may not decide it."
    assert (problem.key, problem.message) == (key, expected)
    assert merge_one({key: value})[0] != Settings()


def test_a_project_may_set_everything_else():
    free = {key for key, field in setting_fields().items() if config.is_settable_by_project(field)}
    assert set(setting_fields()) - free == {
        "model",
        "text_model",
        "idle_exit_minutes",
        "unload_after_minutes",
        "log.file",
        "log.include_source_text",
        *(key for key in setting_fields() if key.startswith("remote.")),
    }
    values = {key: setting_fields()[key].default for key in free}
    assert merge_one(values, is_project=True) == (Settings(), ())


# Which model does what


@pytest.mark.parametrize(
    ("used_for", "text_model", "completes", "does_text"),
    [
        ("everything", "", "server", "server"),
        ("everything", "org/large", "server", "org/large"),
        ("text", "", "embedded", "server"),
    ],
)
def test_a_server_is_used_for_everything_or_for_text(used_for, text_model, completes, does_text):
    remote = {"url": "http://localhost:1", "used_for": used_for, "key_variable": "MY_KEY"}
    settings, problems = merge_one({"remote": remote, "text_model": text_model})
    chosen = [ModelChoice.of(settings), ModelChoice.of(settings.for_text())]
    assert problems == ()
    assert ["server" if one.remote.url else one.model for one in chosen] == [completes, does_text]


def test_without_a_server_one_model_does_everything_whatever_it_would_be_used_for():
    settings, _ = merge_one({"remote": {"used_for": "text", "key_variable": "MY_KEY"}})
    assert ModelChoice.of(settings) == ModelChoice.of(settings.for_text())


def test_of_two_models_for_text_the_one_in_this_process_is_used_and_that_is_said():
    remote = {"url": "http://localhost:1", "used_for": "text"}
    layers = [Layer("low", {"text_model": "org/large"}), Layer("high", {"remote": remote})]
    settings, (problem,) = merge_layers(layers)
    chosen = [ModelChoice.of(settings), ModelChoice.of(settings.for_text())]
    assert [(one.model, one.remote.url) for one in chosen] == [("embedded", ""), ("org/large", "")]
    assert (problem.source, problem.key) == ("low", "text_model")
    assert "Remove `text_model`, and the server does summaries" in problem.message
    assert "`text_model` is used" in problem.message


# Anything at all

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10
)
TABLES = ["completion", "documentation", "summary", "log"]
NAMES = sorted({part for key in setting_fields() for part in key.split(".")})
LIKELY = st.dictionaries(
    st.sampled_from([*TABLES, *NAMES, *setting_fields()]) | st.text(),
    JSON | st.dictionaries(st.sampled_from(NAMES) | st.text(), JSON),
)


@given(st.lists(st.tuples(JSON | LIKELY, st.booleans()), max_size=4))
def test_no_json_raises_and_every_result_is_valid(values):
    layers = [Layer("any", value, Path("/x"), is_project=flag) for value, flag in values]
    settings, problems = merge_layers(layers)
    assert Settings.model_validate(settings.model_dump()) == settings
    assert all(problem.message.endswith(".") for problem in problems)


def test_a_deeply_nested_value_does_not_raise():
    value = {}
    for _ in range(100_000):
        value = {"completion": value}
    assert only_problem(value).key == "completion.completion"
    settings, problems = merge_one({"": value, "model": value})
    assert settings == Settings()
    assert [problem.key for problem in problems] == ["", "model"]


WORDS = st.sampled_from(["auto", "never", "cpu", "debug", "./x", "~", "~nobody/x", "a/b"])
PLAUSIBLE = WORDS | st.booleans() | st.integers(-1, 2000) | st.floats(-1, 3) | st.text()


@given(st.dictionaries(st.sampled_from(list(setting_fields())), PLAUSIBLE))
def test_settings_that_came_out_come_out_again(values):
    settings, _ = merge_one(values, folder=Path("/x"))
    as_json = json.loads(json.dumps(settings.model_dump()))
    assert merge_one(as_json) == (settings, ())


# Tables of names


def test_names_that_hold_dots_are_switched_on_and_off():
    rules = {"markdown": True, "*.md": False, "docs/a.b": True}
    for values in ({"completion": {"languages": rules}}, {"completion.languages": rules}):
        settings, problems = merge_one(values)
        assert (settings.completion.languages, problems) == (rules, ())


@pytest.mark.parametrize("rules", [{"*.md": "yes"}, ["python"], "python", {"a": 1}])
def test_a_table_of_names_with_anything_else_is_explained(rules):
    problem = only_problem({"completion": {"languages": rules}})
    assert problem.key == "completion.languages"
    assert "a table of names, each `true` or `false`" in problem.message
