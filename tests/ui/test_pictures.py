"""Pictures of an emulated screen: every cell in its place, whatever stands in it."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.emulator import Emulator
from screenshots import cells, shapes, svg

SVG = "{http://www.w3.org/2000/svg}"
SCREEN = (
    "\x1b[48;5;234m\x1b[2J\x1b[H \x1b[1;38;5;203m<b>&\x1b[22m  ok\x1b[0m\r\n日本 ─── █▌ ⣀⣿\r\ne\u0301x\x1b[7mred\x1b[0m"
)


def shown(text: str) -> Emulator:
    """A screen of 20 by 4 that has been sent a text."""
    emulator = Emulator(20, 4)
    emulator.feed(text.encode())
    return emulator


def words(picture: str) -> Iterator[tuple[str, int, int, int]]:
    """Each piece of text in an SVG file: what, its column, its row, and how many cells it takes."""
    for text in ElementTree.fromstring(picture).iter(f"{SVG}text"):
        yield (
            text.text or "",
            int(text.get("x", "")) // 9,
            int(text.get("y", "")) // 18,
            int(text.get("textLength", "")) // 9,
        )


def test_text_keeps_its_cells() -> None:
    assert list(words(svg.picture(shown(SCREEN).screen))) == [
        ("<b>&", 1, 0, 4),
        ("ok", 7, 0, 2),
        ("日", 0, 1, 2),
        ("本", 2, 1, 2),
        ("éx", 0, 2, 2),
        ("red", 2, 2, 3),
    ]


def test_every_cell_belongs_to_one_run() -> None:
    found = list(cells.runs(shown(SCREEN).screen))
    taken = [(run.row, column) for run in found for column in range(run.column, run.column + run.cells)]
    assert taken == [(row, column) for row in range(4) for column in range(20)]


def test_lines_blocks_and_braille_are_drawn_not_written() -> None:
    for char in "─│┌┐└┘├┤┬┴┼▁▂▃▄▅▆▇█▏▎▍▌▋▊▉▀▐░▒▓▖▟⠁⣿":
        assert shapes.drawn(char), char
    for char in "aé日·●▲|":
        assert not shapes.drawn(char), char


def test_shapes_fill_what_their_names_say() -> None:
    assert shapes.boxes("\N{FULL BLOCK}") == ((0, 0, 1, 1, 1),)
    assert shapes.boxes("\N{LEFT THREE EIGHTHS BLOCK}") == ((0, 0, 0.375, 1, 1),)
    assert shapes.boxes("\N{LOWER ONE QUARTER BLOCK}") == ((0, 0.75, 1, 1, 1),)
    assert shapes.dots("\N{BRAILLE PATTERN DOTS-1478}") == ((0, 0), (1, 0), (0, 3), (1, 3))


def test_a_png_shows_the_colours_of_the_screen(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow draws the PNG files")
    from screenshots import png

    try:
        png.fonts()
    except FileNotFoundError as missing:
        pytest.skip(str(missing))
    file = tmp_path / "screen.png"
    png.write(shown("\x1b[38;5;203;48;5;24m█ \x1b[0m").screen, file)
    with image.open(file) as picture:
        assert picture.mode == "P"
        pixels = picture.convert("RGB")
        assert pixels.size == (20 * 9, 4 * 18)
        assert [pixels.getpixel((x, 9)) for x in (4, 13, 40)] == [(255, 95, 95), (0, 95, 135), (0x10, 0x12, 0x16)]
