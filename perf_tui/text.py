"""Text from outside, made safe to show, and measured in terminal cells.

Process names, labels and log lines are hostile: they may hold escape sequences, markup,
broken UTF-8 or characters two cells wide. Whatever reaches a screen or a text file went
through `clean` first, and is cut with `fit`, on a cell boundary.
"""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import category

_FLAG = "[\U0001f1e6-\U0001f1ff]"
_TONE = "[\U0001f3fb-\U0001f3ff]"
_PERSON = "[\u261d\u26f9\u270a-\u270d\U0001f385-\U0001f3fa\U0001f400-\U0001faff]"
# Kept: two letters that make a flag, and a skin tone after a picture. Spelled out: C0 and C1 controls,
# line and paragraph separators, bidirectional overrides, invisible characters (zero width spaces, soft
# hyphens, fillers, tags), surrogates of broken UTF-8, what is no character, and flag letters and skin
# tones that stand alone. Each can change what a terminal does with the text around it, hide text, or
# take a number of cells on which terminals do not agree.
_UNSAFE = re.compile(
    f"({_FLAG}{_FLAG})|{_FLAG}|(?<!{_PERSON}){_TONE}"
    "|[\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ud800-\udfff\ufdd0-\ufdef\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
)
# A joiner with nothing on one side would join what stands beside the text.
_LONE_JOINER = re.compile("(?<![^\x00-\xa0])[\u200c\u200d]+|[\u200c\u200d]+(?![^\x00-\xa0])")


def _visible(match: re.Match[str]) -> str:
    kept = match[1] if match.lastindex else ""
    return kept or "".join(map(_spelled, match[0]))


def _spelled(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # what surrogateescape makes of a byte that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def clean(text: str) -> str:
    """`text` with everything that could steer a terminal spelled out, as in `\\x1b[31m`."""
    if text.isascii() and text.isprintable():
        return text
    safe = _LONE_JOINER.sub(_visible, _UNSAFE.sub(_visible, text))
    # A mark without a character of its own would be drawn on what stands before the text.
    return _spelled(safe[0]) + safe[1:] if category(safe[0]).startswith("M") else safe


def decode(raw: bytes) -> str:
    """Bytes of unknown encoding as clean text; bytes that are not UTF-8 appear as `\\xff`."""
    return clean(raw.decode("utf-8", "surrogateescape"))


# Latin, punctuation, arrows, mathematics, boxes and braille without what is wide among them: all of one
# cell each. Screens are drawn with these; what needs more thought loads wcwidth, which takes 25 ms.
_NARROW = re.compile(
    "[\x20-\x7e\xa1-\xac\xae-\u02ff\u2010-\u2027\u2030-\u205e\u2190-\u22ff\u2500-\u25fc\u25ff\u2716\u2800-\u28ff]*"
)


@lru_cache(maxsize=4096)
def _wide(text: str) -> int:
    if _NARROW.fullmatch(text):
        return len(text)
    from wcwidth import wcswidth

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
    if _NARROW.fullmatch(text):
        return text[:room] + mark
    from wcwidth import iter_graphemes

    kept: list[str] = []
    taken = 0
    for cluster in iter_graphemes(text):
        taken += width(cluster)
        if taken > room:
            break
        kept.append(cluster)
    # Joiners at the end would draw the mark into the cluster, and some marks take cells of their own
    # where they follow what they do not belong to: the whole is measured, not the sum of its parts.
    while width(result := "".join(kept).rstrip("\u200c\u200d") + mark) > cells:
        kept.pop()
    return result


def wrap(text: str, cells: int) -> list[str]:
    """Clean `text` in lines of at most `cells` cells, broken at blanks where there are any; at least one line."""
    lines = []
    while width(text) > cells > 0:
        line = cut(text, cells, "") or text[:1]
        if text[len(line) : len(line) + 1] != " " and (blank := line.rfind(" ")) > len(line) // 2:
            line = line[:blank]
        lines.append(line.rstrip(" ") or line)
        text = text[len(line) :].lstrip(" ")
    return [*lines, text] if text or not lines else lines


def fit(text: str, cells: int, align: str = "<", mark: str = "…") -> str:
    """`text` in exactly `cells` cells, cut or padded; align is `<`, `>` or `^`."""
    text = cut(text, cells, mark)
    gap = cells - width(text)
    if gap <= 0:
        return text
    before = 0 if align == "<" else gap if align == ">" else gap // 2
    padded = " " * before + text + " " * (gap - before)
    # Some marks where they do not belong take a cell more before a blank: such a mark is left away.
    return padded if width(padded) == cells else fit(text[:-1], cells, align, mark)
