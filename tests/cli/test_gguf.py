"""A GGUF file in the place of a folder, in every command that takes a model."""

import json

import gguf
import pytest
from tiny_gguf import save_gguf

TEMPLATE = "{% for m in messages %}<|im_start|>{{ m.content }}<|im_end|>{% endfor %}<|im_start|>"


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    file = tmp_path_factory.mktemp("models") / "coder-BF16.gguf"
    kind = gguf.GGMLQuantizationType.BF16  # as exported models have it
    save_gguf("qwen2", file, kind, more={"tokenizer.chat_template": TEMPLATE})
    return file


def test_doctor_loads_it_and_finds_its_infilling_format(run, file):
    result = run("doctor", "--json", "--model", file, "--device", "cpu")
    checks = {check["name"]: check for check in json.loads(result.out)}
    assert str(file) in checks["model"]["detail"]
    assert checks["infilling"]["detail"] == "qwen2.5-coder"
    assert result.code == 0


def test_a_completion_is_written_with_it(run, project, file):
    (project / "a.py").write_text("def add(a, b):\n    return \n")
    place = ("--line", 2, "--column", 12)
    result = run("complete", "a.py", *place, "--model", file, "--device", "cpu", "--json")
    assert result.code == 0
    assert json.loads(result.out)["new_tokens"] > 0


def test_it_is_exported_as_a_folder_that_answers_alike(run, project, file):
    assert run("models", "export", "out", "--model", file).code == 0
    (project / "a.py").write_text("x = 1\ny = \n")
    command = ("complete", "a.py", "--line", 2, "--column", 5, "--device", "cpu", "--json")
    answers = [json.loads(run(*command, "--model", model).out) for model in ("./out", file)]
    for answer in answers:
        answer.pop("milliseconds")
    assert answers[0] == answers[1]


def test_packed_weights_for_a_corpus_are_for_folders(run, project, file):
    (project / "corpus").mkdir()
    result = run("models", "export", "out", "--packed", "--corpus", "corpus", "--model", file)
    assert result.code == 2
    assert "--corpus is for a folder" in result.err


@pytest.mark.parametrize("content", [b"", b"GGUF", b"no model"])
def test_a_file_that_is_no_model_is_one_line(run, project, content):
    (project / "a.gguf").write_bytes(content)
    (project / "a.py").write_text("x = 1\n")
    result = run("complete", "a.py", "--line", 1, "--column", 1, "--model", "./a.gguf")
    assert result.code == 2
    assert result.err.count("\n") == 1
    assert "download it again" in result.err
