import gzip

import pytest

from assist_server.training.data.debian import copyright_licence, debian_pairs, manual_parts

STATUS = """Package: tool
Version: 1-2
Description: find things quickly
 It looks into many places at once, and tells where the things are that
 one was looking for.
 .
 It does so without being asked twice.

Package: other
Version: 1
Description: something else
 {long}
"""
PAGE = r"""
.TH TOOL 1
.SH NAME
tool \- find \fIthings\fP
.SH "DESCRIPTION"
The command
.B tool
looks for things \(aqeverywhere\(aq. It is as quick as a command of its kind can be.
.PP
It has no options.
.SH OPTIONS
None.
"""


@pytest.fixture
def root(tmp_path):
    for name, licence in (("tool", "Expat"), ("other", "GPL-2+")):
        folder = tmp_path / "usr/share/doc" / name
        folder.mkdir(parents=True)
        (folder / "copyright").write_text(f"Format: dep5\n\nFiles: *\nLicense: {licence}\n")
    info = tmp_path / "var/lib/dpkg/info"
    info.mkdir(parents=True)
    (info.parent / "status").write_text(STATUS.replace("{long}", "words " * 50))
    (info / "tool.list").write_text("/.\n/usr/share/man/man1/tool.1.gz\n/usr/bin/tool\n")
    page = tmp_path / "usr/share/man/man1/tool.1.gz"
    page.parent.mkdir(parents=True)
    page.write_bytes(gzip.compress(PAGE.encode()))
    return tmp_path


def test_only_permissive_packages_give_pairs(root):
    texts = {pair.origin.path: pair.text for pair in debian_pairs(root)}
    assert texts == {
        "descriptions/tool.txt": (
            "find things quickly\n\nIt looks into many places at once, and tells where the "
            "things are that\none was looking for.\n\nIt does so without being asked twice.\n"
        ),
        "manual/tool.1.gz": (
            "find things\n\nThe command\ntool\nlooks for things 'everywhere'. It is as quick as "
            "a command of its kind can be.\n\nIt has no options.\n"
        ),
    }


def test_another_system_gives_none(tmp_path):
    assert list(debian_pairs(tmp_path)) == []


def test_a_licence_in_prose_is_not_understood(tmp_path):
    (tmp_path / "copyright").write_text("This is free software, License: MIT\n")
    assert copyright_licence(tmp_path / "copyright") == ""


def test_a_page_without_a_description_is_no_pair():
    assert manual_parts(".SH NAME\ntool \\- find\n") is None
