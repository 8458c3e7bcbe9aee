"""Text from outside, made safe to show, and measured in terminal cells.

Process names, labels and log lines are hostile: they may hold escape sequences, markup,
broken UTF-8 or characters two cells wide. Whatever reaches a screen or a text file went
through `clean` first, and is cut with `fit`, on a cell boundary.
"""

from __future__ import annotations

import re
from functools import lru_cache

from wcwidth import wcswidth, wcwidth

# C0 and C1 controls, line and paragraph separators, bidirectional overrides, surrogates of broken
# UTF-8: each can change what a terminal does with the text around it.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:  # what surrogateescape makes of a byte that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def clean(text: str) -> str:
    """`text` with everything that could steer a terminal spelled out, as in `\\x1b[31m`."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(_visible, text)


def decode(raw: bytes) -> str:
    """Bytes of unknown encoding as clean text; bytes that are not UTF-8 appear as `\\xff`."""
    return clean(raw.decode("utf-8", "surrogateescape"))


@lru_cache(maxsize=4096)
def _wide(text: str) -> int:
    cells = wcswidth(text)
    return cells if cells >= 0 else len(text)


def width(text: str) -> int:
    """The number of terminal cells that clean `text` takes."""
    return len(text) if text.isascii() else _wide(text)


def cut(text: str, cells: int, mark: str = "…") -> str:
    """`text` in at most `cells` cells; where something was cut, `mark` says so."""
    if width(text) <= cells:
        return text
    if cells <= 0:
        return ""
    if width(mark) > cells:
        mark = ""
    room = cells - width(mark)
    if text.isascii():
        return text[:room] + mark
    taken = 0
    for index, char in enumerate(text):
        taken += max(0, wcwidth(char))
        if taken > room:
            return text[:index] + mark
    return text


def fit(text: str, cells: int, align: str = "<", mark: str = "…") -> str:
    """`text` in exactly `cells` cells, cut or padded; align is `<`, `>` or `^`."""
    text = cut(text, cells, mark)
    gap = cells - width(text)
    if gap <= 0:
        return text
    if align == ">":
        return " " * gap + text
    if align == "^":
        return " " * (gap // 2) + text + " " * (gap - gap // 2)
    return text + " " * gap
