"""Time from the last key to ghost text in VS Code, compared with the server's time.

`editors_vscode.py TOOLS` types lines of the standard library into real VS Code with the embedded
model and writes results/editors_vscode.json, including the activation time of the extension from
"Show Running Extensions". TOOLS is the folder made by tests/editors/vscode/install_tools.sh; the
extension must be packaged.
"""

import inspect
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
VSCODE_TESTS = HERE.parent / "tests" / "editors" / "vscode"
sys.path.insert(0, str(VSCODE_TESTS))

from workbench import (  # noqa: E402
    EXTENSION,
    READY,
    CodeServer,
    Page,
    PageError,
    Workbench,
)

PAUSES = 24
KEY_MS = 30
PATIENCE_MS = 3000
LOADS = 5
RESULTS = HERE / "results" / "editors_vscode.json"
WAIT_FOR_GHOST_TEXT = """
(patience) => new Promise((resolve) => {
  const selector = ".ghost-text-decoration, .ghost-text-decoration-preview";
  const started = performance.now(), typed = window.lastKeyTime ?? started;
  const look = () => {
    if (document.querySelector(selector)) resolve(performance.now() - typed);
    else if (performance.now() - started > patience) resolve(null);
    else requestAnimationFrame(look);
  };
  look();
})
"""
NOTE_KEYS = """
() => document.addEventListener("keydown", () => { window.lastKeyTime = performance.now(); }, true)
"""


def places() -> list[tuple[str, str]]:
    """Return texts above lines of the standard library, and the beginnings of those lines."""
    lines = inspect.getsource(tempfile).splitlines()
    numbers = [n for n, line in enumerate(lines) if n > 150 and len(line.strip()) > 24]
    chosen = numbers[:: max(1, len(numbers) // PAUSES)][:PAUSES]
    return [("\n".join(lines[:n]) + "\n", lines[n][: len(lines[n]) * 2 // 3]) for n in chosen]


def measure(workbench: Workbench, above: str, line: str) -> tuple[float, float] | None:
    """Return milliseconds until ghost text, and the server's; None if there was no text."""
    workbench.open_with(None, above)
    workbench.press("Control+End")
    workbench.page("keyboard.type", line, {"delay": KEY_MS})
    seen_ms = workbench.page("evaluate", {"function": WAIT_FOR_GHOST_TEXT}, PATIENCE_MS)
    if seen_ms is None:
        return None
    workbench.run("Assist: Show Why")
    workbench.wait_for_rendered("The last answers")
    answer = re.search(r"shown.*?([\d.]+) ms", workbench.rendered(), flags=re.DOTALL)
    return (seen_ms, float(answer[1])) if answer else None


def activation(workbench: Workbench) -> int:
    """Reload the window; return the milliseconds that the extension's activation took."""
    workbench.page("goto", workbench.server.url)
    workbench.wait_for_status(READY)
    workbench.run("Developer: Show Running Extensions")
    extension = '.runtime-extensions-editor .extension:has-text("assist-server")'
    workbench.page("waitForSelector", f"{extension} .activation-time")
    (time,) = workbench.texts(f"{extension} .activation-time")
    return int(re.search(r"(\d+) ?ms", time)[1])


def run(tools: Path) -> dict[str, object]:
    """Measure everything; return the figures."""
    with tempfile.TemporaryDirectory() as name:
        server = CodeServer(tools, Path(name))
        script = Path(name, "script.json")
        # As in the tests: a scripted server while the workbench warms up, then the real one.
        server.environment["PYTHONPATH"] = str(HERE.parent / "tests" / "support")
        command = [sys.executable, str(VSCODE_TESTS / "served.py"), str(script)]
        quiet = {"editor__autoIndent": "none", "editor__autoClosingBrackets": "never"}
        everything = {"assist__completion__min_confidence": 0}  # those of low confidence, too
        server.change_settings(assist__server__command=command, **quiet, **everything)
        install = ["bash", "-c", "code --install-extension dist/assist-server.vsix"]
        subprocess.run(install, cwd=EXTENSION, env=server.environment, check=True)
        server.start()
        page = Page(tools)
        try:
            workbench = Workbench(server, page, script)
            workbench.start()
            activations = [activation(workbench) for _ in range(LOADS)]
            page("evaluate", {"function": NOTE_KEYS})
            found = [measure(workbench, *place) for place in places()]
        except PageError as error:
            sys.exit(str(error))
        finally:
            page.close()
            server.stop()
    shown = [pair for pair in found if pair]
    return {
        "activation_ms": {"median": statistics.median(activations), "most": max(activations)},
        "pauses": len(found),
        "shown": len(shown),
        "key_to_ghost_text_ms": spread([seen for seen, _ in shown]),
        "server_ms": spread([own for _, own in shown]),
        "editor_share_ms": spread([seen - own for seen, own in shown]),
    }


def spread(values: list[float]) -> dict[str, float]:
    """Return the median and the 90th percentile."""
    tenths = statistics.quantiles(values, n=10)
    return {"p50": round(tenths[4], 1), "p90": round(tenths[8], 1)}


def main() -> None:
    """Measure; save and print the figures."""
    load = os.getloadavg()[0]
    results = {"load_average_before": load, **run(Path(sys.argv[1]).absolute())}
    RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
