import pytest
from archives import debian_source

from assist_server.training.data.debian import spdx_expression
from assist_server.training.data.debian_sources import copyright_rules, debian_documents, licence_of
from assist_server.training.data.licences import is_permissive

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
