import pytest

from assist_server.engine.backend import ModelChoice, host_of
from assist_server.settings import RemoteSettings, Settings


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://127.0.0.1:8080/v1", "127.0.0.1:8080"),
        ("https://me:secret@example.org", "example.org"),
        ("gpu:8080", "gpu:8080"),
        ("", ""),
    ],
)
def test_the_host_of_an_address_has_no_password(url, host):
    assert host_of(url) == host


def test_the_settings_of_a_server_are_part_of_the_choice():
    remote = RemoteSettings(url="http://127.0.0.1:8080", model="coder")
    choice = ModelChoice.of(Settings(remote=remote))
    assert choice.label == "coder at 127.0.0.1:8080"
    assert choice != ModelChoice.of(Settings())
    assert ModelChoice.of(Settings()).label == "embedded"
