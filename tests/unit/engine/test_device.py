import pytest

from assist_server.engine.device import DeviceFacts, plan_device

NOTHING = DeviceFacts()
CUDA = DeviceFacts(has_cuda=True, cuda_has_bfloat16=True)
OLD_CUDA = DeviceFacts(has_cuda=True)
MPS = DeviceFacts(has_mps=True)


@pytest.mark.parametrize(
    ("facts", "device", "dtype", "expected"),
    [
        (NOTHING, "auto", "auto", ("cpu", "float32")),
        (CUDA, "auto", "auto", ("cuda", "bfloat16")),
        (OLD_CUDA, "auto", "auto", ("cuda", "float16")),
        (MPS, "auto", "auto", ("mps", "bfloat16")),
        (CUDA, "cpu", "auto", ("cpu", "float32")),
        (NOTHING, "cuda", "auto", ("cpu", "float32")),
        (CUDA, "mps", "auto", ("cpu", "float32")),
        (CUDA, "auto", "float32", ("cuda", "float32")),
        (NOTHING, "auto", "bfloat16", ("cpu", "bfloat16")),
    ],
)
def test_plan(facts, device, dtype, expected):
    plan = plan_device(facts, device, dtype)
    assert (plan.device, plan.dtype) == expected
    assert any(reason.startswith(plan.device) for reason in plan.reasons)
    assert any(reason.startswith(plan.dtype) for reason in plan.reasons)


def test_a_device_that_is_not_there_is_said():
    assert "does not have" in plan_device(NOTHING, device="cuda").reasons[0]
