import pytest
from hypothesis import given
from hypothesis import strategies as st

from assist_server.errors import InputError
from assist_server.prompts.fim import (
    LEFT_TO_RIGHT,
    TEMPLATES,
    Slot,
    choose_template,
    path_comment,
    render_fim,
)

FAMILIES = {template.family: template for template in TEMPLATES}
RENDERED = {
    "assist": "<|file_sep|>C<|fim_prefix|><|fim_suffix|>S<|fim_middle|>P",
    "qwen2.5-coder": "<|fim_prefix|>P<|fim_suffix|>S<|fim_middle|>",
    "codegemma": "<|fim_prefix|>P<|fim_suffix|>S<|fim_middle|>",
    "granite4": "<|fim_prefix|>P<|fim_suffix|>S<|fim_middle|>",
    "mellum": "<fim_suffix>S<fim_prefix>P<fim_middle>",
    "starcoder2": "<fim_prefix>P<fim_suffix>S<fim_middle>",
    "starcoder": "<fim_prefix>P<fim_suffix>S<fim_middle>",
    "santacoder": "<fim-prefix>P<fim-suffix>S<fim-middle>",
    "deepseek-coder": (
        "<\uff5cfim\u2581begin\uff5c>P<\uff5cfim\u2581hole\uff5c>S<\uff5cfim\u2581end\uff5c>"
    ),
    "codellama": "\u2581<PRE>P\u2581<SUF>S\u2581<MID>",
    "codestral": "[SUFFIX]S[PREFIX]P",
    "seed-coder": "<[fim-suffix]>S<[fim-prefix]>P<[fim-middle]>",
    "codegeex4": "<|code_suffix|>S<|code_prefix|>P<|code_middle|>",
    "glm": "<|code_prefix|>P<|code_suffix|>S<|code_middle|>",
    "falcon-h1": "<|prefix|>P<|suffix|>S<|middle|>",
    "incoder": "P<|mask:0|>S<|mask:1|><|mask:0|>",
    "left-to-right": "P",
}
"""What each family's documentation writes; P and S for the code, C for the path's comment."""

IN_A_PROJECT = {
    "qwen2.5-coder": (
        "<|repo_name|>shop\n<|file_sep|>src/a.py\n<|fim_prefix|>P<|fim_suffix|>S<|fim_middle|>T"
    ),
    "starcoder2": "<repo_name>shop<file_sep><fim_prefix>src/a.py\nP<fim_suffix>S<fim_middle>T",
}
"""What families that know projects are shown of one; T for what was typed."""

# What the families' vocabularies hold beside the tokens of their layout.
OTHERS = ("<|file_sep|>", "<|endoftext|>", "<|fim_pad|>", "<filename>", "<s>", "<|im_start|>")


def vocabulary(*templates):
    tokens = dict.fromkeys([*OTHERS, *(t for one in templates for t in one.control_tokens)])
    return {token: 1000 + index for index, token in enumerate(tokens)}


@pytest.mark.parametrize("template", [*TEMPLATES, LEFT_TO_RIGHT], ids=lambda one: one.family)
def test_every_family_is_asked_as_documented(template):
    special_ids = vocabulary(template)
    slots = {slot: [ord(slot.name[0])] for slot in (Slot.PREFIX, Slot.SUFFIX)}
    ids = render_fim(template, slots | {Slot.PATH_COMMENT: [ord("C")]}, special_ids).ids
    texts = {token_id: token for token, token_id in special_ids.items()}
    assert "".join(texts.get(i) or chr(i) for i in ids) == RENDERED[template.family]


def project_vocabulary(template):
    tokens = [token for token in template.project_layout if isinstance(token, str)]
    return {token: 0x10000 + index for index, token in enumerate(tokens)}


@pytest.mark.parametrize("family", IN_A_PROJECT)
def test_families_that_know_projects_are_asked_as_documented(family):
    special_ids = project_vocabulary(FAMILIES[family])
    texts = {
        Slot.PROJECT: "shop", Slot.PATH: "src/a.py", Slot.LINE_END: "\n",
        Slot.PREFIX: "P", Slot.SUFFIX: "S", Slot.TYPED: "T",
    }  # fmt: skip
    slots = {slot: list(map(ord, text)) for slot, text in texts.items()}
    prompt = render_fim(FAMILIES[family].for_project(special_ids), slots, special_ids)
    names = {token_id: token for token, token_id in special_ids.items()}
    assert "".join(names.get(i) or chr(i) for i in prompt.ids) == IN_A_PROJECT[family]
    assert prompt.end_ids == set(special_ids.values())


def test_only_families_that_know_projects_have_a_layout_for_them():
    assert {t.family for t in TEMPLATES if t.project_layout} == IN_A_PROJECT.keys()


@pytest.mark.parametrize("family", ["qwen2.5-coder", "codegemma"])
def test_without_a_layout_or_its_tokens_a_file_stands_for_itself(family):
    template = FAMILIES[family]
    assert template.for_project(vocabulary(template)) is template


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: one.family)
def test_prefix_first_families_are_given_what_was_typed_behind_everything(template):
    special_ids = vocabulary(template)
    frozen = render_fim(template, {Slot.PREFIX: [1], Slot.SUFFIX: [2]}, special_ids)
    typed = render_fim(template, {Slot.PREFIX: [1], Slot.SUFFIX: [2], Slot.TYPED: [3]}, special_ids)
    is_prefix_first = frozen.ids.index(1) < frozen.ids.index(2) and template.family != "incoder"
    assert template.freezes_prefix == is_prefix_first
    assert typed.ids == (*frozen.ids, *[3] * is_prefix_first)


def test_a_begin_token_goes_before_everything():
    template = FAMILIES["starcoder"]
    special_ids = vocabulary(template)
    with_bos = render_fim(template, {}, special_ids, bos_id=7).ids
    assert with_bos == (7, *render_fim(template, {}, special_ids).ids)


@given(st.lists(st.integers(0, 999)), st.lists(st.integers(0, 999)), st.sampled_from(TEMPLATES))
def test_the_user_s_ids_stay_whole_and_in_order(prefix, suffix, template):
    special_ids = vocabulary(template)
    prompt = render_fim(template, {Slot.PREFIX: prefix, Slot.SUFFIX: suffix}, special_ids)
    ordinary = [token_id for token_id in prompt.ids if token_id < 1000]
    assert ordinary in (prefix + suffix, suffix + prefix)
    assert len(prompt.ids) - len(ordinary) == len(template.control_tokens)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: one.family)
def test_a_completion_ends_at_every_control_token_that_the_vocabulary_has(template):
    special_ids = vocabulary(template)
    wanted = {*template.control_tokens, *template.stop_tokens} & special_ids.keys()
    end_ids = render_fim(template, {}, special_ids).end_ids
    assert end_ids == {special_ids[token] for token in wanted}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: one.family)
def test_every_template_can_be_set(template):
    special_ids = vocabulary(*TEMPLATES)
    assert choose_template(special_ids, model_type="gemma", setting=template.family) is template
    assert choose_template((), setting="left-to-right") is LEFT_TO_RIGHT


def hints():
    for template in TEMPLATES:
        for name in template.name_parts:
            yield template.family, "", f"someone/{name.title()}-3B"
        for model_type in template.model_types:
            yield template.family, model_type, "checkpoint"


@pytest.mark.parametrize(("family", "model_type", "name"), list(hints()))
def test_no_template_is_hidden_by_another_with_the_same_tokens(family, model_type, name):
    special_ids = vocabulary(FAMILIES[family])
    assert choose_template(special_ids, model_type=model_type, name=name).family == family


def test_every_template_can_be_detected_but_that_which_its_model_names():
    detected = {family for family, *_ in hints()}
    assert FAMILIES.keys() - detected == {"assist"}


@pytest.mark.parametrize(
    ("tokens_of", "family"),
    [
        ("qwen2.5-coder", "qwen2.5-coder"), ("mellum", "starcoder2"), ("codegeex4", "glm"),
        *((family, family) for family in (
            "santacoder", "deepseek-coder", "codellama", "codestral", "seed-coder", "falcon-h1",
            "incoder",
        )),
    ],
)  # fmt: skip
def test_tokens_alone_give_the_plain_order(tokens_of, family):
    assert choose_template(vocabulary(FAMILIES[tokens_of])).family == family


def test_a_name_goes_before_a_model_type():
    special_ids = vocabulary(FAMILIES["mellum"])
    found = choose_template(special_ids, model_type="gpt_bigcode", name="JetBrains/Mellum-4b-base")
    assert found.family == "mellum"


def test_a_hint_does_not_replace_missing_tokens():
    found = choose_template(OTHERS, model_type="qwen2", name="Qwen2.5-Coder")
    assert found is LEFT_TO_RIGHT


def test_an_assistant_s_name_is_no_hint():
    special_ids = vocabulary(FAMILIES["qwen2.5-coder"])
    found = choose_template(special_ids, model_type="qwen2", name="someone/code-assistant")
    assert found.family == "qwen2.5-coder"


def test_only_the_last_part_of_a_name_counts():
    special_ids = vocabulary(FAMILIES["starcoder"])
    found = choose_template(special_ids, model_type="gpt_bigcode", name="/models/mellum/mine")
    assert found.family == "starcoder"


def test_a_missing_token_is_named():
    with pytest.raises(InputError, match=r"no '<fim_prefix>'.*'starcoder'.*left-to-right"):
        choose_template(OTHERS, setting="starcoder")


def test_the_nearest_family_is_named():
    with pytest.raises(InputError, match=r"'qwen2-coder'; did you mean 'qwen2.5-coder'\?"):
        choose_template(OTHERS, setting="qwen2-coder")


def test_without_a_near_family_all_are_listed():
    with pytest.raises(InputError, match=r"known: assist, .*, left-to-right"):
        choose_template(OTHERS, setting="zzz")


def test_the_path_is_a_comment_line():
    assert path_comment("src/a.py") == "# src/a.py\n"
