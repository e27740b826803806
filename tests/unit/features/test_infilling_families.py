"""Every family's shape completes by the same path, from the id list that the family documents."""

from dataclasses import replace

import pytest
from tiny_models import FAMILIES, TinyFamily, build_tokenizer, save_family

from assist_server.engine.backend import ModelChoice
from assist_server.engine.loading.open_backend import open_backend
from assist_server.engine.request import GenerationRequest, collect
from assist_server.features.infilling import Gap, build_prompt, choose_model_template
from assist_server.settings import Settings

P = "# Areas of shapes.\n\ndef side(a):\n    return a * a\n\ndef area(r):\n"
"""As long as the part of a prefix that is frozen at a time, so that nothing was typed since."""
S = "\n\nprint(area(2))\n"
PATH = "shapes.py"

BIGCODE = ("<fim_prefix>", P, "<fim_suffix>", S, "<fim_middle>")
PIPES = ("<|fim_prefix|>", P, "<|fim_suffix|>", S, "<|fim_middle|>")
DOCUMENTED = {
    "left-to-right": (P,),
    "starcoder": BIGCODE,
    "starcoder2": BIGCODE,
    # The blank is the one that SentencePiece puts before a text; kept there on purpose.
    "codellama": ("<s>", "▁<PRE>", " ", P, "▁<SUF>", S, "▁<MID>"),
    "qwen2.5-coder": PIPES,
    "codegemma": ("<bos>", *PIPES),
    "codestral": ("<s>", "[SUFFIX]", S, "[PREFIX]", " ", P),
    "mellum": ("<fim_suffix>", S, "<fim_prefix>", P, "<fim_middle>"),
    "assist": (
        *("<|file_sep|>", "# shapes.py\n", "<|fim_prefix|>", "<|fim_suffix|>"),
        *(S, "<|fim_middle|>", P),
    ),
}
"""What each family's documentation writes, control tokens and text one after the other."""


NAMES = {
    "qwen2.5-coder": ("<|repo_name|>", "shop\n", "<|file_sep|>", "src/shapes.py\n", *PIPES),
    "starcoder2": (
        *("<repo_name>", "shop", "<file_sep>", "<fim_prefix>", "src/shapes.py\n" + P),
        *BIGCODE[2:],
    ),
}
"""What families that know projects are shown of a file in one."""


def documented_ids(family: TinyFamily, layouts=DOCUMENTED) -> list[int]:
    """The documented layout in ids; the tiny tokenizers have a token per byte."""
    tokenizer = build_tokenizer(family)
    ids = []
    for part in layouts[family.name]:
        if part in tokenizer.get_added_vocab():
            ids.append(tokenizer.convert_tokens_to_ids(part))
        elif family.is_sentencepiece:
            spelled = {" ": "▁", "\n": "<0x0A>"}
            ids += tokenizer.convert_tokens_to_ids([spelled.get(letter, letter) for letter in part])
        else:
            ids += tokenizer.encode(part, add_special_tokens=False)
    return ids


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: f"{family.name}-{family.config}")
def test_family_completes_from_its_documented_layout(family, tmp_path):
    backend = open_backend(ModelChoice(str(save_family(family, tmp_path)), device="cpu"))
    try:
        settings = Settings()
        gap = Gap.between(PATH, P, S)
        assert choose_model_template(backend, settings).family == family.name

        prompt = build_prompt(gap, backend, settings, max_new_tokens=16)
        assert list(prompt.ids) == documented_ids(family)

        if choose_model_template(backend, settings).freezes_prefix:
            typed = build_prompt(Gap.between(PATH, P + "    ret", S), backend, settings, 16)
            assert list(typed.ids) == documented_ids(family) + backend.encode("    ret")

        named = replace(gap, project="shop", path="src/shapes.py")
        if family.name in NAMES:
            in_project = build_prompt(named, backend, settings, max_new_tokens=16)
            assert list(in_project.ids) == documented_ids(family, NAMES)

        request = GenerationRequest(prompt.ids, 16, end_ids=backend.info.end_ids | prompt.end_ids)
        generation = collect(backend.generate(request))
        assert generation.token_ids or generation.finish_reason == "end_of_text"
        assert len(generation.token_ids) == len(generation.log_probs)
    finally:
        backend.close()
