"""Licences in the metadata of distributions, and the licences that allow training."""

import re
from collections.abc import Mapping
from importlib.metadata import PackageMetadata
from types import MappingProxyType

PERMISSIVE = frozenset({
    "0BSD", "AFL-3.0", "Apache-2.0", "BlueOak-1.0.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0",
    "CC0-1.0", "CNRI-Python", "curl", "HPND", "ISC", "MIT", "MIT-0", "MIT-CMU", "NCSA",
    "PostgreSQL", "PSF-2.0", "Python-2.0", "Python-2.0.1", "Unlicense", "X11", "Zlib", "ZPL-2.1",
})  # fmt: skip
"""SPDX ids of licences that require a notice at most."""

_CLASSIFIERS: Mapping[str, str] = MappingProxyType({
    "Academic Free License (AFL)": "AFL-3.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "Boost Software License 1.0 (BSL-1.0)": "BSL-1.0",
    "CC0 1.0 Universal (CC0 1.0) Public Domain Dedication": "CC0-1.0",
    "Historical Permission Notice and Disclaimer (HPND)": "HPND",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
    "University of Illinois/NCSA Open Source License": "NCSA",
    "Zope Public License": "ZPL-2.1",
    "zlib/libpng License": "Zlib",
})  # fmt: skip
_CLASSIFIER_START = "License :: "
_NO_LICENCE = {"OSI Approved"}

_SPELLINGS: Mapping[str, str] = MappingProxyType({
    "2-clause bsd": "BSD-2-Clause", "3-clause bsd": "BSD-3-Clause", "apache": "Apache-2.0",
    "apache 2": "Apache-2.0", "apache 2.0": "Apache-2.0", "apache-2": "Apache-2.0",
    "apache software": "Apache-2.0", "apache software license 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0", "apache license version 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0", "bsd": "BSD-3-Clause", "bsd-2": "BSD-2-Clause",
    "bsd 2-clause": "BSD-2-Clause", "bsd-3": "BSD-3-Clause", "bsd 3-clause": "BSD-3-Clause",
    "bsd3": "BSD-3-Clause", "expat": "MIT", "iscl": "ISC", "mit license (mit)": "MIT",
    "modified bsd": "BSD-3-Clause", "new bsd": "BSD-3-Clause", "psf": "PSF-2.0",
    "psfl": "PSF-2.0", "python software foundation": "PSF-2.0", "simplified bsd": "BSD-2-Clause",
})  # fmt: skip
"""Spellings in the field `License`, in lower case, without "the" before and "license" after."""

_SPDX_IDS = {licence.lower(): licence for licence in PERMISSIVE}


def licence_expression(metadata: PackageMetadata) -> str:
    """Return the licence as an SPDX expression; empty if it is missing or not understood.

    It is taken from `License-Expression`, or else the classifiers, or else a short `License`. A
    classifier that is not in the table of permissive ones is kept as it is.
    """
    expression = _field(metadata, "License-Expression")
    if expression:
        return expression
    classifiers = [
        text.removeprefix(_CLASSIFIER_START).rpartition(" :: ")[2]
        for text in metadata.get_all("Classifier") or ()
        if text.startswith(_CLASSIFIER_START)
    ]
    named = [text for text in classifiers if text not in _NO_LICENCE]
    if named:
        # Several classifiers may mean a choice or a combination; all must be permissive.
        return " AND ".join(dict.fromkeys(_CLASSIFIERS.get(text, text) for text in named))
    written = _field(metadata, "License").lower().rstrip(".")
    key = re.sub(r"^the |[ -]licen[sc]e$", "", written)
    return _SPELLINGS.get(key) or _SPDX_IDS.get(key, "")


def _field(metadata: PackageMetadata, name: str) -> str:
    return str(next(iter(metadata.get_all(name) or ()), "")).strip()


def is_permissive(expression: str) -> bool:
    """Return whether code under an SPDX expression may be used for training.

    For `A OR B` one is enough, for `A AND B` all are needed; unknown licences are not permissive.
    """
    tokens = re.findall(r"\(|\)|[^\s()]+", expression)
    try:
        allowed = _any_of(tokens)
    except ValueError:
        return False
    return allowed and not tokens


def _any_of(tokens: list[str]) -> bool:
    allowed = _all_of(tokens)
    while tokens and tokens[0].upper() == "OR":
        del tokens[0]
        other = _all_of(tokens)
        allowed = allowed or other
    return allowed


def _all_of(tokens: list[str]) -> bool:
    allowed = _one(tokens)
    while tokens and tokens[0].upper() == "AND":
        del tokens[0]
        other = _one(tokens)
        allowed = allowed and other
    return allowed


def _one(tokens: list[str]) -> bool:
    if not tokens:
        raise ValueError("an expression ends too soon")
    token = tokens.pop(0)
    if token != "(":  # noqa: S105 - a bracket is not a password
        # `X WITH exception` allows more than X does.
        if tokens[:1] and tokens[0].upper() == "WITH":
            del tokens[:2]
        return token.lower() in _SPDX_IDS
    allowed = _any_of(tokens)
    if not tokens or tokens.pop(0) != ")":
        raise ValueError("a bracket is not closed")
    return allowed
