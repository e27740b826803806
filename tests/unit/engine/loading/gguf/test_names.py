import pytest

from assist_server.engine.loading.gguf.names import (
    check_whole,
    choose_file,
    is_whole,
    offer,
    quantization_of,
)
from assist_server.errors import ModelError

FILES = [
    "README.md",
    "config.json",
    "coder-1.5b-q4_k_m.gguf",
    "coder-1.5b-Q4_K_S.gguf",
    "coder-1.5b-Q8_0.gguf",
    "coder-1.5b-IQ4_XS.gguf",
    "coder-1.5b-UD-Q5_K_XL.gguf",
    "BF16/coder-1.5b-BF16-00001-of-00002.gguf",
    "BF16/coder-1.5b-BF16-00002-of-00002.gguf",
    "F16/coder-1.5b.F16.gguf",
    "mmproj-coder-Q8_0.gguf",
]


@pytest.mark.parametrize(
    ("quantization", "file"),
    [
        ("Q4_K_M", "coder-1.5b-q4_k_m.gguf"),
        ("q4_k_s", "coder-1.5b-Q4_K_S.gguf"),
        ("Q8_0", "coder-1.5b-Q8_0.gguf"),
        ("IQ4_XS", "coder-1.5b-IQ4_XS.gguf"),
        ("Q5_K_XL", "coder-1.5b-UD-Q5_K_XL.gguf"),
        ("UD-Q5_K_XL", "coder-1.5b-UD-Q5_K_XL.gguf"),
        ("F16", "F16/coder-1.5b.F16.gguf"),
    ],
)
def test_the_file_of_a_quantization_is_found(quantization, file):
    assert choose_file(FILES, quantization, "some/coder") == file


@pytest.mark.parametrize("quantization", ["Q4_K", "Q4", "Q6_K", "coder-1.5", "4_XS"])
def test_what_there_is_is_listed(quantization):
    with pytest.raises(ModelError) as caught:
        choose_file(FILES, quantization, "some/coder:?")
    assert str(caught.value).endswith(
        "there is BF16, F16, IQ4_XS, Q4_K_S, Q8_0, UD-Q5_K_XL, q4_k_m"
    )


def test_a_word_that_several_files_have_is_refused():
    with pytest.raises(ModelError, match=r"fits several files: BF16.*; name one of them"):
        choose_file(FILES, "coder", "some/coder:coder")


def test_a_model_in_several_files_is_refused():
    with pytest.raises(ModelError, match="llama-gguf-split --merge"):
        choose_file(FILES, "BF16", "some/coder:BF16")


def test_a_model_without_gguf_files():
    assert "no GGUF files" in offer(["config.json", "model.safetensors"])


def test_files_without_a_known_quantization_are_listed_themselves():
    assert offer(["ggml-model.gguf"]) == "there is ggml-model.gguf"


@pytest.mark.parametrize(
    ("name", "quantization"),
    [
        ("SmolLM2-135M-Instruct.Q4_1.gguf", "Q4_1"),
        ("qwen2.5-coder-0.5b-instruct-fp16.gguf", "fp16"),
        ("gpt-oss-20b-MXFP4.gguf", "MXFP4"),
        ("a-Q4_0_4_4.gguf", "Q4_0_4_4"),
        ("folder-Q8_0/model.gguf", None),
        ("Qwen2.5-Coder.gguf", None),
    ],
)
def test_the_quantization_in_a_name(name, quantization):
    assert quantization_of(name) == quantization


def test_parts_and_additions_are_not_whole():
    assert [name for name in FILES if name.endswith("gguf") and not is_whole(name)] == [
        "BF16/coder-1.5b-BF16-00001-of-00002.gguf",
        "BF16/coder-1.5b-BF16-00002-of-00002.gguf",
        "mmproj-coder-Q8_0.gguf",
    ]
    check_whole("a-00001-of-00001.gguf")
