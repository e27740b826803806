"""The embedded model in both themes; the pictures of the documentation are made here.

They are written into the folder that ASSIST_PICTURES names.
"""

import os
from pathlib import Path

import pytest
from code_server import wait_for

INVENTORY = """\
import json


class Inventory:
    def __init__(self, path):
        self.path = path
        self.items = {}

    def load(self):
        with open(self.path) """
THEMES = {"light": "Light Modern", "dark": "Dark Modern"}
MAX_PICTURE_BYTES = 150_000


@pytest.fixture
def take_pictures(workbench, settings, tmp_path):
    """Takes a picture in each theme."""
    folder = Path(os.environ.get("ASSIST_PICTURES", tmp_path))

    def take(name):
        for theme, title in THEMES.items():
            settings(workbench__colorTheme=title)
            style = title.lower().replace(" ", "_")  # two themes may be light, or dark
            workbench.page("waitForSelector", f'.monaco-workbench[class*="{style}"]')
            file = folder / f"vscode-{name}-{theme}.png"
            workbench.screenshot(file)
            assert 0 < file.stat().st_size < MAX_PICTURE_BYTES

    return take


def test_ghost_text_and_a_summary_of_the_embedded_model_in_light_and_dark(
    workbench, settings, take_pictures
):
    settings(window__commandCenter=False, workbench__activityBar__location="hidden")
    settings(window__menuBarVisibility="hidden", workbench__layoutControl__enabled=False)
    workbench.page("setViewportSize", {"width": 900, "height": 420})
    workbench.open_with(None, INVENTORY)
    workbench.press("Control+B")
    workbench.page("waitForSelector", ".monaco-workbench.nosidebar")
    workbench.go_to_end()
    workbench.type("a")
    workbench.ask_for_ghost_text()
    take_pictures("ghost-text")
    workbench.press("Tab", "Control+A")
    workbench.run("Assist: Summarize Selection")
    workbench.wait_for_rendered("load()")
    take_pictures("summary")
    workbench.page("click", '.statusbar-item[id*="assist.status"] a')
    wait_for(lambda: workbench.texts(".quick-input-list .monaco-list-row"), "the menu")
    take_pictures("status")
    workbench.press("Escape", "Control+B")
    workbench.page("setViewportSize", {"width": 1000, "height": 600})
