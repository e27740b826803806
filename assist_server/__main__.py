"""Entry point of `python -m assist_server` and of the command `assist-server`."""

import sys

from assist_server.search_path import forget_working_folder

_INTERRUPTED = 128 + 2
"""Exit code of shells for SIGINT."""


def _is_of_editors(argument: str) -> bool:
    """Return whether client libraries of editors add this argument, which has no effect."""
    return argument == "--stdio" or argument.startswith("--clientProcessId=")


def run() -> None:
    """Run the command line."""
    forget_working_folder()
    from assist_server.cli import process  # noqa: PLC0415 - after the path has changed

    process.begin()
    code: object = None
    try:
        if sys.argv[1:2] == ["connect"] and all(map(_is_of_editors, sys.argv[2:])):
            # One runs for each window: without the memory that parsing arguments takes.
            from assist_server.cli.connect import run_connect  # noqa: PLC0415

            run_connect()
        from assist_server.cli.main import main  # noqa: PLC0415 - it may be interrupted, too

        main()
    except SystemExit as ended:
        code = ended.code
    except KeyboardInterrupt:
        code = _INTERRUPTED
    process.end(code)


if __name__ == "__main__":
    run()
