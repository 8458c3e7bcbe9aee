"""An emulated screen as SVG: each run of text is stretched to its cells, so that any font keeps the columns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from typing import Any

from screenshots import cells, shapes

_WIDTH, _HEIGHT, _SIZE, _BASE = 9, 18, 15, 14
_DOT = 2
_PITCH = _HEIGHT / 4
_FONTS = "'DejaVu Sans Mono','Cascadia Mono',Menlo,Consolas,'Liberation Mono',monospace"


def write(screen: Any, file: Path) -> None:
    """Draw a pyte screen into a file."""
    file.write_text(picture(screen), encoding="utf-8")


def picture(screen: Any) -> str:
    """A pyte screen as the text of an SVG file."""
    runs = list(cells.runs(screen))
    ground = cells.ground(runs)
    texts: list[str] = []
    grounds: dict[str, list[str]] = defaultdict(list)
    blocks: dict[tuple[str, float], list[str]] = defaultdict(list)
    dotted: dict[str, set[tuple[int, int]]] = defaultdict(set)
    for run in runs:
        if run.back != ground:
            across = run.cells * _WIDTH
            grounds[run.back].append(f"M{run.column * _WIDTH} {run.row * _HEIGHT}h{across}v{_HEIGHT}h-{across}z")
        texts.extend(_words(run))
        for (colour, share), paths in _boxes(run).items():
            blocks[colour, share].extend(paths)
        for place, char in enumerate(run.chars):
            for column, row in shapes.dots(char):
                dotted[run.fore].add(((run.column + place) * 2 + column, run.row * 4 + row))
    width, height = screen.columns * _WIDTH, screen.lines * _HEIGHT
    size = f'width="{width}" height="{height}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {size}>',
            f"<style>text{{font:{_SIZE}px {_FONTS};white-space:pre}}.b{{font-weight:bold}}</style>",
            f'<rect {size} fill="{ground}"/>',
            *(_path(f'fill="{colour}"', paths) for colour, paths in grounds.items()),
            *(_path(f'fill="{colour}" fill-opacity="{share:g}"', paths) for (colour, share), paths in blocks.items()),
            *(_dots(colour, places) for colour, places in dotted.items()),
            *texts,
            "</svg>\n",
        ]
    )


def _words(run: cells.Run) -> list[str]:
    """The text of a run; where blanks or what is drawn otherwise stand in it, in pieces."""
    found = []
    attributes = f'fill="{run.fore}"'
    if run.bold:
        attributes += ' class="b"'
    if run.underlined:
        attributes += ' text-decoration="underline"'
    for begin, chars in _pieces(run):
        x, y = (run.column + begin) * _WIDTH, run.row * _HEIGHT + _BASE
        wide = run.cells if run.cells > len(run.chars) else len(chars)
        found.append(
            f'<text x="{x}" y="{y}" textLength="{wide * _WIDTH}" lengthAdjust="spacingAndGlyphs" {attributes}>'
            f"{escape(''.join(chars))}</text>"
        )
    return found


def _pieces(run: cells.Run) -> Iterator[tuple[int, list[str]]]:
    """Stretches of text with single blanks in them at most: where each begins, and its characters."""
    begin, chars = 0, list[str]()
    for place, char in enumerate((*run.chars, " ", " ")):
        if not char.isspace() and not shapes.drawn(char):
            if not chars:
                begin = place
            chars.append(char)
        elif chars and char == " " and chars[-1] != " ":
            chars.append(char)
        elif chars:
            yield begin, chars[:-1] if chars[-1] == " " else chars
            chars = []


def _boxes(run: cells.Run) -> dict[tuple[str, float], list[str]]:
    """The rectangles of a run by colour and opacity; what continues in the next cell is one rectangle."""
    joined: list[list[float]] = []
    for place, char in enumerate(run.chars):
        for left, top, right, bottom, share in shapes.boxes(char) if not char.isspace() else ():
            begin, end = run.column + place + left, run.column + place + right
            before = joined[-1] if joined else None
            if before is not None and before[2] >= begin and before[1] == top and before[3:] == [bottom, share]:
                before[2] = end
            else:
                joined.append([begin, top, end, bottom, share])
    found: dict[tuple[str, float], list[str]] = defaultdict(list)
    for begin, top, end, bottom, share in joined:
        x, y = begin * _WIDTH, (run.row + top) * _HEIGHT
        across, down = (end - begin) * _WIDTH, (bottom - top) * _HEIGHT
        found[run.fore, share].append(f"M{x:g} {y:g}h{across:g}v{down:g}h-{across:g}z")
    return found


def _dots(colour: str, places: set[tuple[int, int]]) -> str:
    """Braille dots as dashed lines: dots below each other are one line."""
    lines = []
    for column, row in sorted(places):
        if (column, row - 1) in places:
            continue
        end = row
        while (column, end + 1) in places:
            end += 1
        x, y = (column + 0.5) * _WIDTH / 2, (row + 0.5) * _PITCH - _DOT / 2
        lines.append(f"M{x:g} {y:g}v{(end - row) * _PITCH + _DOT:g}")
    return _path(f'stroke="{colour}" stroke-width="{_DOT}" stroke-dasharray="{_DOT} {_PITCH - _DOT:g}"', lines)


def _path(attributes: str, steps: Iterable[str]) -> str:
    return f'<path {attributes} d="{"".join(steps)}"/>'
