"""Finding out which interface a server has, and which model."""

from urllib.parse import quote

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
        return LlamaServer(connection, settings.model, connection.get(_properties_path(settings)))
    if settings.api == "auto" and (properties := _llama_properties(connection, settings)):
        return LlamaServer(connection, settings.model, properties)
    return OpenAiServer(connection, settings.model)


def _properties_path(settings: RemoteSettings) -> str:
    """Return where a llama-server describes the model; it may have several."""
    return "/props" + (f"?model={quote(settings.model, safe='')}" if settings.model else "")


def _llama_properties(connection: ServerConnection, settings: RemoteSettings) -> Json | None:
    """Return what a llama-server says about itself; None if the server is another one.

    Raises:
        ModelServerError: the server cannot be used now.
    """
    try:
        properties = connection.get(_properties_path(settings))
    except UnexpectedAnswerError:
        return None
    except ModelServerError:
        raise
    except ModelError:  # it refuses this request
        return None
    return properties if "default_generation_settings" in properties else None
