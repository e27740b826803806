"""Time from the last key to ghost text in Neovim, compared with the server's time.

`editors_nvim.py PROGRAM` types lines of the standard library into real Neovim with the embedded
model, pauses after each as a reader would, and writes results/editors_nvim.json. It also measures,
in turns, the start with the plugin and without it by `nvim --startuptime`.
"""

import inspect
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests" / "editors" / "nvim"))

from neovim import PLUGIN, Neovim, init, real  # noqa: E402 - the tests' driver

PAUSES = 24
KEY_S = 0.03
PATIENCE_S = 3.0
STARTS = 30
RESULTS = HERE / "results" / "editors_nvim.json"
_WHY = """
_G.records = nil
local function keep(records) _G.records = records end
require("assist.client").execute("assist.why", { vim.uri_from_bufnr(0) }, keep)
"""


def _places() -> list[tuple[str, str]]:
    """Return texts above lines of the standard library, and the beginnings of those lines."""
    lines = inspect.getsource(tempfile).splitlines()
    numbers = [n for n, line in enumerate(lines) if n > 150 and len(line.strip()) > 24]
    chosen = numbers[:: max(1, len(numbers) // PAUSES)][:PAUSES]
    return [("\n".join(lines[:n]) + "\n", lines[n][: len(lines[n]) * 2 // 3]) for n in chosen]


def _measure(editor: Neovim, above: str, line: str, file: Path) -> tuple[float, float] | None:
    """Return milliseconds until ghost text, and the server's; None if there was no text."""
    file.write_text(above)
    editor.nvim.command(f"edit! {file}")
    editor.nvim.command("setlocal paste")  # no indentation of the editor's own
    editor.type("G", "o")
    for key in line:
        editor.nvim.input("<lt>" if key == "<" else key)
        time.sleep(KEY_S)
    typed = time.perf_counter()
    while not editor.ghost() and time.perf_counter() - typed < PATIENCE_S:
        time.sleep(0.002)
    seen_ms = (time.perf_counter() - typed) * 1000
    is_seen = bool(editor.ghost())
    editor.type("<Esc>")
    editor.lua(_WHY)
    records = editor.until(lambda: editor.lua("return _G.records"))
    return (seen_ms, records[0]["milliseconds"]) if is_seen else None


def run(program: Path, kind: str) -> dict[str, object]:
    """Measure one way of drawing; return its figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        everything = "settings = { completion = { min_confidence = 0 } },"
        drawn_by = f'ghost_text = "{kind}", keys = false, {everything}'
        editor = Neovim(program, folder).start(init(real(), drawn_by), folder / "start.py")
        try:
            editor.until_ready()
            places = enumerate(_places())
            found = [_measure(editor, *place, folder / f"{n}.py") for n, place in places]
        finally:
            editor.stop()
    shown = [pair for pair in found if pair]
    editor_ms, server_ms = zip(*shown, strict=True)
    return {
        "pauses": len(found),
        "shown": len(shown),
        "key_to_ghost_text_ms": _spread(editor_ms),
        "server_ms": _spread(server_ms),
        "editor_share_ms": _spread([seen - own for seen, own in shown]),
    }


def startup(program: Path) -> dict[str, float]:
    """Return milliseconds until Neovim has opened a file, with and without the plugin."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plain = "vim.g.loaded_python3_provider = 0\n"  # the search for it takes a second
        plugin = f"vim.opt.runtimepath:append({json.dumps(str(PLUGIN))})\n"
        scripts = {"without_ms": plain, "with_ms": plain + plugin}
        found: dict[str, list[float]] = {kind: [] for kind in scripts}
        (folder / "code.py").touch()
        for number in range(STARTS + 1):
            for kind, script in scripts.items():
                (folder / "init.lua").write_text(script)
                log = folder / f"{kind}-{number}"
                command = [program, "--headless", "-u", "init.lua", "--startuptime", log, "code.py"]
                home = {**os.environ, "HOME": name}
                subprocess.run([*command, "+qall"], cwd=folder, env=home, check=True)
                times = re.findall(r"^(\S+) .*NVIM STARTED", log.read_text(), re.MULTILINE)
                found[kind].append(float(times[-1]))
    pairs = list(zip(*found.values(), strict=True))[1:]  # the first start fills the disk's cache
    medians = {kind: statistics.median(times[1:]) for kind, times in found.items()}
    medians["added_ms"] = statistics.median(after - before for before, after in pairs)
    return {kind: round(value, 2) for kind, value in medians.items()}


def _spread(values: object) -> dict[str, float]:
    tenths = statistics.quantiles(values, n=10)
    return {"p50": round(tenths[4], 1), "p90": round(tenths[8], 1)}


def main() -> None:
    """Measure the start and both ways of drawing; save and print the figures."""
    program = Path(sys.argv[1]).absolute()
    results: dict[str, object] = {"load_average_before": os.getloadavg()[0]}
    results["startup"] = startup(program)
    results |= {kind: run(program, kind) for kind in ("builtin", "own")}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
