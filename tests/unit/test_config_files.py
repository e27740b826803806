import os
from pathlib import Path

import pytest

from assist_server import config
from assist_server.config import (
    Layer,
    merge_layers,
    read_project_layer,
    read_settings,
    read_user_layer,
)
from assist_server.settings import Settings


@pytest.fixture
def user_folder(tmp_path, monkeypatch):
    folder = tmp_path / "user"
    folder.mkdir()
    monkeypatch.setattr(config.platformdirs, "user_config_path", lambda *_, **__: folder)
    return folder


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def read_settings_of_project(project):
    layer, problems = read_project_layer(project)
    settings, more = merge_layers([layer] if layer else [])
    return settings, problems + more


def test_without_files_there_are_no_layers(user_folder, project):
    assert read_user_layer() == (None, ())
    assert read_project_layer(project) == (None, ())
    assert read_settings(project) == (Settings(), ())
    assert read_settings(None) == (Settings(), ())


def test_files_and_overrides_in_their_order(user_folder, project):
    (user_folder / "config.toml").write_text(
        'model = "./coder"\ndevice = "cpu"\n[summary]\nmax_new_tokens = 1\nmax_prompt_tokens = 99\n'
    )
    (project / ".assist.toml").write_text('device = "cuda"\nsummary.max_new_tokens = 2\n')
    settings, problems = read_settings(project, [Layer("flags", {"device": "mps"})])
    assert not problems
    assert settings.model == str(user_folder / "coder")
    assert settings.device == "mps"
    assert settings.summary.max_new_tokens == 2
    assert settings.summary.max_prompt_tokens == 99


def test_the_table_in_pyproject(project):
    path = project / "pyproject.toml"
    path.write_text('[tool.other]\nx = 1\n[tool.assist-server]\ndevice = "cpu"\nmodel = "a/b"\n')
    layer, problems = read_project_layer(project)
    assert not problems
    settings, problems = merge_layers([layer])
    assert settings == Settings(device="cpu")
    assert [(problem.source, problem.key) for problem in problems] == [
        (f"{path} [tool.assist-server]", "model")
    ]


@pytest.mark.parametrize("text", ["", "tool = 5", "[tool.other]\nx = 1", "[project]\nname = 'x'"])
def test_a_pyproject_without_the_table(project, text):
    (project / "pyproject.toml").write_text(text)
    assert read_project_layer(project) == (None, ())


def test_the_projects_own_file_wins_over_pyproject(project):
    (project / ".assist.toml").write_text('device = "cpu"')
    (project / "pyproject.toml").write_text('[tool.assist-server]\ndtype = "float32"\n')
    settings, (problem,) = read_settings_of_project(project)
    assert settings == Settings(device="cpu")
    assert problem.source == str(project / "pyproject.toml")
    assert problem.message == (
        f"Move [tool.assist-server] to {project / '.assist.toml'}, which is used in its place."
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'device = "cpu"\ndtype = oops\n', "Invalid value (at line 2, column 9)"),
        (b'device = "cpu"\ndtype =', "Invalid value (at line 2, column 8)"),
        (b'device = "cpu"\n# \xff', "not UTF-8 (at line 2, column 3)"),
        (b"x = " + b"[" * 100_000, "nested too deeply"),
        (b"x = " + b"9" * 5000, "Exceeds the limit"),
    ],
)
def test_a_broken_file_is_ignored_and_its_place_told(project, content, reason):
    path = project / ".assist.toml"
    path.write_bytes(content)
    settings, (problem,) = read_settings_of_project(project)
    assert settings == Settings()
    assert (problem.source, problem.key) == (str(path), "")
    assert problem.message.startswith(f"Correct this file, it is ignored: {reason}")


def test_a_byte_order_mark_and_windows_line_ends_are_fine(user_folder):
    (user_folder / "config.toml").write_bytes(b'\xef\xbb\xbfdevice = "cpu"\r\ndtype = "auto"\r\n')
    assert read_settings(None) == (Settings(device="cpu"), ())


def test_a_folder_in_place_of_the_file(project):
    (project / ".assist.toml").mkdir()
    _, (problem,) = read_settings_of_project(project)
    assert problem.message == "Correct this file, it is ignored: not a regular file."


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_in_place_of_the_file_is_not_waited_for(project):
    os.mkfifo(project / ".assist.toml")
    _, (problem,) = read_settings_of_project(project)
    assert problem.message == "Correct this file, it is ignored: not a regular file."


def test_a_file_that_the_system_refuses_to_read(project, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    (project / ".assist.toml").write_text('device = "cpu"')
    monkeypatch.setattr(Path, "read_bytes", refuse)
    settings, (problem,) = read_settings_of_project(project)
    assert settings == Settings()
    assert problem.message == "Correct this file, it is ignored: Permission denied."
