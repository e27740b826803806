"""Finding out which interface a server has, and which model."""

from contextlib import suppress

from assist_server.engine.remote.connection import Json, ServerConnection
from assist_server.engine.remote.failures import UnexpectedAnswerError
from assist_server.engine.remote.llama_server import LlamaServer, get_properties
from assist_server.engine.remote.openai_server import OpenAiServer
from assist_server.engine.remote.served_model import ServedModel
from assist_server.engine.remote.vllm_server import VllmServer, find_vllm_model
from assist_server.errors import ModelError, ModelServerError
from assist_server.settings import RemoteSettings


def open_model(connection: ServerConnection, settings: RemoteSettings) -> ServedModel:
    """Ask a server for its interface and its model; nothing of the user's text is sent.

    Raises:
        ModelError: there is no usable model; a ModelServerError if there may be one later.
    """
    model = settings.model
    if settings.api == "llama-server":
        return LlamaServer(connection, model, get_properties(connection, model))
    if settings.api == "auto" and (properties := _llama_properties(connection, model)):
        return LlamaServer(connection, model, properties)
    described = None if settings.api == "openai" else find_vllm_model(connection, model)
    if settings.api == "vllm":
        if described is None:
            raise ModelServerError(
                f"{connection.address.host} lists no model as vLLM does; check remote.url, and set "
                "remote.model if there are several"
            )
        return VllmServer(connection, described)
    if described is not None:
        with suppress(UnexpectedAnswerError):  # a gateway may pass on a part of the interface
            return VllmServer(connection, described)
    return OpenAiServer(connection, model)


def _llama_properties(connection: ServerConnection, model: str) -> Json | None:
    """Return what a llama-server says about itself; None if the server is another one.

    Raises:
        ModelServerError: the server cannot be used now.
    """
    try:
        properties = get_properties(connection, model)
    except UnexpectedAnswerError:
        return None
    except ModelServerError:
        raise
    except ModelError:  # it refuses this request
        return None
    return properties if "default_generation_settings" in properties else None
