"""Document a function from Python: `python examples/document.py`."""

from assist_server.context.snapshot import Snapshot
from assist_server.engine.backend import ModelChoice
from assist_server.engine.loading.open_backend import open_backend
from assist_server.engine.request import CancelToken
from assist_server.features.documentation.document import document
from assist_server.features.documentation.model_writer import model_phrase_writer
from assist_server.settings import Settings
from assist_server.text.edits import apply_edits

TEXT = """\
def area(width, height):
    if width < 0:
        raise ValueError(f"negative width: {width}")
    return width * height
"""

settings = Settings(model="embedded")
backend = open_backend(ModelChoice.of(settings))
write_phrase = model_phrase_writer("a.py", backend, settings, CancelToken())
found = document(Snapshot("", "a.py", TEXT), 0, write_phrase, settings.documentation)
print(apply_edits(TEXT, found.edits))
backend.close()
