"""Print the summary of each file in a folder without a model, for people to judge.

python benchmarks/summary_sheet.py FOLDER
"""

import sys
from pathlib import Path

from assist_server.context.selection import Selection
from assist_server.context.snapshot import Snapshot
from assist_server.engine.backend import NullBackend
from assist_server.errors import InputError
from assist_server.features.summarize.kinds import recognize
from assist_server.features.summarize.summarize import summarize
from assist_server.settings import Settings


def main(folder: Path) -> None:
    """Print kind, size and summary of each file, in the order of their names."""
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        text = path.read_bytes().decode("utf-8", "replace")
        selection = Selection(Snapshot(path.as_uri(), path.name, text), 0, len(text))
        print(f"=== {path.name} ({recognize(selection)}, {text.count(chr(10))} lines)")
        try:
            print(summarize(selection, NullBackend(), Settings()).markdown)
        except InputError as error:
            print(f"refused: {error}")
        print()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
