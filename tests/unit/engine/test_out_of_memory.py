"""What the backend does when the memory is exceeded, which a failure in a pass stands for."""

import pytest
import torch
from tiny_models import FAMILIES, build_model, build_tokenizer, save_family

from assist_server.engine import transformers_backend
from assist_server.engine.backend import ModelChoice
from assist_server.engine.device import DeviceFacts, DevicePlan
from assist_server.engine.models.transformers_model import TransformersModel
from assist_server.engine.request import GenerationRequest, collect
from assist_server.engine.transformers_backend import TransformersBackend
from assist_server.errors import ModelError

LLAMA = next(family for family in FAMILIES if family.config == "LlamaConfig")
PROMPT = GenerationRequest(tuple(range(40, 60)), 6)
CUDA_ERROR = torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate 2 GiB.")
CPU_ERROR = RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")


@pytest.fixture
def backend(tmp_path):
    """A model on what is said to be a GPU, and what it tells."""
    folder = save_family(LLAMA, tmp_path)
    tokenizer = build_tokenizer(LLAMA)
    model = build_model(LLAMA, len(tokenizer))
    plan = DevicePlan("mps", "float32", ("mps: for the test",))
    backend = TransformersBackend("mine", model, tokenizer, plan, source=str(folder))
    backend.told = []
    backend.watch(backend.told.append)
    yield backend
    backend.close()


@pytest.fixture
def fail(monkeypatch):
    """Make the passes of a model fail with the errors that are left in the returned list."""
    errors = []
    forward = TransformersModel.forward

    def failing(self, *arguments):
        if errors and (error := errors.pop(0)) is not None:
            raise error
        return forward(self, *arguments)

    monkeypatch.setattr(TransformersModel, "forward", failing)
    return errors


def answer(backend):
    return list(collect(backend.generate(PROMPT)).token_ids)


@pytest.mark.parametrize("error", [CUDA_ERROR, CPU_ERROR, MemoryError()])
def test_a_request_is_tried_again_with_a_smaller_cache(backend, fail, error):
    expected = answer(backend)
    usual_bytes = backend._prefixes.limit_bytes
    fail.append(error)
    assert answer(backend) == expected
    assert backend._prefixes.limit_bytes == usual_bytes // 4
    step = "the memory of mps was exceeded: recent prompts get a quarter of their memory"
    assert backend.told == [step, ""]
    assert backend.info.plan.memory_steps == (step,)


def test_then_the_model_moves_to_the_cpu(backend, fail):
    expected = answer(backend)
    fail.extend([CUDA_ERROR, CUDA_ERROR])
    assert answer(backend) == expected
    assert backend.info.plan.device == "cpu"
    assert len(backend.told) == 4
    assert backend.told[2] == "the memory of mps was exceeded: the model runs on the CPU"
    assert answer(backend) == expected
    assert len(backend.told) == 4  # each step is said once


def test_a_smaller_model_that_cannot_be_loaded_is_loaded_by_the_next_request(
    backend, fail, monkeypatch
):
    expected, loaded = answer(backend), transformers_backend._loaded
    failures = [OSError("no such file")]

    def fails_once(*arguments):
        if failures:
            raise failures.pop()
        return loaded(*arguments)

    monkeypatch.setattr(transformers_backend, "_loaded", fails_once)
    fail.extend([CUDA_ERROR, CUDA_ERROR])
    with pytest.raises(ModelError, match="cannot load the model 'mine': no such file"):
        answer(backend)
    assert backend.told[-1] == "cannot load the model 'mine': no such file"
    assert answer(backend) == expected
    assert (backend.told[-1], backend.info.plan.device) == ("", "cpu")


def test_an_answer_that_was_begun_is_not_begun_again(backend, fail):
    fail.extend([None, None, CUDA_ERROR])
    with pytest.raises(ModelError, match="a quarter of their memory; try again"):
        answer(backend)
    assert len(answer(backend)) == 6


def test_without_a_step_left_the_error_says_what_to_do(fail):
    tokenizer = build_tokenizer(LLAMA)
    plan = DevicePlan("mps", "float32", ())
    backend = TransformersBackend("mine", build_model(LLAMA, len(tokenizer)), tokenizer, plan)
    fail.extend([CUDA_ERROR, CUDA_ERROR])
    with pytest.raises(ModelError, match='choose a smaller model, or set device = "cpu"'):
        answer(backend)
    assert len(answer(backend)) == 6
    backend.close()


def test_another_failure_changes_nothing(backend, fail):
    fail.append(RuntimeError("shapes differ"))
    with pytest.raises(ModelError, match="the model failed: shapes differ"):
        answer(backend)
    assert backend.told == []


def test_weights_that_do_not_fit_a_gpu_are_loaded_on_the_cpu(tmp_path, monkeypatch):
    folder, loaded, reports = str(save_family(LLAMA, tmp_path)), transformers_backend._loaded, []

    def only_on_a_cpu(source, plan, *arguments):
        if plan.device != "cpu":
            raise CUDA_ERROR
        return loaded(source, plan, *arguments)

    monkeypatch.setattr(transformers_backend, "_loaded", only_on_a_cpu)
    monkeypatch.setattr(
        transformers_backend, "probe_device_facts", lambda: DeviceFacts(has_mps=True)
    )
    choice = ModelChoice(folder)
    backend = TransformersBackend.load(folder, choice, lambda message, _: reports.append(message))
    assert backend.info.plan.device == "cpu"
    step = "the memory of mps was exceeded: the model runs on the CPU"
    assert reports.count(step) == 1
    assert backend.info.plan.memory_steps == (step,)
    backend.close()


def test_a_model_of_llama_s_shape_on_a_cpu_gets_weights_in_fewer_bits(tmp_path):
    folder = str(save_family(LLAMA, tmp_path))
    backend = TransformersBackend.load(folder, ModelChoice(folder, "cpu"))
    assert backend.info.plan.dtype == "float16"
    assert "int8" not in backend._take_less_memory()
    for dtype in ("int8", "int4"):
        assert dtype in backend._take_less_memory()
        assert backend.info.plan.dtype == dtype
        assert len(answer(backend)) == 6
    with pytest.raises(ModelError, match=r"the memory of cpu; choose a smaller model$"):
        backend._take_less_memory()
    backend.close()
