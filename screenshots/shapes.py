"""Characters that terminals draw themselves instead of with a font: blocks, lines, shades and braille.

Coordinates are shares of a cell, from its top left corner. Fonts leave gaps between such characters, or lack them.
"""

from __future__ import annotations

from functools import cache

Box = tuple[float, float, float, float, float]
"""Left, top, right, bottom, and how much of the colour covers what is below (1: all)."""

_HALF = 0.03125
"""Half the width of a line, in heights of a cell."""
_ARMS = {
    "─": "lr", "│": "ud", "┌": "rd", "┐": "ld", "└": "ru", "┘": "lu", "├": "udr", "┤": "udl", "┬": "lrd", "┴": "lru",
    "┼": "lrud", "╭": "rd", "╮": "ld", "╰": "ru", "╯": "lu", "╴": "l", "╶": "r", "╵": "u", "╷": "d",
    "━": "LR", "┃": "UD",
}  # fmt: skip
_SHADES = {"░": 0.25, "▒": 0.5, "▓": 0.75}
_PARTS = {"▀": (0, 0, 1, 0.5), "▐": (0.5, 0, 1, 1), "▔": (0, 0, 1, 0.125), "▕": (0.875, 0, 1, 1)}
_QUARTERS = {
    "▖": "3",
    "▗": "4",
    "▘": "1",
    "▙": "134",
    "▚": "14",
    "▛": "123",
    "▜": "124",
    "▝": "2",
    "▞": "23",
    "▟": "234",
}
_CORNERS = {"1": (0, 0), "2": (0.5, 0), "3": (0, 0.5), "4": (0.5, 0.5)}
_BRAILLE = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))


@cache
def boxes(char: str) -> tuple[Box, ...]:
    """The rectangles that a character is made of; none where it is the font's."""
    code = ord(char[0])
    if 0x2581 <= code <= 0x2588:
        return ((0, 1 - (code - 0x2580) / 8, 1, 1, 1),)
    if 0x2589 <= code <= 0x258F:
        return ((0, 0, (0x2590 - code) / 8, 1, 1),)
    if char in _PARTS:
        return ((*_PARTS[char], 1),)
    if char in _SHADES:
        return ((0, 0, 1, 1, _SHADES[char]),)
    if char in _QUARTERS:
        return tuple((x, y, x + 0.5, y + 0.5, 1) for x, y in (_CORNERS[each] for each in _QUARTERS[char]))
    if char in _ARMS:
        return tuple(_arm(each) for each in _ARMS[char])
    return ()


def _arm(side: str) -> Box:
    half = _HALF * (2 if side.isupper() else 1)
    wide = half * 2  # a cell is twice as high as it is wide
    return {
        "l": (0, 0.5 - half, 0.5 + wide, 0.5 + half, 1),
        "r": (0.5 - wide, 0.5 - half, 1, 0.5 + half, 1),
        "u": (0.5 - wide, 0, 0.5 + wide, 0.5 + half, 1),
        "d": (0.5 - wide, 0.5 - half, 0.5 + wide, 1, 1),
    }[side.lower()]


def dots(char: str) -> tuple[tuple[int, int], ...]:
    """The dots of a braille character: column 0 or 1, row 0 to 3."""
    bits = ord(char[0]) - 0x2800
    if not 0 <= bits <= 0xFF:
        return ()
    return tuple(place for number, place in enumerate(_BRAILLE) if bits >> number & 1)


def drawn(char: str) -> bool:
    """Whether this module draws the character."""
    return 0x2800 <= ord(char[0]) <= 0x28FF or bool(boxes(char))
