"""Names of GGUF files, which say how their weights are quantized."""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from assist_server.errors import ModelError

_PART = re.compile(r"-\d{5}-of-(\d{5})\.gguf", re.IGNORECASE)
_QUANTIZATION = re.compile(
    r"(?:^|[-._])((?:UD-)?(?:I?Q\d(?:_[A-Z0-9]+)*|TQ\d_\d|MXFP4(?:_[A-Z0-9]+)*|B?F16|F32|FP16|FP32))"
    r"(?=[-.])",
    re.IGNORECASE,
)
_MAX_LISTED = 20


def is_gguf_name(name: str) -> bool:
    """Return whether a file's name is that of a GGUF file."""
    return name.lower().endswith(".gguf")


def is_whole(name: str) -> bool:
    """Return whether a file is all of a model, not a part or an addition to one."""
    match = _PART.search(name)
    return "mmproj" not in name.lower() and (match is None or int(match[1]) == 1)


def check_whole(name: str) -> None:
    """Refuse a part of a model in several files.

    Raises:
        ModelError: the name is that of a part.
    """
    if _PART.search(name) and not is_whole(name):
        raise ModelError(
            f"{name!r} is a part of a model in several files, which are not supported; merge them "
            "with llama.cpp's `llama-gguf-split --merge`, or choose a smaller quantization"
        )


def quantization_of(name: str) -> str | None:
    """Return the quantization in a file's name, such as `Q4_K_M`; None if it has none."""
    found = _QUANTIZATION.findall(PurePosixPath(name).name)
    return found[-1] if found else None


def choose_file(names: Iterable[str], quantization: str, model: str) -> str:
    """Return the GGUF file that has a quantization.

    Args:
        names: The files of a repository.
        quantization: Such as `Q4_K_M`; capitals do not matter.
        model: The value of the setting `model`, for the error.

    Raises:
        ModelError: none or several have it, or it is in several files.
    """
    files = _models(names)
    word = re.compile(rf"(?<!\w){re.escape(quantization)}(?!\w)", re.IGNORECASE)
    found = [name for name in files if word.search(PurePosixPath(name).stem)]
    if found and all(map(_PART.search, found)):
        check_whole(found[0])
    if len(found) == 1:
        return found[0]
    if found:
        raise ModelError(f"{model!r} fits several files: {_listed(found)}; name one of them")
    raise ModelError(f"the hub has no GGUF file for {model!r}; {offer(files)}")


def offer(names: Iterable[str]) -> str:
    """Return which quantizations there are among the files of a repository."""
    files = _models(names)
    known = dict.fromkeys(each for name in files if (each := quantization_of(name)))
    if not files:
        return "the model has no GGUF files: leave the part after ':' out"
    return f"there is {_listed(known or files)}"


def _models(names: Iterable[str]) -> list[str]:
    """Return the GGUF files with models; `mmproj` files hold what adds images to one."""
    ggufs = (name for name in names if is_gguf_name(name))
    return sorted(name for name in ggufs if "mmproj" not in name.lower())


def _listed(names: Iterable[str]) -> str:
    first = list(names)
    rest = ["..."] if len(first) > _MAX_LISTED else []
    return ", ".join([*first[:_MAX_LISTED], *rest])
