import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from assist_server.cli import file_replacement
from assist_server.cli.file_replacement import replace_file
from assist_server.cli.inputs import refuse_special
from assist_server.errors import InputError


@pytest.fixture
def file(tmp_path):
    (folder := tmp_path / "folder").mkdir()
    found = folder / "a.py"
    found.write_bytes(b"old\n")
    return found


def test_what_was_saved_meanwhile_stays(file):
    file.write_bytes(b"saved meanwhile\n")
    with pytest.raises(InputError, match="changed in the meantime"):
        replace_file(file, b"old\n", b"new\n")
    assert file.read_bytes() == b"saved meanwhile\n"
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("_", range(10))
def test_of_two_writers_one_is_refused(file, _):
    barrier = Barrier(2)

    def write(content: bytes) -> bool:
        barrier.wait()
        try:
            replace_file(file, b"old\n", content)
        except InputError as error:
            return "changed in the meantime" not in str(error)
        return True

    with ThreadPoolExecutor() as threads:
        done = list(threads.map(write, (b"one\n", b"two\n")))
    assert sorted(done) == [False, True]
    assert file.read_bytes() == (b"one\n", b"two\n")[done.index(True)]


def test_mode_and_attributes_stay(file):
    file.chmod(0o640)
    try:
        os.setxattr(file, "user.note", b"mine")
    except (AttributeError, OSError):
        pytest.skip("no extended attributes here")
    replace_file(file, b"old\n", b"new\n")
    assert file.read_bytes() == b"new\n"
    assert os.getxattr(file, "user.note") == b"mine"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser gives files away")
def test_the_owner_stays(file):
    os.chown(file, 12345, 23456)
    replace_file(file, b"old\n", b"new\n")
    assert (file.stat().st_uid, file.stat().st_gid) == (12345, 23456)


@pytest.mark.parametrize("missing", ["fchmod", "fchown", "setxattr"])
def test_what_cannot_be_kept_is_refused(file, missing, monkeypatch):
    def refused(*_):
        raise PermissionError(1, "Operation not permitted")

    try:
        os.setxattr(file, "user.note", b"mine")
        os.chown(file, 12345, -1)
    except (AttributeError, OSError):
        pytest.skip("no extended attributes here, or no right to give files away")
    monkeypatch.setattr(os, missing, refused)
    with pytest.raises(InputError, match="it is unchanged"):
        replace_file(file, b"old\n", b"new\n")
    assert file.read_bytes() == b"old\n"
    assert list(file.parent.iterdir()) == [file]


def test_hard_links_are_not_parted(file):
    other = file.with_name("b.py")
    other.hardlink_to(file)
    with pytest.raises(InputError, match=r"2 hard links"):
        replace_file(file, b"old\n", b"new\n")
    assert other.read_bytes() == file.read_bytes() == b"old\n"
    assert other.samefile(file)


def test_a_write_protected_file_stays(file):
    file.chmod(0o444)
    with pytest.raises(InputError, match="write-protected"):
        replace_file(file, b"old\n", b"new\n")
    assert file.read_bytes() == b"old\n"


def test_what_is_no_regular_file_is_refused(tmp_path):
    os.mkfifo(pipe := tmp_path / "pipe.py")
    for special in (pipe, tmp_path):
        with pytest.raises(InputError, match="not a regular file"):
            refuse_special(special)
    with pytest.raises(InputError, match="not a regular file"):
        replace_file(pipe, b"", b"")
    refuse_special(tmp_path / "missing.py")


@pytest.fixture
def windows(monkeypatch):
    """What Windows does not have is not there, and it replaces no file that is open."""
    monkeypatch.setattr(file_replacement, "fcntl", None)
    for name in ("fchown", "fchmod", "listxattr", "setxattr", "getxattr"):
        monkeypatch.delattr(os, name, raising=False)
    replace = file_replacement.Path.replace

    def replace_closed(source, target):
        opened = {one.resolve() for one in file_replacement.Path("/proc/self/fd").iterdir()}
        if target in opened:
            raise PermissionError(13, "Access is denied")
        return replace(source, target)

    monkeypatch.setattr(file_replacement.Path, "replace", replace_closed)


@pytest.mark.usefixtures("windows")
def test_without_what_windows_lacks(file):
    replace_file(file, b"old\n", b"new\n")
    assert file.read_bytes() == b"new\n"
    assert list(file.parent.iterdir()) == [file]
    with pytest.raises(InputError, match="changed in the meantime"):
        replace_file(file, b"old\n", b"newer\n")
    file.chmod(0o444)
    with pytest.raises(InputError, match="write-protected"):
        replace_file(file, b"new\n", b"newer\n")
    assert file.read_bytes() == b"new\n"


def test_the_module_loads_without_locks(file):
    code = (
        "import os, sys\n"
        "sys.modules['fcntl'] = None\n"
        "for name in ('fchown', 'fchmod', 'listxattr'):\n"
        "    delattr(os, name)\n"
        "from pathlib import Path\n"
        "from assist_server.cli.file_replacement import fcntl, replace_file\n"
        "assert fcntl is None\n"
        "replace_file(Path(sys.argv[1]), b'old\\n', b'new\\n')\n"
    )
    subprocess.run([sys.executable, "-c", code, str(file)], check=True)
    assert file.read_bytes() == b"new\n"
