"""Finding out which interface a server has, and which model."""

from contextlib import suppress

from assist_server.engine.remote.connection import ServerConnection
from assist_server.engine.remote.failures import UnexpectedAnswerError
from assist_server.engine.remote.llama_server import LlamaServer, find_properties, get_properties
from assist_server.engine.remote.openai_server import OpenAiServer
from assist_server.engine.remote.served_model import ServedModel
from assist_server.engine.remote.vllm_server import VllmServer, find_vllm_model
from assist_server.errors import ModelServerError
from assist_server.settings import RemoteSettings


def open_model(connection: ServerConnection, settings: RemoteSettings) -> ServedModel:
    """Ask a server for its interface and its model; nothing of the user's text is sent.

    Raises:
        ModelError: there is no usable model; a ModelServerError if there may be one later.
    """
    model = settings.model
    if settings.api == "llama-server":
        return LlamaServer(connection, model, get_properties(connection, model))
    if settings.api == "auto" and (properties := find_properties(connection, model)):
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
