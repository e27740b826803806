import hashlib

import pytest
from distributions import install
from hypothesis import given
from hypothesis import strategies as st

from assist_server.training.data.split import (
    FRESH,
    HELD_OUT,
    family_of,
    installed_sources,
    is_always_held_out,
    is_fresh,
    normalise,
    split_of,
)

names = st.from_regex(r"[A-Za-z][A-Za-z0-9._-]{0,12}[A-Za-z0-9]", fullmatch=True)


@given(names, st.sampled_from("-_."))
def test_the_spelling_of_a_name_does_not_decide(name, mark):
    assert split_of(name.upper().replace("-", mark)) == split_of(name.replace("_", "-"))


@given(names)
def test_what_shares_code_is_never_divided(name):
    for companion in (f"types-{name}", f"{normalise(name)}-stubs"):
        assert split_of(companion) == split_of(family_of(name))


def test_the_hash_is_the_documented_one():
    parts = {0: "test", 1: "validation"}
    for number in range(300):
        name = f"package{number}"
        digest = int(hashlib.sha256(f"split-v1:{name}".encode()).hexdigest(), 16)
        assert split_of(name) == parts.get(digest % 40, "train")
    assert {split_of(f"package{number}") for number in range(300)} == {
        "train",
        "validation",
        "test",
    }


@pytest.mark.parametrize(
    "name",
    [
        *("flask", "click", "httpx", "textual", "requests", "tornado", "peewee", "jinja2", "rich"),
        *("Flask-Login", "rich_click", "httpx2", "httpcore", "types-requests", "niquests"),
    ],
)
def test_what_the_first_model_never_saw_stays_held_out(name):
    assert family_of(name) in HELD_OUT
    assert split_of(name) != "train"


def test_sources_of_a_folder_are_listed_with_their_facts(tmp_path):
    install(tmp_path, "Some_Package", {"some/b.py": "b = 1\n", "some/a.py": "a = 1\n"})
    install(tmp_path, "other", {"other.py": "", "data.json": "{}"}, licence="")
    found = list(installed_sources([tmp_path]))
    assert [(one.distribution, one.path, one.licence) for one in found] == [
        ("other", "other.py", ""),
        ("some-package", "some/a.py", "MIT"),
        ("some-package", "some/b.py", "MIT"),
    ]
    assert found[1].sha256 == hashlib.sha256(b"a = 1\n").hexdigest()
    assert found[1].version == "1.0"


def test_this_environment_has_sources():
    assert any(source.distribution == "pytest" for source in installed_sources())


# Other indexes, and what was published lately


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("npm:express", "npm:express"),
        ("npm:@babel/core", "npm:babel"),
        ("npm:babel", "npm:babel"),
        ("npm:@types/node", "npm:node"),
        ("npm:d3-array", "npm:d3"),
        ("debian:tomcat10", "debian:tomcat"),
        ("debian:libpdfbox2-java", "debian:libpdfbox-java"),
        ("debian:lua5.4", "debian:lua"),
        ("debian:rust-serde", "debian:rust-serde"),
    ],
)
def test_packages_of_other_indexes_have_families_too(name, family):
    assert family_of(name) == family


def test_the_same_name_elsewhere_is_another_project():
    assert split_of("flask") == "test"
    assert family_of("npm:flask") != family_of("flask")


@pytest.mark.parametrize("name", FRESH)
def test_what_was_published_lately_is_for_testing(name):
    assert split_of(name) == "test"
    assert is_fresh(name)
    assert is_always_held_out(name)


def test_a_fresh_name_is_told_in_any_spelling_but_not_in_another_index():
    assert is_fresh("Strands_Agents")
    assert not is_fresh("npm:strands-agents")
    assert not is_fresh("ripple")


def test_what_shares_code_with_the_second_test_set_does_not_train():
    assert split_of("npm:@herb-tools/other") == "test"
    assert not is_fresh("npm:@herb-tools/other")


@pytest.mark.parametrize("name", FRESH)
def test_the_second_test_set_takes_no_older_project_out_of_the_training(name):
    older = {"google-auth", "fastapi", "django", "npm:@tanstack/query-core", "npm:eslint"}
    assert family_of(name) not in set(map(family_of, older))
