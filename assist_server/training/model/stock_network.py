"""A model of the transformers library as something that can be trained, whole or by LoRA."""

from typing import Any

from torch import Tensor

from assist_server.errors import InputError
from assist_server.training.model.network import Segments

_FULL_PARAMETERS = 150_000_000
"""Up to this size all weights are trained; larger models learn small matrices beside (LoRA)."""

_LORA_RANK = 16


class StockNetwork:
    """Hidden states and head of any causal model."""

    def __init__(self, model: Any) -> None:
        """Wrap a model, or one within an adapter of peft."""
        self._model = model

    @property
    def head(self) -> Tensor:
        """The weight that makes logits of hidden states."""
        weight: Tensor = self._model.get_output_embeddings().weight
        return weight

    def __call__(self, inputs: Tensor, segments: Segments) -> Tensor:
        """Hidden states; positions that begin anew tell transformers where an example begins."""
        inner = self._model.get_base_model() if hasattr(self._model, "peft_config") else self._model
        body = getattr(inner, inner.base_model_prefix)
        found = body(input_ids=inputs, position_ids=segments.positions, use_cache=False)
        hidden: Tensor = found.last_hidden_state
        return hidden

    def train(self, mode: bool = True) -> Any:  # noqa: FBT001, FBT002 - torch's own signature
        """Switch dropout on or off."""
        self._model.train(mode)


def check_trainable(model: Any, name: str) -> None:
    """Refuse models whose logits are not simply their head times their hidden states.

    Raises:
        InputError: it is such a model.
    """
    config = model.config
    scale = getattr(config, "logits_scaling", None) or getattr(config, "logit_scale", None) or 1
    head = model.get_output_embeddings()
    has_bias = getattr(head, "bias", None) is not None
    if getattr(config, "final_logit_softcapping", None) or scale != 1 or has_bias or head is None:
        raise InputError(
            f"{name!r} is a {config.model_type} model, which changes its logits in a way that "
            "training here does not follow; choose a model of another family"
        )


def prepare(model: Any, name: str) -> Any:
    """The model with what is to be trained switched on: everything, or LoRA where it is large.

    Raises:
        InputError: peft is needed and missing.
    """
    parameters = sum(parameter.numel() for parameter in model.parameters())
    if parameters <= _FULL_PARAMETERS:
        return model.float().requires_grad_(True)
    try:
        from peft import LoraConfig, get_peft_model  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise InputError(
            f"{name!r} has {parameters / 1e6:,.0f} M parameters, too many to train all of them; "
            "its fine-tuning needs peft: install 'assist-server[train]'"
        ) from error
    config = LoraConfig(
        r=_LORA_RANK, lora_alpha=2 * _LORA_RANK, target_modules="all-linear", task_type="CAUSAL_LM"
    )
    return get_peft_model(model, config)


def merged(model: Any) -> Any:
    """The model with what was learned beside its weights put into them."""
    return model.merge_and_unload() if hasattr(model, "peft_config") else model
