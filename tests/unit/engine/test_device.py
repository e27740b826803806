import pytest

from assist_server.engine.device import DeviceFacts, plan_device, smaller_plan

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


def steps_from(plan, **options):
    """The plans after one failure after the other."""
    plans = []
    while (plan := smaller_plan(plan, **options)) is not None:
        plans.append(plan)
    return plans


def test_a_gpu_without_memory_gets_a_smaller_cache_and_then_the_cpu_takes_over():
    plans = steps_from(plan_device(CUDA))
    assert [(p.device, p.dtype, p.cache_part) for p in plans] == [
        ("cuda", "bfloat16", 0.25), ("cpu", "float32", 1.0), ("cpu", "float32", 0.25),
    ]  # fmt: skip
    for count, plan in enumerate(plans, start=1):
        assert len(set(plan.memory_steps)) == count  # each is said, and once
    assert plans[1].memory_steps[1] == "the memory of cuda was exceeded: the model runs on the CPU"


def test_weights_get_fewer_bits_where_they_can_before_the_device_changes():
    assert [(p.device, p.dtype) for p in steps_from(plan_device(NOTHING), can_shrink=True)] == [
        ("cpu", "float32"), ("cpu", "int8"), ("cpu", "int4"),
    ]  # fmt: skip
    assert [(p.device, p.dtype) for p in steps_from(plan_device(MPS), can_shrink=True)][:4] == [
        ("mps", "bfloat16"), ("mps", "int8"), ("mps", "int4"), ("cpu", "float32"),
    ]  # fmt: skip


def test_weights_that_do_not_fit_go_to_the_cpu_at_once():
    assert [p.device for p in steps_from(plan_device(CUDA), is_loading=True)] == ["cpu"]
    assert steps_from(plan_device(NOTHING), is_loading=True) == []
