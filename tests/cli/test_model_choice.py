"""Choosing a model: the list for this machine, and the setting in the user's file."""

import json
import tomllib

import pytest

from assist_server.config import read_user_layer, user_file_path

NAME = "Qwen/Qwen2.5-Coder-0.5B"


def test_models_are_rated_for_this_machine(run):
    listed = json.loads(run("models", "suggest", "--json").out)
    assert listed["machine"]["bandwidth"] > 1e8
    assert NAME in {row["name"] for row in listed["models"]}
    shown = run("models", "suggest")
    assert shown.code == 0
    assert all(row["name"] in shown.out for row in listed["models"])
    assert "assist-server models use NAME" in shown.out


def test_a_model_is_set_where_there_are_no_settings(run):
    result = run("models", "use", NAME)
    assert (result.code, str(user_file_path()) in result.out) == (0, True)
    assert f"assist-server models pull {NAME}" in result.out
    layer, problems = read_user_layer()
    assert (layer.values, problems) == ({"model": NAME}, ())


def test_everything_else_in_the_file_stays(run):
    path = user_file_path()
    path.parent.mkdir(parents=True)
    path.write_bytes(b'# mine\r\nmodel = "embedded"  # for now\r\n\r\n[log]\r\nlevel = "debug"\r\n')
    assert run("models", "use", NAME).code == 0
    expected = f'# mine\r\nmodel = "{NAME}"  # for now\r\n\r\n[log]\r\nlevel = "debug"\r\n'
    assert path.read_bytes() == expected.encode()


@pytest.mark.parametrize(
    ("content", "is_said"),
    [
        ('[remote]\nurl = "http://localhost:1"\n', True),
        ('remote.url = "http://localhost:1"\n', True),
        ('[remote]\nurl = ""\n', False),
        ("remote = 1\n", False),
    ],
)
def test_a_server_that_is_used_in_place_of_the_model_is_said(run, content, is_said):
    path = user_file_path()
    path.parent.mkdir(parents=True)
    path.write_text(content)
    result = run("models", "use", NAME)
    assert (result.code, "remote.url is set" in result.out) == (0, is_said)


def test_a_folder_is_set_with_its_whole_path(run, project):
    folder = project / "m"
    folder.mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (folder / name).touch()
    assert run("models", "use", "./m").code == 0
    assert tomllib.loads(user_file_path().read_text())["model"] == str(folder)


@pytest.mark.parametrize("name", ["", "nothing", "./nowhere", "a b/c", "\x1b[31m/b"])
def test_what_is_no_model_is_not_set(run, name):
    result = run("models", "use", name)
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert "\x1b" not in result.err
    assert not user_file_path().exists()


@pytest.mark.parametrize("content", [b"model = ", b'model = "a"\nmodel = "b"\n', b"\xff\xfe"])
def test_a_file_that_is_no_toml_is_left_as_it_is(run, content):
    path = user_file_path()
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    result = run("models", "use", NAME)
    assert (result.code, str(path) in result.err) == (2, True)
    assert path.read_bytes() == content
