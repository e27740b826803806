from email.message import Message

import pytest

from assist_server.training.data.licences import is_permissive, licence_expression


def metadata(*fields):
    message = Message()
    for name, value in fields:
        message[name] = value
    return message


@pytest.mark.parametrize(
    ("fields", "expression"),
    [
        ([("License-Expression", "MIT OR Apache-2.0"), ("License", "GPL")], "MIT OR Apache-2.0"),
        ([("Classifier", "License :: OSI Approved :: MIT License")], "MIT"),
        ([("Classifier", "License :: OSI Approved"), ("License", "BSD")], "BSD-3-Clause"),
        ([("License", "The MIT License")], "MIT"),
        ([("License", "Apache License, Version 2.0")], "Apache-2.0"),
        ([("License", "isc")], "ISC"),
        ([("License", "ask my lawyer")], ""),
        ([], ""),
    ],
)
def test_licences_are_read_however_they_are_stated(fields, expression):
    assert licence_expression(metadata(*fields)) == expression


def test_all_classifiers_must_allow_it():
    both = licence_expression(
        metadata(
            ("Classifier", "License :: OSI Approved :: MIT License"),
            ("Classifier", "License :: OSI Approved :: GNU General Public License (GPL)"),
        )
    )
    assert both.startswith("MIT AND ")
    assert not is_permissive(both)


@pytest.mark.parametrize(
    "expression",
    ["MIT", "mit", "MIT OR GPL-3.0-only", "MIT AND (BSD-3-Clause OR GPL-2.0-only)",
     "Apache-2.0 WITH LLVM-exception AND MIT", "(MIT)"],
)  # fmt: skip
def test_permissive_licences_allow_training(expression):
    assert is_permissive(expression)


@pytest.mark.parametrize(
    "expression",
    ["", "GPL-3.0-only", "MIT AND GPL-2.0-only", "(MIT", "MIT)", "MIT OR", "LicenseRef-Mine",
     "MIT MIT", "GPL-2.0-only WITH Classpath-exception-2.0"],
)  # fmt: skip
def test_whatever_else_does_not(expression):
    assert not is_permissive(expression)
