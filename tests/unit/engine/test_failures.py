import pytest
import torch

from assist_server.engine.device import DevicePlan
from assist_server.engine.failures import failures_in_one_sentence
from assist_server.errors import AssistError, InputError, ModelError

PLAN = DevicePlan("cuda", "bfloat16", ())
SCRIPT = (
    "The following operation failed in the TorchScript interpreter.\nTraceback\nindex too large\n"
)


def failed(error):
    with pytest.raises(AssistError) as caught, failures_in_one_sentence("./mine", PLAN):
        raise error
    return caught.value


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (torch.OutOfMemoryError("CUDA out of memory.\nTried to"), "./mine does not fit the memory"),
        (KeyError("llama"), "cannot load the model './mine': 'llama'"),
        (ValueError(), "cannot load the model './mine': ValueError()"),
        (RuntimeError("wrong size\nfor a\nfor b"), "cannot load the model './mine': wrong size"),
        (RuntimeError(SCRIPT), "cannot load the model './mine': index too large"),
    ],
)  # fmt: skip
def test_what_libraries_raise_names_the_model_in_one_sentence(error, said):
    found = failed(error)
    assert str(found).startswith(said)
    assert "\n" not in str(found)
    assert found.__cause__ is error


@pytest.mark.parametrize("error", [ModelError("it has no cache"), InputError("there is no file")])
def test_what_is_said_already_is_not_said_again(error):
    assert failed(error) is error
