import json
from pathlib import Path

import pytest

import assist_server
from assist_server.engine.transformers_backend import named_languages


@pytest.mark.parametrize(
    ("value", "languages"),
    [
        (["python", "lua"], ("python", "lua")),
        ([], ()),
        (None, None),
        ("python", None),
        ({"python": True}, None),
        (["python", 3], None),
    ],
)
def test_a_list_of_ids_names_languages_and_nothing_else_does(value, languages):
    assert named_languages(value) == languages


def test_the_embedded_model_names_its_languages():
    config = Path(assist_server.__file__).parent / "embedded" / "config.json"
    named = named_languages(json.loads(config.read_text(encoding="utf-8"))["languages"])
    assert "python" in named
