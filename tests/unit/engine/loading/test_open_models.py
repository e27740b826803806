"""The table of open models, and what they would take on machines of several sizes."""

import pytest

from assist_server.engine.loading.locate import locate_model
from assist_server.engine.loading.open_models import Fit, Machine, OpenModel, open_models, rate

GB = 1_000_000_000


def model(millions, architecture="qwen2"):
    return OpenModel("a/b", "MIT", architecture, millions, 4096, ("completion",))


def test_every_row_is_a_hub_id_with_a_task():
    rows = open_models()
    assert 8 <= len(rows) <= 12
    sizes = [row.parameters_millions for row in rows]
    assert sizes == sorted(sizes)
    for row in rows:
        assert locate_model(row.name) == row.name
        assert set(row.tasks) <= {"completion", "text"}
        assert row.tasks
        assert row.licence
        assert row.context_tokens >= 4096


@pytest.mark.parametrize(
    ("millions", "available_gb", "bandwidth_gb", "fit"),
    [
        (500, 8, 20, Fit.FITS),  # 2.0 GB while loading, 50 ms for a token
        (500, 2.5, 20, Fit.TIGHT),
        (500, 1, 20, Fit.NO),
        (500, 8, 4, Fit.SLOW),  # 250 ms for a token, 2.5 s for a line
        (7600, 20, 1000, Fit.TIGHT),
        (7600, 9, 1000, Fit.TIGHT),  # in int4
    ],
)
def test_fit(millions, available_gb, bandwidth_gb, fit):
    machine = Machine("cpu", available_gb * GB, bandwidth_gb * GB)
    assert rate(model(millions), machine).fit is fit


@pytest.mark.parametrize(
    ("architecture", "available_gb", "dtype"),
    [("qwen2", 20, "float16"), ("qwen2", 12, "int8"), ("qwen2", 8, "int4"), ("qwen2", 1, "int4"),
     ("starcoder2", 40, "float32"), ("starcoder2", 16, "int8"), ("starcoder2", 12, "int4")],
)  # fmt: skip
def test_the_format_is_the_widest_that_leaves_a_fifth_of_the_memory(
    architecture, available_gb, dtype
):
    machine = Machine("cpu", available_gb * GB, GB)
    assert rate(model(7600, architecture), machine).dtype == dtype


def test_a_token_reads_all_weights_once():
    assert rate(model(1000), Machine("cpu", 99 * GB, 10 * GB)).token_ms == pytest.approx(200)
    assert rate(model(1000, "gemma"), Machine("cpu", 99 * GB, 10 * GB)).token_ms == 400
    assert rate(model(1000, "gemma"), Machine("cuda", 99 * GB, 1000 * GB)).token_ms == 2


def test_loading_takes_no_less_than_what_is_kept():
    for device in ("cpu", "cuda"):
        for row in open_models():
            rating = rate(row, Machine(device, GB, GB))
            assert rating.loading_bytes >= rating.loaded_bytes > row.parameters_millions * 7e5
