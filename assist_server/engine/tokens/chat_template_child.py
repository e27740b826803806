"""A program that renders one chat template: JSON on standard input, JSON on standard output.

It runs as a script, without this package. The Jinja environment is that of transformers, for which
templates are written.
"""

import contextlib
import datetime as dt
import json
import sys
from typing import Any

_MAX_CHARS = 1 << 20
_MAX_S, _MAX_BYTES = 5, 1 << 30


def main() -> None:
    """Render the template of one request."""
    request = json.load(sys.stdin)
    sys.path += request["folders"]
    _limit_itself()
    try:
        answer = {"text": _render(request["template"], request["values"])}
    except Exception as error:  # noqa: BLE001 - a template may do anything
        said = " ".join(str(error).split())[:200]
        answer = {"error": said or type(error).__name__}
    json.dump(answer, sys.stdout)


def _limit_itself() -> None:
    """Limit processor time and memory, if the system can."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - only POSIX has it

        resource.setrlimit(resource.RLIMIT_CPU, (_MAX_S, _MAX_S))
        resource.setrlimit(resource.RLIMIT_AS, (_MAX_BYTES, _MAX_BYTES))


def _render(template: str, values: dict[str, Any]) -> str:
    # Imported here: its folders come with the request.
    import jinja2  # noqa: PLC0415
    from jinja2.ext import Extension, loopcontrols  # noqa: PLC0415
    from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415

    class Generation(Extension):
        """The block `generation`, which marks the model's answer for training."""

        tags = {"generation"}  # noqa: RUF012 - as Jinja has it

        def parse(self, parser: Any) -> Any:
            next(parser.stream)
            return parser.parse_statements(("name:endgeneration",), drop_needle=True)

    def raise_exception(message: str) -> None:
        raise jinja2.TemplateError(message)

    def tojson(value: Any, *, ensure_ascii: bool = False, **options: Any) -> str:
        return json.dumps(value, ensure_ascii=ensure_ascii, **options)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols]
    )
    environment.filters["tojson"] = tojson
    environment.globals["raise_exception"] = raise_exception
    environment.globals["strftime_now"] = lambda form: dt.datetime.now().astimezone().strftime(form)
    text = ""
    for piece in environment.from_string(template).generate(values):
        text += piece
        if len(text) > _MAX_CHARS:
            raise ValueError("its text is too long")
    return text


if __name__ == "__main__":
    main()
