"""From the setting `model` to a loaded backend."""

import logging
import os
import re
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from assist_server.engine.backend import Backend, ModelChoice, Report, tell_nobody
from assist_server.engine.loading.torch_import import (
    let_waiting_threads_sleep,
    preload_torch_libraries,
    quiet_loading,
)
from assist_server.engine.memory import return_free_memory
from assist_server.errors import ModelError

_log = logging.getLogger(__name__)

EMBEDDED = "embedded"
EMBEDDED_FOLDER = Path(__file__).parents[2] / "embedded"


def open_backend(choice: ModelChoice, report: Report = tell_nobody) -> Backend:
    """Load what the setting `model` names: `embedded`, a folder, or a hub id.

    Takes seconds, of which the interpreter is mostly free for other threads. `report` is told what
    is being done, on another thread.

    Raises:
        ModelError: nothing loadable is there.
    """
    source = locate_model(choice.model)
    return _on_a_passing_thread(lambda: _load(source, choice, report))


def _on_a_passing_thread(load: Callable[[], Backend]) -> Backend:
    """Load on a thread that ends with it.

    OpenMP keeps a team of helpers for each thread that has computed, for as long as that thread
    lives. Were the loading one to live on beside the model's own, there would be more helpers than
    processors; they sleep between any two operators then, and a decoding step takes twice as long.
    """
    loaded: Future[Backend] = Future()

    def work() -> None:
        try:
            backend = load()
        except BaseException as error:  # noqa: BLE001 - it is raised where the model is waited for
            if not isinstance(error, ModelError):
                _log.exception("loading failed")
            loaded.set_exception(_without_frames(error))
        else:
            loaded.set_result(backend)
        return_free_memory()

    threading.Thread(target=work, name="assist-opening", daemon=True).start()
    try:
        return loaded.result()
    finally:
        loaded = Future()  # an error's traceback holds this frame: no circle


def _without_frames(error: BaseException) -> BaseException:
    """An error that holds no traceback: its frames would hold what was loaded so far."""
    error.__cause__ = error.__context__ = error.__traceback__ = None
    return error


def _load(source: str, choice: ModelChoice, report: Report) -> Backend:
    with quiet_loading():
        if not Path(source).is_dir():
            # Before torch, which takes seconds: where there is no network, it is said at once.
            from assist_server.engine.loading.hub import fetch_model  # noqa: PLC0415

            source = str(fetch_model(source, report))
        report("starting torch", 0)
        let_waiting_threads_sleep()
        preload_torch_libraries()
        # Imported here, on the loading thread: the server must answer long before torch is there.
        try:
            from assist_server.engine.transformers_backend import (  # noqa: PLC0415
                TransformersBackend,
            )
        except (ImportError, OSError) as error:
            raise ModelError(
                f"torch cannot be imported ({error}); install assist-server again"
            ) from error
        return TransformersBackend.load(source, choice, report)


def locate_model(model: str, setting: str = "model") -> str:
    """The folder or hub id to load; what can be checked without torch is checked here.

    Args:
        model: The value of a setting.
        setting: Its name, which the user has to correct.

    Raises:
        ModelError: the setting names no model, or a folder that cannot be one.
    """
    if model == EMBEDDED:
        return str(EMBEDDED_FOLDER)
    folder = Path(os.path.expanduser(model))  # noqa: PTH111 - Path's raises where no home is known
    is_spelled_as_folder = model.startswith((".", "~")) or folder.is_absolute()
    if is_spelled_as_folder and os.path.isdir(folder):  # noqa: PTH112 - as for the next one
        _check_folder(folder, setting)
        return str(folder)
    if not is_spelled_as_folder and os.path.exists(folder):  # noqa: PTH110 - Path's raises
        # transformers would load it, and a cloned repository may bring such a folder along.
        raise ModelError(
            f"{model!r} is a hub id and also a folder here; write the folder as './{model}', "
            "or start from another working directory"
        )
    if not is_spelled_as_folder and _looks_like_hub_id(model):
        return model
    raise ModelError(
        f"there is no model at {model!r}; set `{setting}` to {EMBEDDED!r}, to a folder that holds "
        "config.json and *.safetensors, or to a hub id such as 'Qwen/Qwen2.5-Coder-0.5B'"
    )


_NEEDED = {
    "config.json": ("config.json",),
    "weights (*.safetensors)": ("*.safetensors",),
    "tokenizer (tokenizer.json)": (
        "tokenizer.json",
        "tokenizer.model",
        "vocab.json",
        "tekken.json",
    ),
}


def _check_folder(folder: Path, setting: str) -> None:
    # transformers would invent an empty tokenizer, and name missing weights in half a page.
    for what, patterns in _NEEDED.items():
        if not any(any(folder.glob(pattern)) for pattern in patterns):
            raise ModelError(
                f"the model folder {str(folder)!r} has no {what}; "
                "save the model there with save_pretrained, "
                f"or set `{setting}` to another folder"
            )


def _looks_like_hub_id(model: str) -> bool:
    return re.fullmatch(r"[\w.-]+/[\w.-]+", model, re.ASCII) is not None
