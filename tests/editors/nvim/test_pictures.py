"""The pictures of the documentation can be made, and are small."""

import pytest

pictures = pytest.importorskip("pictures", exc_type=ImportError)  # needs Pillow and a font

MAX_BYTES = {"png": 100_000, "gif": 1_000_000}


def test_a_session_with_the_embedded_model_is_drawn_and_filmed(programs, tmp_path):
    program = programs("forky")
    pictures.write_pictures(program, tmp_path, "light")
    pictures.write_film(program, tmp_path / "nvim.gif")
    names = {file.name for file in tmp_path.iterdir()}
    assert names == {"nvim-completion-light.png", "nvim-summary-light.png", "nvim.gif"}
    for file in tmp_path.iterdir():
        assert 1000 < file.stat().st_size < MAX_BYTES[file.suffix[1:]]
