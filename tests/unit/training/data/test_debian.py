import gzip

import pytest
from archives import debian_source

from assist_server.training.data.debian import (
    copyright_licence,
    copyright_rules,
    debian_documents,
    debian_pairs,
    licence_of,
    manual_parts,
    spdx_expression,
)
from assist_server.training.data.licences import is_permissive

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

RULES = """Files: *
Copyright: someone
License: Expat

Files: compat/* tools/?.c
Copyright: another
License: GPL-2+
 Text of it.

Files: compat/free.c
Copyright: x
License: GPL-2+ or BSD-3-clause

License: Expat
 Permission is hereby granted.
"""
FORM = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n"
CODE = "int add(int a, int b)\n{\n    return a + b;\n}\n"


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


@pytest.mark.parametrize(
    ("path", "licence"),
    [
        ("src/a.c", "MIT"),
        ("compat/deep/x.c", "GPL-2+"),
        ("tools/a.c", "GPL-2+"),
        ("tools/ab.c", "MIT"),
        ("compat/free.c", "GPL-2+ OR BSD-3-Clause"),
    ],
)
def test_the_last_paragraph_that_speaks_of_a_file_decides(path, licence):
    assert licence_of(path, copyright_rules(FORM + RULES)) == licence


@pytest.mark.parametrize(
    ("written", "expression", "permissive"),
    [
        ("Expat", "MIT", True),
        ("BSD-3-clause and Expat", "BSD-3-Clause AND MIT", True),
        ("GPL-2+ or Expat", "GPL-2+ OR MIT", True),
        ("GPL-2+ or Expat, and LGPL-2", "(GPL-2+ OR MIT) AND (LGPL-2)", False),
        ("GPL-2+ and Expat", "GPL-2+ AND MIT", False),
        ("Apache-2.0 with LLVM exception", "Apache-2.0 WITH LLVM-exception", True),
        ("GPL-3+ with Bison exception", "GPL-3+ WITH Bison-exception", False),
        ("", "", False),
        ("Expat GPL-2", "MIT GPL-2", False),
    ],
)
def test_licences_are_read_as_written(written, expression, permissive):
    assert spdx_expression(written) == expression
    assert is_permissive(expression) is permissive


def test_only_files_under_permissive_licences_are_taken(tmp_path):
    files = ("src/a.c", "compat/b.c", "compat/free.c", "tools/a.c", "x.py", "debian/c.c", "a.lua")
    description = debian_source(tmp_path, "thing", dict.fromkeys(files, CODE), RULES)
    found = {one.origin.path: one.origin for one in debian_documents(description, {})}
    assert sorted(found) == ["a.lua", "compat/free.c", "src/a.c"]
    origin = found["src/a.c"]
    assert (origin.distribution, origin.version) == ("debian:thing", "1.0-1")
    assert origin.licence == "MIT"


@pytest.mark.parametrize("rules", ["Files: *\nLicense: GPL-3+\n", "no rules"])
def test_a_package_without_a_permissive_part_is_refused(tmp_path, rules):
    refused = {}
    description = debian_source(tmp_path, "thing", {"a.c": CODE}, rules)
    assert not list(debian_documents(description, refused))
    assert list(refused) == ["debian:thing"]


def test_a_copyright_file_in_free_form_names_no_licence():
    assert not copyright_rules("This is MIT.\n\nFiles: *\nLicense: Expat\n")
