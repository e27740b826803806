import json
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
    summarized,
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
        f"Move [tool.assist-server] to {project / '.assist.toml'}, which is used instead."
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'device = "cpu"\ndtype = oops\n', "Invalid value (at line 2, column 9)"),
        (b'device = "cpu"\ndtype =', "Invalid value (at line 2, column 8)"),
        (b'device = "cpu"\n# \xff', "not UTF-8 (at line 2, column 3)"),
        (b"x = " + b"[" * 10_000, "nested too deeply"),
        (b"a" + b".a" * 30_000 + b" = 1", "nested too deeply (at line 1)"),
        (b'x = 1\n"a"' + b' . "a"' * 10_000 + b" = 1", "nested too deeply (at line 2)"),
        (b"[a" + b".a" * 30_000 + b"]", "nested too deeply (at line 1)"),
        (b"x = { a" + b".a" * 30_000 + b" = 1 }", "nested too deeply (at line 1)"),
        (b"# " + b"x" * 65_536, "longer than 64 KB"),
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


@pytest.mark.parametrize("unit", [b"a.", b'"a".', b"a . ", b"'a'\t.", b'"\\"".', b'".". '])
@pytest.mark.parametrize("line", [b"%sa = 1\n", b"[%sa]\n", b"x = {%sa = 1}\n"])
def test_no_file_of_the_allowed_length_takes_long(project, unit, line, monkeypatch):
    """What `tomllib` is given costs no more than a few names in a line do."""
    given = []
    monkeypatch.setattr(config.tomllib, "loads", lambda text: given.append(text) or {})
    for names in (50, 200, 2_000, 20_000):
        content = line % (unit * names)
        (project / ".assist.toml").write_bytes(content)
        read_project_layer(project)
    assert [len(text) for text in given] == [len(line % (unit * 50))]


@pytest.mark.parametrize(
    "text",
    [
        "description = '" + "One. Two words. " * 100 + "'\n",
        "known = [" + "'a.b.c', " * 100 + "]\n",
        "# " + "." * 1_000 + " 1.2.3, 4.5.6" * 100 + "\n",
        "\n".join(f"a{n}.b.c = 1.5" for n in range(300)) + "\n",
    ],
)
def test_dots_that_are_no_deep_keys_are_fine(project, text):
    (project / "pyproject.toml").write_text(text + '[tool.assist-server]\ndevice = "cpu"\n')
    assert read_settings_of_project(project) == (Settings(device="cpu"), ())


def test_a_long_pyproject_that_does_not_name_us_is_nobodys_concern(project):
    text = "[tool.other]\n" + "# more than enough\n" * 5_000
    (project / "pyproject.toml").write_text(text)
    assert read_project_layer(project) == (None, ())
    (project / "pyproject.toml").write_text("[tool.assist-server]\n" + text)
    _, (problem,) = read_project_layer(project)
    assert problem.message.endswith("longer than 64 KB.")


def test_many_wrong_keys_of_a_file_are_one_message(project):
    lines = (f"nothing_{number} = 1\n" for number in range(3_000))
    (project / ".assist.toml").write_text('device = "cpu"\n' + "".join(lines))
    settings, problems = read_settings_of_project(project)
    assert settings == Settings(device="cpu")
    assert len(problems) == 11
    assert problems[-1].message == "Correct 2990 more settings, which are invalid, too."
    (message,) = summarized(problems)
    assert message.startswith("Remove `nothing_0`, which is not a setting. Remove `nothing_1`")
    assert message.endswith(f"There are more problems. ({project / '.assist.toml'})")


def test_each_file_has_a_message_of_its_own(user_folder, project):
    (user_folder / "config.toml").write_text("zzz = 1\n")
    (project / ".assist.toml").write_text("yyy = 1\nxxx = 1\n")
    _, problems = read_settings(project)
    of_user, of_project = summarized(problems)
    assert of_user == f"Remove `zzz`, which is not a setting. ({user_folder / 'config.toml'})"
    removed = "Remove `yyy`, which is not a setting. Remove `xxx`, which is not a setting."
    assert of_project == f"{removed} ({project / '.assist.toml'})"


@pytest.mark.parametrize(
    "character", ["\x1b", "\x07", "\x7f", "\x9b", "\r", "\n", "\u202e", "\u2028", "\u200b"]
)
def test_control_characters_are_spelled_out(tmp_path, character):
    project = tmp_path / f"pro{character}ject"
    project.mkdir()
    key = json.dumps(f"ke{character}y")
    (project / ".assist.toml").write_text(f"{key} = 1\ndevice = {key}\nmodel = {key}\n")
    _, problems = read_settings_of_project(project)
    assert len(problems) == 3
    for problem in problems:
        assert all(map(str.isprintable, (problem.source, problem.key, problem.message)))
    assert ascii(character)[1:-1] in problems[0].key


def test_a_file_that_the_system_refuses_to_read(project, monkeypatch):
    def refuse(path, mode):
        raise PermissionError(13, "Permission denied", str(path))

    (project / ".assist.toml").write_text('device = "cpu"')
    monkeypatch.setattr(Path, "open", refuse)
    settings, (problem,) = read_settings_of_project(project)
    assert settings == Settings()
    assert problem.message == "Correct this file, it is ignored: Permission denied."
