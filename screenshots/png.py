"""An emulated screen as PNG: text with a font of this machine, everything else drawn exactly."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

from PIL import Image, ImageColor, ImageDraw, ImageFont

from screenshots import cells, shapes

_SIZE = 15
_CELL = (9, 18)
_DOT = 2
_COLOURS, _STEPS = 256, 8
_FOLDERS = ("/usr/share/fonts/truetype/dejavu", "/usr/share/fonts/dejavu", "/usr/share/fonts/TTF")
_FILES = ("DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf")


def fonts() -> tuple[ImageFont.FreeTypeFont, ImageFont.FreeTypeFont]:
    """A monospaced font, plain and bold. Raises FileNotFoundError where this machine has none."""
    for folder in map(Path, _FOLDERS):
        if all((folder / file).exists() for file in _FILES):
            plain, bold = (ImageFont.truetype(str(folder / file), _SIZE) for file in _FILES)
            return plain, bold
    if shutil.which("fc-match"):
        found = [
            subprocess.run(["fc-match", "-f", "%{file}", f"monospace:{style}"], capture_output=True, text=True).stdout
            for style in ("regular", "bold")
        ]
        if all(found):
            plain, bold = (ImageFont.truetype(file, _SIZE) for file in found)
            return plain, bold
    raise FileNotFoundError("no monospaced font: install one, for example the package fonts-dejavu-core")


def write(screen: Any, file: Path) -> None:
    """Draw a pyte screen into a file."""
    width, height = _CELL
    plain, bold = fonts()
    runs = list(cells.runs(screen))
    ground = cells.ground(runs)
    image = Image.new("RGB", (screen.columns * width, screen.lines * height), ground)
    pen = ImageDraw.Draw(image)
    for run in runs:
        x, y = run.column * width, run.row * height
        if run.back != ground:
            pen.rectangle((x, y, x + run.cells * width - 1, y + height - 1), fill=run.back)
        if run.underlined:
            pen.line((x, y + height - 2, x + run.cells * width - 1, y + height - 2), fill=run.fore)
        for place, char in enumerate(run.chars):
            if char.isspace():
                continue
            at = (x + place * width, y)
            if shapes.drawn(char):
                _shape(pen, char, at, run)
            else:
                pen.text(at, char, font=bold if run.bold else plain, fill=run.fore)
    image.quantize(palette=_palette(runs), dither=Image.Dither.NONE).save(file, optimize=True)


def _palette(runs: list[cells.Run]) -> Image.Image:
    """The looks' own colours, and as many steps between text and ground as fit: rare colours are not lost to others."""
    pairs = Counter[tuple[str, str]]()
    for run in runs:
        pairs[run.fore, run.back] += run.cells
    steps = max(2, min(_STEPS, _COLOURS // len(pairs)))
    colours = [
        colour
        for (fore, back), _ in pairs.most_common(_COLOURS // 2)
        for colour in (_mixed(fore, back, step / (steps - 1)) for step in range(steps))
    ]
    image = Image.new("P", (1, 1))
    image.putpalette([part for colour in dict.fromkeys(colours) for part in colour])
    return image


def _shape(pen: ImageDraw.ImageDraw, char: str, at: tuple[int, int], run: cells.Run) -> None:
    (x, y), (width, height) = at, _CELL
    for left, top, right, bottom, share in shapes.boxes(char):
        box = (x + round(left * width), y + round(top * height), x + round(right * width), y + round(bottom * height))
        colour = run.fore if share == 1 else _mixed(run.fore, run.back, share)
        pen.rectangle((box[0], box[1], max(box[0], box[2] - 1), max(box[1], box[3] - 1)), fill=colour)
    for column, row in shapes.dots(char):
        left, top = x + round((0.5 + column) * width / 2) - 1, y + round((0.5 + row) * height / 4) - 1
        pen.rectangle((left, top, left + _DOT - 1, top + _DOT - 1), fill=run.fore)


def _mixed(over: str, under: str, share: float) -> tuple[int, ...]:
    pairs = zip(ImageColor.getrgb(over), ImageColor.getrgb(under), strict=True)
    return tuple(round(top * share + below * (1 - share)) for top, below in pairs)
