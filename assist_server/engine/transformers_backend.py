"""A Hugging Face causal language model in this process."""

import contextlib
import gc
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import psutil
import torch

from assist_server.engine.backend import (
    ModelChoice,
    ModelInfo,
    ProgressCallback,
    TroubleCallback,
    ignore_progress,
)
from assist_server.engine.decoding.checkpoints import LineStarts
from assist_server.engine.decoding.decoder import Decoder, Step
from assist_server.engine.decoding.healing import ByteTrie, ForcedText
from assist_server.engine.decoding.ngram_drafts import NgramDrafting
from assist_server.engine.decoding.prefix_cache import PrefixCache
from assist_server.engine.device import (
    SMALL_FORMATS,
    DeviceFacts,
    DevicePlan,
    plan_device,
    smaller_plan,
)
from assist_server.engine.failures import (
    failures_in_one_sentence,
    gist,
    is_out_of_memory,
    out_of_memory,
)
from assist_server.engine.loading.checkpoint import read_calibration, read_model
from assist_server.engine.loading.memory import check_fits_beside
from assist_server.engine.models.selection import cache_limit_bytes, plan_execution
from assist_server.engine.models.torchscript_model import TorchScriptModel
from assist_server.engine.request import Chunk, FinishReason, GenerationRequest, kept_length
from assist_server.engine.scheduler import Scheduler
from assist_server.engine.tokens.codec import StreamingDetokenizer, TokenCodec
from assist_server.engine.tokens.cut_back import cut_back
from assist_server.errors import AssistError, ModelError

_log = logging.getLogger(__name__)

_CLOSE_SECONDS = 60.0
"""Longer than any forward pass, and bounded: a driver may hang the thread."""


def probe_device_facts() -> DeviceFacts:
    """Ask torch which accelerators this machine has."""
    has_cuda = torch.cuda.is_available()
    return DeviceFacts(
        has_cuda=has_cuda,
        cuda_has_bfloat16=has_cuda and torch.cuda.is_bf16_supported(including_emulation=False),
        has_mps=torch.backends.mps.is_available(),
    )


def free_bytes(device: str) -> int:
    """Return the memory that a model on `device` may take."""
    if device == "cuda":
        return int(torch.cuda.mem_get_info()[0])
    return int(psutil.virtual_memory().available)


class TransformersBackend:
    """A `Backend` over AutoModelForCausalLM and AutoTokenizer."""

    def __init__(  # noqa: PLR0913, PLR0917 - the loaded parts, and how to run them
        self,
        name: str,
        model: Any,
        tokenizer: Any,
        plan: DevicePlan,
        dtype: str = "auto",
        drafting: NgramDrafting | None = None,
        source: str = "",
    ) -> None:
        """Start a scheduler for a model that is on the plan's device.

        Without `drafting` no tokens are drafted. Without a `source` to read the model from again,
        it cannot move to a device with more memory.
        """
        self._codec = TokenCodec(tokenizer)
        self._dtype, self._source, self._drafting = dtype, source, drafting
        self._on_trouble: TroubleCallback = lambda _: None
        self._info = _describe(name, model, self._codec, tokenizer, plan)
        token_bytes = self._codec.token_bytes()
        self._trie = ByteTrie(token_bytes)
        self._line_starts = LineStarts.of(token_bytes, self._info.special_ids.values())
        self._run_with(model, plan)
        self._scheduler = Scheduler(self._run)

    def _run_with(self, model: Any, plan: DevicePlan) -> Decoder:
        """Decode with a model from now on; return what decodes."""
        dtype = plan.dtype if plan.dtype in SMALL_FORMATS else self._dtype
        plan = _before_packing(plan)
        # Before planning, which may replace weights.
        weights_bytes = sum(each.numel() * each.element_size() for each in model.parameters())
        language_model, plan = plan_execution(model.eval(), plan, dtype)
        self._has_copy = isinstance(language_model, TorchScriptModel)
        limit_bytes = int(cache_limit_bytes(plan.device, weights_bytes) * plan.cache_part)
        prefixes = PrefixCache(language_model, limit_bytes)
        context_tokens, line_starts = self._info.context_tokens, self._line_starts
        decoder = Decoder(language_model, prefixes, self._drafting, context_tokens, line_starts)
        self._prefixes: PrefixCache | None = prefixes
        self._decoder: Decoder | None = decoder
        self._info = replace(self._info, plan=plan)
        if self._has_copy and self._source:
            _release_weights(model)
        return decoder

    @classmethod
    def load(
        cls, source: str, choice: ModelChoice, report: ProgressCallback = ignore_progress
    ) -> "TransformersBackend":
        """Load a model.

        Args:
            source: A folder, a GGUF file, or a hub id.
            choice: The user's settings.
            report: Called with the progress.

        Raises:
            ModelError: the model cannot be loaded, or does not fit the device.
        """
        plan = plan_device(probe_device_facts(), choice.device, choice.dtype)
        with failures_in_one_sentence(choice.model, plan):
            if choice.is_second:
                check_fits_beside(choice.model, source, plan.device, free_bytes(plan.device))
            plan, tokenizer, model = _loaded_where_it_fits(source, plan, choice.dtype, report)
            calibration = read_calibration(source)
            report("packing the weights and measuring the fastest way to run them", 90)
            drafting = NgramDrafting() if choice.drafts == "ngram" else None
            backend = cls(choice.model, model, tokenizer, plan, choice.dtype, drafting, source)
            backend._info = replace(backend._info, calibration=calibration)
            return backend

    @property
    def info(self) -> ModelInfo:
        """Return the facts about the loaded model."""
        return self._info

    def encode(self, text: str, client: str = "") -> list[int]:
        """Return the ids of `text`."""
        return self._codec.encode(text, client)

    def encode_chat(self, messages: Sequence[Mapping[str, str]], client: str = "") -> list[int]:
        """Return the ids of a conversation in the model's chat format."""
        return self._codec.encode_chat(messages, client)

    def decode_prompt(self, ids: Sequence[int]) -> str:
        """Return a prompt as readable text."""
        return self._codec.decode_prompt(ids)

    def generate(self, request: GenerationRequest) -> Iterator[Chunk]:
        """Continue a prompt on the model's thread.

        Raises:
            ModelError: the prompt does not fit the context.
        """
        room = self._info.context_tokens - request.max_new_tokens
        if not 0 < len(request.prompt_ids) <= room:
            raise ModelError(
                f"a prompt of {len(request.prompt_ids)} tokens does not fit {self._info.name}: "
                f"between 1 and {room} are possible; lower max_prompt_tokens or max_new_tokens"
            )
        return self._scheduler.generate(request)

    def learn(self, name: str, parts: Sequence[Sequence[int]]) -> None:
        """Draft from a text from now on, in place of the last one of that name."""
        if self._drafting is not None:
            self._drafting.learn(name, parts)

    def forget(self, name: str) -> None:
        """Stop drafting from a text."""
        if self._drafting is not None:
            self._drafting.forget(name)

    def watch(self, on_trouble: TroubleCallback) -> None:
        """Call `on_trouble` when memory runs out, with what is changed for it."""
        self._on_trouble = on_trouble

    def close(self) -> None:
        """End the scheduler, which takes at most one decoding step, and free the model."""
        self._scheduler.close()
        self._scheduler.join(_CLOSE_SECONDS)
        self._decoder = self._drafting = None
        if self._prefixes is not None:
            self._prefixes.clear()

    def _run(self, request: GenerationRequest) -> Iterator[Chunk]:
        decoder = self._decoder or self._load_again()
        has_begun = False
        try:
            for chunk in self._generate(decoder, request):
                has_begun = has_begun or bool(chunk.token_ids)
                yield chunk
        except (RuntimeError, IndexError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise ModelError(f"the model failed: {gist(error)}") from error
            # The traceback's frames hold the KV cache that must be freed.
            error.__traceback__ = None
        else:
            return
        step = self._take_less_memory()
        if has_begun:
            raise ModelError(f"{step}; try again")
        yield from self._run(request)

    def _take_less_memory(self) -> str:
        """Take the next step after the memory was exceeded; return its sentence.

        Raises:
            ModelError: no step is left.
        """
        before = self._info.plan
        plan = smaller_plan(before, can_shrink=self._has_copy and bool(self._source))
        if plan is None or (plan.device != before.device and not self._source):
            self._free_memory()
            raise out_of_memory(self._info.name, before)
        step = plan.memory_steps[-1]
        _log.warning("%s", step)
        self._on_trouble(step)
        is_same_model = (plan.device, plan.dtype) == (before.device, before.dtype)
        self._info = replace(self._info, plan=plan)
        if is_same_model and self._prefixes is not None:
            self._prefixes.limit_bytes = int(self._prefixes.limit_bytes * plan.cache_part)
            self._free_memory()
            self._on_trouble("")
        else:
            self._decoder = self._prefixes = None
            self._load_again()
        return step

    def _load_again(self) -> Decoder:
        """Read the model again, as the plan says now; if that fails, the next request does it.

        Raises:
            ModelError: it cannot be loaded; those who watch hear why.
        """
        plan = self._info.plan
        self._free_memory()  # also of an earlier try
        try:
            with failures_in_one_sentence(self._info.name, plan):
                _, model = _loaded(
                    self._source, _before_packing(plan), self._dtype, ignore_progress
                )
                decoder = self._run_with(model, plan)
        except AssistError as error:
            self._on_trouble(str(error))
            raise
        self._on_trouble("")
        return decoder

    def _free_memory(self) -> None:
        if self._prefixes is not None:
            self._prefixes.clear()
        gc.collect()  # a model's modules refer to each other
        torch.cuda.empty_cache()

    def _generate(self, decoder: Decoder, request: GenerationRequest) -> Iterator[Chunk]:
        prompt_ids, cut_off = cut_back(self._trie.bytes_of, request.prompt_ids, request.healed_text)
        forced = ForcedText(self._trie, cut_off)
        if not forced.is_possible:
            prompt_ids, cut_off = request.prompt_ids, b""
        tokens = decoder.steps(
            prompt_ids,
            request.sampling,
            forced,
            may_draft=request.may_draft,
            client=request.client,
        )
        with contextlib.closing(tokens) as steps:
            yield from _chunks(steps, self._codec, request, forced_chars=len(cut_off.decode()))


def _chunks(
    steps: Iterator[Step | None], codec: TokenCodec, request: GenerationRequest, forced_chars: int
) -> Iterator[Chunk]:
    """Yield the chunks of a request: detokenized, stopped, and without the forced text."""
    detokenizer = StreamingDetokenizer(codec.decode)
    text, count = "", 0
    for step in steps:
        if step is None:
            yield Chunk("")
            continue
        if step.token_id in request.end_ids:
            yield Chunk("", finish_reason=FinishReason.END_OF_TEXT)
            return
        piece = detokenizer.push(step.token_id)
        hidden = min(len(piece), forced_chars)
        piece, forced_chars = piece[hidden:], forced_chars - hidden
        text, count = text + piece, count + (forced_chars == 0)
        kept = kept_length(text, request.stop_rules) if piece else None
        reason = (
            FinishReason.STOP_RULE
            if kept is not None
            else FinishReason.MAX_NEW_TOKENS
            if count >= request.max_new_tokens
            else None
        )
        yield Chunk(piece, (step.token_id,), (step.log_prob,), reason, kept)
        if reason is not None:
            return
    yield Chunk("", finish_reason=FinishReason.MAX_NEW_TOKENS)  # the context is full


def _loaded(source: str, plan: DevicePlan, dtype: str, report: ProgressCallback) -> tuple[Any, Any]:
    """Return tokenizer and model, on the plan's device."""
    is_deferred = plan.device == "cpu"
    tokenizer, model = read_model(source, plan, report, dtype, is_deferred=is_deferred)
    report(f"moving the weights to {plan.device}", 85)
    model.to(torch.device(plan.device))
    return tokenizer, model


def _before_packing(plan: DevicePlan) -> DevicePlan:
    """Return the plan for reading weights: those in few bits are made from float32."""
    return replace(plan, dtype="float32") if plan.dtype in SMALL_FORMATS else plan


def _loaded_where_it_fits(
    source: str, plan: DevicePlan, dtype: str, report: ProgressCallback
) -> tuple[DevicePlan, Any, Any]:
    """Return the plan that fits the memory, and tokenizer and model as it says."""
    try:
        return plan, *_loaded(source, plan, dtype, report)
    except Exception as error:
        smaller = smaller_plan(plan, is_loading=True) if is_out_of_memory(error) else None
        if smaller is None:
            raise
    torch.cuda.empty_cache()  # here, as the error's frames held the weights
    _log.warning("%s", smaller.memory_steps[-1])
    report(smaller.memory_steps[-1], 0)
    return _loaded_where_it_fits(source, smaller, dtype, report)


def _release_weights(model: Any) -> None:
    """Free the weights of a model that is not used any more.

    Its modules refer to each other, and the garbage collector is off while a model is loaded.
    """
    for parameter in model.parameters():
        if parameter.ndim > 1:  # packed maps keep the biases themselves
            parameter.data = parameter.new_empty(0)


def context_length(config: Any) -> int:
    """Return the number of positions that a model supports, in tokens."""
    return getattr(config.get_text_config(), "max_position_embeddings", None) or 2048


def _describe(
    name: str, model: Any, codec: TokenCodec, tokenizer: Any, plan: DevicePlan
) -> ModelInfo:
    config = model.config
    eos = model.generation_config.eos_token_id if model.generation_config else None
    ends = {*([eos] if isinstance(eos, int) else eos or []), tokenizer.eos_token_id} - {None}
    return ModelInfo(
        name=name,
        model_type=config.model_type,
        context_tokens=context_length(config),
        special_ids=codec.special_ids,
        end_ids=codec.end_ids | ends,
        bos_id=codec.bos_id,
        plan=plan,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        has_chat_template=codec.has_chat_template,
        fim_template=getattr(config, "fim_template", None),
        languages=named_languages(getattr(config, "languages", None)),
        writes_phrases=getattr(config, "writes_phrases", True) is not False,
    )


def named_languages(named: object) -> tuple[str, ...] | None:
    """Return the languages that a `config.json` names; None if it names none."""
    if not isinstance(named, list | tuple) or not all(isinstance(one, str) for one in named):
        return None
    return tuple(named)
