"""What the tests on a real terminal share."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

from benchmarks.harness import Terminal

Start = Callable[..., Terminal]
"""The fixture `start`."""
PROGRAM = (sys.executable, "-m", "perf_tui")
NUMBER = r"(?s)memory\s+\d.*\bquit\b"
"""A number of the machine on the overview, and the key bar: the first picture has none."""
FIRST = r"memory\s+\d"
"""The first number, which is there before the interface is."""

_SWITCH = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")
_KEYBOARD = re.compile(rb"\x1b\[([<>])[0-9;]*u")
_ON_AT_FIRST = {7, 25}
"""Lines wrap, and the cursor shows."""
_COLOUR = re.compile(rb"\x1b\[([0-9;]*)m")


def switched(raw: bytes) -> dict[int, bool]:
    """The private modes that were set or reset, and how each was left."""
    return {int(mode): found[2] == b"h" for found in _SWITCH.finditer(raw) for mode in found[1].split(b";")}


def assert_given_back(terminal: Terminal) -> None:
    """The main screen, the cursor, plain keys, the settings and the blocking of before."""
    modes = switched(terminal.raw)
    assert modes[1049] is False
    assert {mode: on for mode, on in modes.items() if on != (mode in _ON_AT_FIRST)} == {}
    kept = sum(1 if found[1] == b">" else -1 for found in _KEYBOARD.finditer(terminal.raw))
    assert kept <= 0
    assert terminal.state == terminal.state_before


def attributes(raw: bytes) -> set[bytes]:
    """Every parameter of every colour or attribute sequence."""
    return {number for found in _COLOUR.finditer(raw) for number in found[1].split(b";")}


def highlighted(terminal: Terminal) -> str:
    """What stands in reverse video in the key bar: the screen that is on show."""
    row = terminal.screen.buffer[terminal.screen.lines - 1]
    return "".join(row[column].data for column in range(terminal.screen.columns) if row[column].reverse)
