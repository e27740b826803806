import pytest

from assist_server.engine.remote.address import read_address
from assist_server.errors import ModelError
from assist_server.settings import RemoteSettings


def read(url, environment=None, **others):
    return read_address(RemoteSettings(url=url, **others), environment or {})


@pytest.mark.parametrize(
    ("url", "base", "is_loopback"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080", True),
        ("http://localhost:8080/v1/", "http://localhost:8080", True),
        ("http://[::1]:8080", "http://[::1]:8080", True),
        ("https://Models.Example.org:443/Team/v1", "https://models.example.org/Team", False),
        ("http://LOCALHOST:80", "http://localhost", True),
        ("http://localhost:443", "http://localhost:443", True),
        ("https://models.example.org/team/v1", "https://models.example.org/team", False),
    ],
)
def test_addresses(url, base, is_loopback):
    address = read(url)
    assert (address.url, address.is_loopback) == (base, is_loopback)


@pytest.mark.parametrize(
    "url",
    [
        *("127.0.0.1:8080", "localhost:8080", "ftp://a", "http://", "http://a:99999", "http://a:0"),
        *("http://[::1", "https://a/?key=b", "unix:///run/a"),
        *("http://[::1]a", "http://[::1]a:8080", "http://localhost/\x01", "http://local\x7fhost"),
    ],
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(ModelError, match=r"remote\.url"):
        read(url)


@pytest.mark.parametrize(
    "host", ["192.168.0.7:8080", "gpu", "127.0.0.1.example.org", "gpu.localhost"]
)
def test_plain_http_to_another_machine_needs_a_setting(host):
    with pytest.raises(ModelError, match=r"remote\.allow_insecure"):
        read(f"http://{host}")
    assert read(f"http://{host}", allow_insecure=True).host == host


def test_a_password_in_the_address_is_refused_and_not_repeated():
    with pytest.raises(ModelError, match=r"remote\.key_variable") as refused:
        read("https://me:hunter2@example.org")
    assert "hunter2" not in str(refused.value)


def test_the_key_is_read_from_the_environment_and_not_shown():
    address = read("https://a.org", {"MY_KEY": " sk-123\n"}, key_variable="MY_KEY")
    assert address.key == "sk-123"
    assert "sk-123" not in repr(address)
    assert address.masked("no key sk-123 here") == "no key (key) here"


@pytest.mark.parametrize("value", [None, "", " ", "a\nb", "schl\u00fcssel"])
def test_a_key_that_cannot_be_used_is_an_error_that_names_the_setting(value):
    environment = {} if value is None else {"sk-123": value}
    with pytest.raises(ModelError, match=r"remote\.key_variable") as refused:
        read("https://a.org", environment, key_variable="sk-123")
    assert "schl" not in str(refused.value)
    assert "sk-123" not in str(refused.value)  # some paste the key itself
