"""A model that is downloaded when it is first used."""

import re

from fake_hub import fake_hub, stand_in
from neovim import scripted

SCREENS_LAST_LINE = """
vim.cmd.redraw()
local cells = {}
for column = 1, vim.o.columns do
  table.insert(cells, vim.fn.screenstring(vim.o.lines, column))
end
return vim.trim(table.concat(cells))
"""


def test_bytes_are_seen_while_a_model_is_downloaded(start, tmp_path):
    with fake_hub("somebody/model", stand_in(tmp_path / "served")) as hub:
        hub.weather.held_after = 8_000_000
        editor = start(scripted("alpha(1)", hub=hub.script(tmp_path / "cache")))
        last_line = lambda: editor.lua(SCREENS_LAST_LINE)  # noqa: E731 - a probe
        seen = r"assist: loading [1-9]\d?% \(downloading [\d.]+/16.0 MB, "
        editor.until(lambda: re.search(seen, last_line()))
        hub.weather.released.set()
        editor.until_ready()
        assert editor.heard() == []
