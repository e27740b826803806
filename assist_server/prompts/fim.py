"""Infilling ("fill in the middle") formats of the model families, as data.

A template is a layout of control tokens, named by their text in the vocabulary, and slots for the
user's text. Rendering concatenates token ids, never strings, so control tokens spelled in code stay
text.

Sources: the families' papers, READMEs and reference code, as given with each template.
"""

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from pathlib import PurePath

from assist_server.errors import InputError


class Slot(Enum):
    """Parts of a layout that a request fills."""

    PREFIX = auto()
    SUFFIX = auto()
    TYPED = auto()
    """The end of the prefix, placed where the completion begins, so that typing only appends."""
    PROJECT = auto()
    """The name of the project's folder."""
    PATH = auto()
    """The file's path in the project."""
    LINE_END = auto()
    PATH_COMMENT = auto()
    """`# path/of/file` and a line end, the embedded model's format."""


Layout = tuple[str | Slot, ...]


@dataclass(frozen=True)
class FimTemplate:
    """The infilling format of a model family."""

    family: str
    layout: Layout
    stop_tokens: tuple[str, ...] = ()
    """Control tokens that end a completion, besides the model's end-of-text token."""
    model_types: tuple[str, ...] = ()
    """`model_type`s for which this template is preferred to others with the same tokens."""
    name_parts: tuple[str, ...] = ()
    """Parts of model names, in lower case, for which this template is preferred to all others."""
    prefix_lead: str = ""
    """Text before the prefix, encoded together with it."""
    project_layout: Layout = ()
    """The layout for a file of a project, for families that were trained on whole repositories."""

    @property
    def control_tokens(self) -> tuple[str, ...]:
        """Return the control tokens of the layout."""
        return tuple(part for part in self.layout if isinstance(part, str))

    @property
    def uses_suffix(self) -> bool:
        """Return whether the layout contains the suffix."""
        return Slot.SUFFIX in self.layout

    @property
    def freezes_prefix(self) -> bool:
        """Return whether the end of the prefix is separate, at the end of the prompt.

        The rest of the prefix then stays the same during typing, and so does the KV cache of the
        suffix. With an empty end, the layout is the one that the family documents.
        """
        return Slot.TYPED in self.layout

    @property
    def shows_path(self) -> bool:
        """Return whether the layout contains the document's path."""
        return Slot.PATH_COMMENT in self.layout

    def for_project(self, special_tokens: Collection[str]) -> "FimTemplate":
        """Return the template for a file of a project: itself, if it or the vocabulary has none."""
        tokens = {part for part in self.project_layout if isinstance(part, str)}
        is_known = bool(tokens) and tokens <= set(special_tokens)
        return replace(self, layout=self.project_layout) if is_known else self


def _prefix_suffix_middle(prefix: str, suffix: str, middle: str) -> Layout:
    return (prefix, Slot.PREFIX, suffix, Slot.SUFFIX, middle, Slot.TYPED)


def _suffix_prefix_middle(suffix: str, prefix: str, middle: str) -> Layout:
    return (suffix, Slot.SUFFIX, prefix, Slot.PREFIX, middle)


_PIPES = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")
_ANGLES = ("<fim_prefix>", "<fim_suffix>", "<fim_middle>")
_HYPHENS = ("<fim-prefix>", "<fim-suffix>", "<fim-middle>")
_CODES = ("<|code_prefix|>", "<|code_suffix|>", "<|code_middle|>")
_BARE = ("<|prefix|>", "<|suffix|>", "<|middle|>")

SERVER = FimTemplate("server", ("<|server_prefix|>", Slot.PREFIX, "<|server_suffix|>", Slot.SUFFIX))
"""For servers that take prefix and suffix as texts, which name it; see `engine/remote/text_ids`."""

LEFT_TO_RIGHT = FimTemplate("left-to-right", (Slot.PREFIX,))
"""For models without infilling tokens (GPT-2, SmolLM, CodeGen): the prefix only."""

TEMPLATES = (
    # The embedded model: the completion follows the prefix, so typing only appends. Its
    # `config.json` names this template; "assist" in a name would match other models, too.
    FimTemplate(
        "assist",
        (
            "<|file_sep|>",
            Slot.PATH_COMMENT,
            "<|fim_prefix|>",
            "<|fim_suffix|>",
            Slot.SUFFIX,
            "<|fim_middle|>",
            Slot.PREFIX,
        ),
        ("<|file_sep|>", "<|repo_name|>", "<|fim_pad|>"),
    ),
    # Qwen2.5-Coder README, and for projects its technical report (arXiv 2409.12186) on
    # repository-level training; Qwen3-Coder and Qwen3.5 have the same tokens. It goes on with
    # another file unless stopped there.
    FimTemplate(
        "qwen2.5-coder",
        _prefix_suffix_middle(*_PIPES),
        ("<|file_sep|>", "<|repo_name|>", "<|fim_pad|>", "<|im_end|>", "<|im_start|>"),
        (
            *("qwen2", "qwen2_moe", "qwen3", "qwen3_moe", "qwen3_next"),
            *("qwen3_5", "qwen3_5_text", "qwen3_5_moe", "qwen3_5_moe_text"),
        ),
        project_layout=(
            *("<|repo_name|>", Slot.PROJECT, Slot.LINE_END),
            *("<|file_sep|>", Slot.PATH, Slot.LINE_END),
            *_prefix_suffix_middle(*_PIPES),
        ),
    ),
    # ai.google.dev, CodeGemma prompt structure: a fill ends with the file separator.
    FimTemplate(
        "codegemma",
        _prefix_suffix_middle(*_PIPES),
        ("<|file_separator|>", "<end_of_turn>"),
        ("gemma", "gemma2"),
        ("codegemma",),
    ),
    # IBM, Granite 4 prompt engineering guide.
    FimTemplate(
        "granite4",
        _prefix_suffix_middle(*_PIPES),
        ("<|end_of_text|>",),
        ("granite", "granitemoe", "granitemoehybrid"),
        ("granite-4",),
    ),
    # JetBrains Mellum model card: suffix first, StarCoder's tokens.
    FimTemplate(
        "mellum",
        _suffix_prefix_middle("<fim_suffix>", "<fim_prefix>", "<fim_middle>"),
        ("<filename>", "<reponame>"),
        name_parts=("mellum",),
    ),
    # StarCoder2 paper (arXiv 2402.19173): <file_sep> separates files, and the path, which was left
    # out of half of the projects together with their name, is part of the prefix.
    FimTemplate(
        "starcoder2",
        _prefix_suffix_middle(*_ANGLES),
        ("<file_sep>", "<repo_name>"),
        ("starcoder2",),
        ("starcoder2",),
        project_layout=(
            *("<repo_name>", Slot.PROJECT, "<file_sep>"),
            *("<fim_prefix>", Slot.PATH, Slot.LINE_END, Slot.PREFIX),
            *("<fim_suffix>", Slot.SUFFIX, "<fim_middle>", Slot.TYPED),
        ),
    ),
    # StarCoder, StableCode, Granite Code, CodeQwen1.5 and Refact: BigCode's tokens.
    FimTemplate(
        "starcoder",
        _prefix_suffix_middle(*_ANGLES),
        ("<file_sep>", "<filename>", "<reponame>"),
        ("gpt_bigcode",),
        ("starcoder", "codeqwen", "stable-code", "granite", "refact"),
    ),
    # SantaCoder: the same words with hyphens.
    FimTemplate("santacoder", _prefix_suffix_middle(*_HYPHENS), name_parts=("santacoder",)),
    # DeepSeek-Coder README: FULLWIDTH VERTICAL LINE and LOWER ONE EIGHTH BLOCK, not ASCII; the
    # third token is called "end" and has the place of other families' "middle".
    FimTemplate(
        "deepseek-coder",
        _prefix_suffix_middle("<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"),
        ("<|EOT|>",),
        name_parts=("deepseek",),
    ),
    # Code Llama reference code: the tokenizer's own leading blank stays before the prefix, not
    # before the suffix; <EOT> ends a fill.
    FimTemplate(
        "codellama",
        _prefix_suffix_middle("▁<PRE>", "▁<SUF>", "▁<MID>"),
        ("▁<EOT>",),
        ("llama",),
        ("codellama", "code-llama"),
        prefix_lead=" ",
    ),
    # mistral-common: suffix first, no middle token although the vocabulary has one, and the
    # tokenizer's own leading blank before the prefix.
    FimTemplate(
        "codestral",
        ("[SUFFIX]", Slot.SUFFIX, "[PREFIX]", Slot.PREFIX),
        ("[PREFIX]", "[SUFFIX]"),
        name_parts=("codestral",),
        prefix_lead=" ",
    ),
    # Seed-Coder report 2.2.6: suffix first.
    FimTemplate(
        "seed-coder",
        _suffix_prefix_middle("<[fim-suffix]>", "<[fim-prefix]>", "<[fim-middle]>"),
        name_parts=("seed-coder",),
    ),
    # CodeGeeX4 and GLM-4: suffix first inside the model's user turn; the bare form is used here.
    FimTemplate(
        "codegeex4",
        ("<|code_suffix|>", Slot.SUFFIX, "<|code_prefix|>", Slot.PREFIX, "<|code_middle|>"),
        ("<|user|>", "<|endoftext|>"),
        ("chatglm",),
        ("codegeex",),
    ),
    FimTemplate("glm", _prefix_suffix_middle(*_CODES), ("<|user|>",), ("glm", "glm4"), ("glm",)),
    # Falcon-H1 coder: token names as llama.cpp detects them.
    FimTemplate(
        "falcon-h1",
        _prefix_suffix_middle(*_BARE),
        model_types=("falcon_h1",),
        name_parts=("falcon-h1",),
    ),
    # InCoder: the hole is a mask token, which is repeated where its content begins.
    FimTemplate(
        "incoder",
        (Slot.PREFIX, "<|mask:0|>", Slot.SUFFIX, "<|mask:1|>", "<|mask:0|>"),
        ("<|endofmask|>",),
        name_parts=("incoder",),
    ),
)


def choose_template(
    special_tokens: Collection[str], *, model_type: str = "", name: str = "", setting: str = "auto"
) -> FimTemplate:
    """Return the template of a model: by setting, else by name, model type or vocabulary.

    Only templates whose control tokens are all in the vocabulary are considered; if there is none,
    the template is left to right.

    Args:
        special_tokens: Control tokens in the model's vocabulary.
        model_type: `model_type` of its `config.json`.
        name: The folder, file or hub id of the model.
        setting: A family's name, or `auto`.

    Raises:
        InputError: `setting` names no family, or one whose tokens the model does not have.
    """
    if setting != "auto":
        return _named_template(setting, special_tokens)
    fitting = [t for t in TEMPLATES if set(t.control_tokens) <= set(special_tokens)]
    folder = PurePath(name).name.lower()
    for template in fitting:
        if any(part in folder for part in template.name_parts):
            return template
    for template in fitting:
        if model_type in template.model_types:
            return template
    # Without a hint, the usual layout for the tokens, which most families use.
    plain = [t for t in fitting if t.family not in _ONLY_WITH_A_HINT]
    return plain[0] if plain else LEFT_TO_RIGHT


_ONLY_WITH_A_HINT = frozenset({"assist", "mellum", "codegeex4"})


def _named_template(family: str, special_tokens: Collection[str]) -> FimTemplate:
    by_family = {template.family: template for template in (*TEMPLATES, LEFT_TO_RIGHT)}
    template = SERVER if family == SERVER.family else by_family.get(family)
    if template is None:
        nearest = difflib.get_close_matches(family, by_family, n=1)
        hint = f"; did you mean {nearest[0]!r}?" if nearest else f"; known: {', '.join(by_family)}"
        raise InputError(f"`fim_template` names no template: {family!r}{hint}")
    missing = [token for token in template.control_tokens if token not in special_tokens]
    if missing:
        raise InputError(
            f"the model's tokenizer has no {missing[0]!r}, which the template {family!r} needs; "
            'set `fim_template` to "auto" or "left-to-right", or choose another model'
        )
    return template


@dataclass(frozen=True)
class FimPrompt:
    """Token ids to continue, and the ids that end the completion."""

    ids: tuple[int, ...]
    end_ids: frozenset[int]


def path_comment(path: str) -> str:
    """Return the comment line with a document's path, in the embedded model's format."""
    return f"# {path}\n"


def render_fim(
    template: FimTemplate,
    slots: Mapping[Slot, Sequence[int]],
    special_ids: Mapping[str, int],
    bos_id: int | None = None,
) -> FimPrompt:
    """Return the prompt of a request: the concatenation of the template's parts.

    Args:
        template: The layout.
        slots: Token ids of the slots; a missing slot is empty.
        special_ids: Ids of the control tokens in the model's vocabulary.
        bos_id: The token that the model expects first, if any.
    """
    ids: list[int] = [] if bos_id is None else [bos_id]
    for part in template.layout:
        ids.extend(slots.get(part, ()) if isinstance(part, Slot) else (special_ids[part],))
    known = (special_ids.get(token) for token in (*template.stop_tokens, *template.control_tokens))
    return FimPrompt(tuple(ids), frozenset(token for token in known if token is not None))
