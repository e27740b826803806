from collections import Counter

import pytest

from assist_server.training.data.corpus import SHARES, within_shares
from assist_server.training.data.documents import document_of, language_of

SIZE = 1_000


def file(number, path="a.py", distribution="d", kind="code"):
    text = f"{number:06}\n".ljust(SIZE, "x")
    return document_of(f"{distribution}{number % 50}", "1", "MIT", path, text.encode(), kind)


def trained(documents):
    sizes = Counter()
    for one in documents:
        if one.origin.split == "train" and one.origin.kind == "code":
            sizes[language_of(one.origin.path)] += one.origin.bytes
    return sizes


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("a/b.py", "python"), ("a.tsx", "typescript"), ("a.mjs", "javascript"), ("a.h", "c"),
        ("a.SH", "shell"), ("README.md", "markdown"), ("x.yml", "yaml"), ("x.txt", None),
        ("Makefile", None),
    ],
)  # fmt: skip
def test_the_ending_says_the_language(path, language):
    assert language_of(path) == language


def test_the_shares_are_those_of_one_whole():
    assert sum(SHARES.values()) == pytest.approx(1)


def test_no_language_has_more_than_its_share_beside_python():
    documents = [file(n) for n in range(600)]
    documents += [file(n, f"{n}.ts", "t") for n in range(1_000)]
    documents += [file(n, f"{n}.c", "c") for n in range(1_000)]
    sizes = trained(within_shares(documents))
    python = trained(documents)["python"]
    assert sizes["python"] == python
    for language in ("typescript", "c"):
        allowed = python / SHARES["python"] * SHARES[language]
        assert allowed - 2 * SIZE < sizes[language] <= allowed


def test_a_bound_holds_for_all_together():
    documents = [file(n) for n in range(600)] + [file(n, f"{n}.ts", "t") for n in range(600)]
    sizes = trained(within_shares(documents, 200 * SIZE))
    assert 90 * SIZE < sizes["python"] <= 100 * SIZE
    assert 20 * SIZE < sizes["typescript"] <= 22 * SIZE


def test_without_python_nothing_is_cut_by_it():
    documents = [file(n, f"{n}.go", "g") for n in range(100)]
    assert within_shares(documents) == documents


def test_what_is_always_held_out_and_pairs_are_kept():
    kept = [document_of("flask", "1", "MIT", "a.py", b"x = 1\n" * 9_000, "code")]
    kept += [file(n, f"{n}.md", "p", kind="pair") for n in range(50)]
    documents = [*kept, *(file(n) for n in range(20))]
    found = within_shares(documents, 3 * SIZE)
    assert [one for one in found if one in kept] == kept
    assert trained(found)["python"] <= 2 * SIZE


def test_the_choice_does_not_hang_on_the_order():
    documents = [file(n, f"{n}.py") for n in range(300)]
    there = {one.origin.sha256 for one in within_shares(documents, 100 * SIZE)}
    back = {one.origin.sha256 for one in within_shares(documents[::-1], 100 * SIZE)}
    assert there == back
