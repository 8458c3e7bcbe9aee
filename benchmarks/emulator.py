"""What a person would see: a terminal's screen, from the bytes that a program sends it.

pyte does the work. It is kept from the sequences that it does not know, and the questions that programs ask
a terminal are answered as xterm answers them.
"""

from __future__ import annotations

import re

import pyte

SEQUENCE = re.compile(
    rb"\x1b(?:"
    rb"\[(?P<private>[<=>?]?)(?P<numbers>[0-9;:]*)(?P<between>[ -/]*)(?P<final>[@-~])"
    rb"|(?P<text>\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\)"
    rb"|[ -/]*[0-OQ-WYZ\\`-~]"
    rb")"
)
"""Any escape sequence: a control sequence in its parts, a string such as a title, or something short."""
_CUT_OFF = re.compile(rb"\x1b(?:\[[<=>?]?[0-9;:]*[ -/]*|\][^\x07\x1b]*\x1b?|[PX^_][^\x1b]*\x1b?|[ -/]*)\Z")
"""The beginning of a sequence at the end of what has come."""
_CSI = frozenset(final.encode() for final in pyte.Stream.csi)
_KNOWN_MODES = frozenset({b"2026"})
"""Modes of which a program that asks is told that the terminal has them: synchronized output."""


class Emulator:
    """A screen of `columns` by `rows` cells."""

    def __init__(self, columns: int, rows: int) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self._held = b""

    @property
    def lines(self) -> list[str]:
        """The rows as text, without the blanks at their ends."""
        return [line.rstrip() for line in self.screen.display]

    @property
    def text(self) -> str:
        """The whole screen as text, without the empty rows at its end."""
        return "\n".join(self.lines).rstrip("\n")

    def resize(self, columns: int, rows: int) -> None:
        """Another size; a terminal of no cells is taken as one of one cell."""
        self.screen.resize(max(1, rows), max(1, columns))

    def feed(self, data: bytes) -> bytes:
        """Show `data`; returns what the terminal answers. A sequence that is cut off waits for its rest."""
        data, self._held = self._held + data, b""
        if cut := _CUT_OFF.search(data):
            data, self._held = data[: cut.start()], cut[0]
        answers = []
        at = 0
        for found in SEQUENCE.finditer(data):
            if found["text"] is None and (found["final"] is None or _shown(found)):
                continue  # goes to pyte as it stands, with the text around it
            before = data[at : found.start()]
            self._stream.feed(before)
            at = found.end()
            if found["final"] == b"b" and before:
                self._stream.feed(before[-1:] * int(found["numbers"] or b"1"))
            answers.append(self._answer(found))
        self._stream.feed(data[at:])
        return b"".join(answers)

    def _answer(self, found: re.Match[bytes]) -> bytes:
        match found["private"], found["numbers"], found["between"], found["final"]:
            case b"", b"6", b"", b"n":
                cursor = self.screen.cursor
                return b"\x1b[%d;%dR" % (cursor.y + 1, min(cursor.x, self.screen.columns - 1) + 1)
            case b"", b"" | b"0", b"", b"c":
                return b"\x1b[?62;22c"
            case b"?", mode, b"$", b"p":
                return b"\x1b[?%b;%d$y" % (mode, 2 if mode in _KNOWN_MODES else 0)
        return b""


def _shown(found: re.Match[bytes]) -> bool:
    """Whether pyte draws, or rightly ignores, this control sequence."""
    if found["between"] or found["final"] in b"nc" or found["final"] not in _CSI:
        return False
    return found["private"] == b"" or (found["private"] == b"?" and found["final"] in b"hl")
