"""Which windows share a server, and with whom it is not shared."""

import os

import pytest

from assist_server.errors import InputError
from assist_server.lsp.relay import shared_server
from assist_server.lsp.relay.shared_server import SharedServer

WINDOW = {"HOME": "/home/a", "XDG_RUNTIME_DIR": "/run/user/1", "TERM": "xterm", "PWD": "/a"}


@pytest.mark.parametrize(
    "other",
    [
        {"PWD": "/b"},
        {"DATABASE_URL": "secret"},
        {"XDG_ACTIVATION_TOKEN": "window-2"},
        {"KITTY_PUBLIC_KEY": "window-2"},
        {"ZELLIJ_PANE_ID": "2"},
    ],
)
def test_windows_share_a_server_that_has_nothing_of_them(other):
    server = SharedServer.of(WINDOW | other)
    assert server == SharedServer.of(WINDOW)
    assert not {"TERM", *other} & set(server.environment)


@pytest.mark.parametrize(
    "other",
    [
        {"HOME": "/home/b"},
        {"XDG_CONFIG_HOME": "/settings"},
        {"HF_HOME": "/models"},
        {"https_proxy": "http://proxy"},
        {"MY_API_KEY": "one"},
        {"CUDA_VISIBLE_DEVICES": ""},
        {"HSA_OVERRIDE_GFX_VERSION": "10.3.0"},
        {"NIX_LD_LIBRARY_PATH": "/nix/lib"},
        {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/run/user/1/bus"},
    ],
)
def test_windows_with_other_variables_for_the_server_have_another_one(other):
    server = SharedServer.of(WINDOW | other)
    assert server.path != SharedServer.of(WINDOW).path
    assert other.items() <= server.environment.items()


def test_another_version_or_interpreter_has_another_server(monkeypatch):
    paths = {SharedServer.of(WINDOW).path, SharedServer.of(WINDOW, ("python3", "serve")).path}
    monkeypatch.setattr(shared_server, "__version__", "9.9")
    paths.add(SharedServer.of(WINDOW).path)
    monkeypatch.setattr("sys.path", ["/elsewhere"])
    paths.add(SharedServer.of(WINDOW).path)
    assert len(paths) == 4


def test_no_other_user_s_folder_or_socket_is_used(tmp_path, monkeypatch):
    server = SharedServer(tmp_path / "own" / "name.sock", {})
    server.path.parent.mkdir(mode=0o700)
    server.path.touch()
    own_id = os.getuid()
    for path in (server.path, server.path.parent):
        found = os.lstat(path)
        monkeypatch.setattr(
            type(path),
            "lstat",
            lambda self, path=path, found=found: (
                os.stat_result([*found[:4], own_id + 1, *found[5:]])
                if self == path
                else os.lstat(self)
            ),
        )
        with pytest.raises(InputError, match=r"another user|other users"):
            server.join()
        monkeypatch.undo()
    server.path.parent.chmod(0o755)
    with pytest.raises(InputError, match="chmod 700"):
        server.join()


def test_where_there_is_no_runtime_folder_the_name_has_the_user(monkeypatch):
    server = SharedServer.of({"TMPDIR": "/scratch"})
    assert server.path.parent.as_posix() == f"/scratch/assist-server-{os.getuid()}"
