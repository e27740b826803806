"""Pictures of real sessions: what Neovim tells a screen to show, drawn cell by cell.

`pictures.py PROGRAM FOLDER` writes nvim-*.png, light and dark, and nvim.gif. It needs Pillow, and
matplotlib for its font (the extra `bench`).
"""

import sys
import tempfile
from pathlib import Path

import matplotlib as mpl
from neovim import Neovim, init, real
from PIL import Image, ImageDraw, ImageFont

COLUMNS, ROWS = 84, 22
FONT_PIXELS = 22
FONTS = Path(mpl.get_data_path()) / "fonts" / "ttf"
FRAME_MS, PAUSE_MS = 70, 1300

PROGRAM = '''\
import json
from pathlib import Path


class Inventory:
    """The things in stock, by name."""

    def __init__(self, path):
        self.path = Path(path)
        self.items = {}

    def add(self, name, count=1):
        self.items[name] = self.items.get(name, 0) + count

    def save(self):
        self.path.write_text(json.dumps(self.items))
'''
LOOKS = """
vim.o.number, vim.o.laststatus, vim.o.showmode, vim.o.ruler = true, 2, false, false
vim.o.background, vim.o.expandtab, vim.o.shiftwidth = "{background}", true, 4
vim.o.statusline = " %t %m%=%{{%v:lua.require'assist'.statusline()%}}  %l:%c "
vim.opt.fillchars:append({{ eob = " " }})
"""


class Screen:
    """The cells of a screen, kept up to date by what Neovim says of them."""

    def __init__(self, editor: Neovim) -> None:
        self._nvim = editor.nvim
        self._cells = [[(" ", 0)] * COLUMNS for _ in range(ROWS)]
        self._looks = {0: {}}
        self._colours = (0, 0)
        self._cursor = (0, 0)
        self._mode = "normal"
        self._nvim.ui_attach(COLUMNS, ROWS, rgb=True, ext_linegrid=True)

    def picture(self) -> Image.Image:
        """The screen of now."""
        self._nvim.command(f"redraw | call rpcnotify({self._nvim.channel_id}, 'drawn')")
        while (message := self._nvim.next_message())[1] != "drawn":
            for name, *calls in message[2]:
                for arguments in calls:
                    getattr(self, f"_{name}", lambda *_: None)(*arguments)
        return self._draw()

    def _default_colors_set(self, foreground, background, *_):
        self._colours = (foreground, background)

    def _hl_attr_define(self, number, look, *_):
        self._looks[number] = look

    def _grid_clear(self, _):
        self._cells = [[(" ", 0)] * COLUMNS for _ in range(ROWS)]

    def _grid_cursor_goto(self, _, row, column):
        self._cursor = (row, column)

    def _mode_change(self, mode, _):
        self._mode = mode

    def _grid_line(self, _, row, column, cells, *__):
        look = 0
        for text, *rest in cells:
            look = rest[0] if rest else look
            for _ in range(rest[1] if len(rest) > 1 else 1):
                self._cells[row][column] = (text, look)
                column += 1

    def _grid_scroll(self, _, top, bottom, left, right, rows, __):
        order = range(top, bottom - rows) if rows > 0 else range(bottom - 1, top - rows - 1, -1)
        for row in order:
            self._cells[row][left:right] = self._cells[row + rows][left:right]

    def _draw(self) -> Image.Image:
        faces = {
            (bold, italic): ImageFont.truetype(
                FONTS / f"DejaVuSansMono{_face(bold, italic)}.ttf", FONT_PIXELS
            )
            for bold in (False, True)
            for italic in (False, True)
        }
        width, height = round(faces[False, False].getlength("m")), round(FONT_PIXELS * 1.35)
        margin = width
        size = (COLUMNS * width + 2 * margin, ROWS * height + 2 * margin)
        image = Image.new("RGB", size, _colour(self._colours[1]))
        pen = ImageDraw.Draw(image)
        for row, cells in enumerate(self._cells):
            for column, (text, number) in enumerate(cells):
                look = self._looks.get(number, {})
                ink, paper = self._ink_and_paper(look)
                left, top = margin + column * width, margin + row * height
                if paper != self._colours[1]:
                    pen.rectangle((left, top, left + width - 1, top + height - 1), _colour(paper))
                if text.strip():
                    face = faces[bool(look.get("bold")), bool(look.get("italic"))]
                    pen.text((left, top + 2), text, _colour(ink), font=face)
        row, column = self._cursor
        left, top = margin + column * width, margin + row * height
        bar = 3 if self._mode == "insert" else width
        cursor = (left, top, left + bar - 1, top + height - 1)
        pen.rectangle(
            cursor, _colour(self._colours[0]) if self._mode == "insert" else None, 0x888888
        )
        return image

    def _ink_and_paper(self, look):
        ink = look.get("foreground", self._colours[0])
        paper = look.get("background", self._colours[1])
        return (paper, ink) if look.get("reverse") else (ink, paper)


def _face(bold, italic):
    name = ("Bold" if bold else "") + ("Oblique" if italic else "")
    return f"-{name}" if name else ""


def _colour(number):
    return (number >> 16, number >> 8 & 255, number & 255)


def _session(program: Path, background: str) -> tuple[Neovim, Screen]:
    folder = Path(tempfile.mkdtemp())
    file = folder / "inventory.py"
    file.write_text(PROGRAM)
    looks = LOOKS.format(background=background)
    editor = Neovim(program, folder).start(looks + init(real()), file)
    editor.nvim.command("set shortmess+=F")
    screen = Screen(editor)
    editor.until_ready()
    return editor, screen


def _type(editor: Neovim, keys: str, shoot=lambda _: None) -> None:
    for key in keys:
        editor.type("<Space>" if key == " " else key)
        shoot(FRAME_MS)


def _type_until_ghost(editor: Neovim, keys: str, shoot=lambda _: None) -> None:
    _type(editor, keys, shoot)
    editor.until(editor.ghost)


def write_pictures(program: Path, folder: Path, background: str) -> None:
    """Ghost text and a summary."""
    editor, screen = _session(program, background)
    editor.type("G", "o", "<CR>", "<BS>", "def load(self):", "<CR>")
    _type_until_ghost(editor, "with open(self.path) ")
    editor.type("<Tab>", "<CR>")
    _type_until_ghost(editor, "self.items = json.load(")
    editor.until(editor.statusline, "assist: ready")
    _save(screen.picture(), folder / f"nvim-completion-{background}.png")
    editor.type("<Esc>")
    editor.nvim.command("5,$Assist summarize")
    editor.until(lambda: editor.lua("return vim.bo.filetype"), "markdown")
    editor.until(editor.statusline, "assist: ready")
    _save(screen.picture(), folder / f"nvim-summary-{background}.png")
    editor.stop()


def write_film(program: Path, path: Path) -> None:
    """A session: typing, accepting, documenting."""
    editor, screen = _session(program, "dark")
    frames = []

    def shoot(milliseconds):
        frames.append((screen.picture(), milliseconds))

    shoot(PAUSE_MS)
    editor.type("G", "o", "<CR>", "<BS>")
    _type(editor, "def load(self):", shoot)
    for line in ("with open(self.path) ", "self.items = json.load("):
        editor.type("<CR>")
        _type_until_ghost(editor, line, shoot)
        shoot(PAUSE_MS)
        editor.type("<Tab>")
        shoot(PAUSE_MS // 2)
    editor.type("<Esc>")
    undocumented = editor.text()
    editor.nvim.command("12")
    editor.nvim.command("Assist document")
    editor.until(lambda: editor.text() != undocumented)
    shoot(2 * PAUSE_MS)
    editor.stop()
    images = [image.resize((image.width * 3 // 5, image.height * 3 // 5)) for image, _ in frames]
    palette = images[-1].quantize(48)
    small = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images]
    times = [milliseconds for _, milliseconds in frames]
    small[0].save(path, save_all=True, append_images=small[1:], duration=times, loop=0)


def _save(image: Image.Image, path: Path) -> None:
    image.quantize(64).save(path, optimize=True)


if __name__ == "__main__":
    neovim, images = (Path(argument).absolute() for argument in sys.argv[1:])
    images.mkdir(parents=True, exist_ok=True)
    for wanted in ("dark", "light"):
        write_pictures(neovim, images, wanted)
    write_film(neovim, images / "nvim.gif")
