"""Hostile text: what reaches a screen cannot steer the terminal, and takes the cells it was given."""

from __future__ import annotations

import random
import unicodedata

import pytest
from wcwidth import wcswidth

from perf_tui.text import _NARROW, clean, cut, decode, fit, width, wrap

FAMILY = "👨\u200d👩\u200d👧"
FLAG = "🇩🇪"
ACUTE = "e\u0301"
NASTY = [
    *"aZ 0~\\[]", "é", ACUTE, "\u0301", "한", "字", "👍", "👍🏽", "\U0001f3fd", "\u200d", "\u200c", "\ufe0f", "\ufe0e",
    "🇩", "🇪", FAMILY, FLAG, "❤\ufe0f", "1\ufe0f\u20e3", "क", "\u094d", "\u093f", "ก", "\u0e33", "…", "│", "█", "⣿",
    "\u3000", "\u1100", "\u1161", "ﷺ", "\x1b", "\x1b[31m", "\x1b]0;t\x07", "\x9b1m", "\x00", "\n", "\t", "\r", "\x7f",
    "\x85", "\xad", "\u200b", "\u202e", "\u2066", "\u2028", "\ufeff", "\udcff", "\ud83d", "\uffff", "\ue0b0",
    "\U000e0041",
]  # fmt: skip


def unprintable(text: str) -> list[str]:
    """Characters that a terminal may act upon or hide; joiners only draw their neighbours together."""
    return [
        char
        for char in text
        if char not in "\u200c\u200d"
        and (unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or unicodedata.bidirectional(char) in BIDI)
    ]


BIDI = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI", "BN"}


@pytest.mark.parametrize(
    ("raw", "safe"),
    [
        ("plain [bold]text[/bold]", "plain [bold]text[/bold]"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x9b31m", r"\x9b31m"),
        ("a\nb\tc\rd\0e\x7f", r"a\x0ab\x09c\x0dd\x00e\x7f"),
        ("two\u2028lines\x85", r"two\u2028lines\x85"),
        ("evil\u202etxt.exe\u2066", r"evil\u202etxt.exe\u2066"),
        ("a\u200bb\ufeffc\xadd", r"a\u200bb\ufeffc\xadd"),
        ("broken \udcff\udc80", r"broken \xff\x80"),
        ("half \ud83d pair", r"half \ud83d pair"),
        ("\U000e0041 hidden", r"\U000e0041 hidden"),
        ("\u0301 on its neighbour", r"\u0301 on its neighbour"),
        ("joined\u200d", r"joined\u200d"),
        ("\u200d" + "👩", r"\u200d" + "👩"),
        ("lone 🇩", r"lone \U0001f1e9"),
        ("lone \U0001f3fd", r"lone \U0001f3fd"),
        (FAMILY + FLAG + ACUTE + "👍🏽한", FAMILY + FLAG + ACUTE + "👍🏽한"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("", ""),
    ],
)
def test_clean(raw: str, safe: str) -> None:
    assert clean(raw) == safe
    assert clean(safe) == safe


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"celery", "celery"),
        ("münchen".encode(), "münchen"),
        (b"caf\xe9", r"caf\xe9"),
        (b"\xff\xfe\x00", r"\xff\xfe\x00"),
        (b"\xed\xa0\x80", r"\xed\xa0\x80"),  # a surrogate in UTF-8 clothes
        (b"\xf0\x9f\x91", r"\xf0\x9f\x91"),  # an emoji cut in the middle
        ("👍".encode(), "👍"),
        (b"\x1b[2J", r"\x1b[2J"),
        (b"", ""),
    ],
)
def test_decode(raw: bytes, text: str) -> None:
    assert decode(raw) == text


@pytest.mark.parametrize(
    ("text", "cells", "result"),
    [
        ("performance", 11, "performance"),
        ("performance", 10, "performan…"),
        ("performance", 1, "…"),
        ("performance", 0, ""),
        ("performance", -3, ""),
        ("한국어", 6, "한국어"),
        ("한국어", 5, "한국…"),
        ("한국어", 4, "한…"),  # the second would end beyond the edge
        ("한국어", 3, "한…"),
        ("한국어", 2, "…"),
        (FAMILY + "ab", 4, FAMILY + "ab"),
        (FAMILY + "abc", 4, FAMILY + "a…"),
        (FAMILY * 2, 3, FAMILY + "…"),
        (FAMILY, 1, "…"),
        (FLAG + FLAG, 3, FLAG + "…"),
        (FLAG, 1, "…"),
        (ACUTE * 3, 3, ACUTE * 3),
        (ACUTE * 3, 2, ACUTE + "…"),
        ("❤\ufe0f" * 2, 3, "❤\ufe0f…"),
        ("❤\ufe0f", 1, "…"),
        ("👍🏽👍🏽", 3, "👍🏽…"),
    ],
)
def test_cut_is_between_characters_as_people_see_them(text: str, cells: int, result: str) -> None:
    assert cut(text, cells) == result


def test_cut_with_other_marks() -> None:
    assert cut("performance", 4, mark="..") == "pe.."
    assert cut("performance", 1, mark="..") == "p"
    assert cut("performance", 4, mark="") == "perf"
    assert cut("한국어", 3, mark="") == "한"


def test_fit_aligns() -> None:
    assert [fit("ab", 5, align) for align in "<>^"] == ["ab   ", "   ab", " ab  "]
    assert fit("한", 5, ">") == "   한"
    assert fit("한국어", 4) == "한… "
    assert fit("x", 0) == fit("x", -1) == ""
    assert fit("", 3) == "   "


@pytest.mark.parametrize("mark", ["…", "..", "", "»"])
def test_any_text_fits_any_number_of_cells(mark: str) -> None:
    chance = random.Random(mark)
    for _ in range(5_000):
        raw = "".join(chance.choice(NASTY) for _ in range(chance.randrange(9)))
        text = clean(raw)
        cells = chance.randrange(-2, 14)
        short, row = cut(text, cells, mark), fit(text, cells, chance.choice("<>^"), mark)
        assert wcswidth(short) <= max(0, cells), ascii((raw, cells, short))
        assert wcswidth(row) == width(row) == max(0, cells), ascii((raw, cells, row))
        assert not unprintable(text), ascii((raw, text))
        assert not unprintable(row), ascii((raw, row))


@pytest.mark.parametrize(
    ("text", "cells", "lines"),
    [
        ("", 5, [""]), ("short", 5, ["short"]), ("two words", 5, ["two", "words"]), ("two words", 9, ["two words"]),
        ("unbreakable", 5, ["unbre", "akabl", "e"]), ("a bcdefgh", 5, ["a bcd", "efgh"]), ("数据库", 4, ["数据", "库"]),
        ("数", 1, ["数"]), ("text", 0, ["text"]), ("one  two", 4, ["one", "two"]),
    ],
)  # fmt: skip
def test_wrap(text: str, cells: int, lines: list[str]) -> None:
    assert wrap(text, cells) == lines


def test_no_character_at_all_survives_that_could_steer_a_terminal() -> None:
    for code in range(0x110000):
        if unprintable(chr(code)) and code & 0xFFFE != 0xFFFE:  # the last two of each plane are no characters
            assert not unprintable(clean(f"a{chr(code)}b")), hex(code)


def test_clean_text_has_a_width() -> None:
    for begin in range(0, 0x110000, 0x100):
        assert wcswidth(clean("a" + "".join(map(chr, range(begin, begin + 0x100))))) >= 0, hex(begin)


def test_width() -> None:
    assert [width(text) for text in ("abc", "한국", FAMILY, FLAG, ACUTE, "", "…")] == [3, 4, 2, 2, 1, 0, 1]


def test_characters_that_are_taken_for_narrow_are_narrow() -> None:
    narrow = [chr(code) for code in range(0x20, 0x2900) if _NARROW.fullmatch(chr(code))]
    assert len(narrow) > 1500
    assert [char for char in narrow if wcswidth(char) != 1] == []
