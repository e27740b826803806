"""Finding out which interface a server has, and which model."""

from assist_server.engine.remote.connection import Json, ServerConnection
from assist_server.engine.remote.failures import UnexpectedAnswerError
from assist_server.engine.remote.llama_server import LlamaServer
from assist_server.engine.remote.openai_server import OpenAiServer
from assist_server.engine.remote.served_model import ServedModel
from assist_server.errors import ModelError, ModelServerError
from assist_server.settings import RemoteSettings


def open_model(connection: ServerConnection, settings: RemoteSettings) -> ServedModel:
    """Ask a server for its interface and its model; nothing of the user's text is sent.

    Raises:
        ModelError: there is no usable model; a ModelServerError if there may be one later.
    """
    if settings.api == "llama-server":
        return LlamaServer(connection, settings.model, connection.get("/props"))
    if settings.api == "auto" and (properties := _llama_properties(connection)) is not None:
        return LlamaServer(connection, settings.model, properties)
    return OpenAiServer(connection, settings.model)


def _llama_properties(connection: ServerConnection) -> Json | None:
    """Return what a llama-server says about itself; None if the server is another one.

    Raises:
        ModelServerError: the server cannot be used now.
    """
    try:
        properties = connection.get("/props")
    except UnexpectedAnswerError:
        return None
    except ModelServerError:
        raise
    except ModelError:  # it refuses this request
        return None
    return properties if "default_generation_settings" in properties else None
