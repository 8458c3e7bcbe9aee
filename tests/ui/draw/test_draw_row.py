"""Rows are exactly as wide as they were told, whatever is put into them."""

from __future__ import annotations

from random import Random

from perf_tui.text import width
from perf_tui.ui.draw.glyphs import ASCII, UNICODE
from perf_tui.ui.draw.meter import meter, stacked
from perf_tui.ui.draw.row import SOLID, Row, blank, plain, rule

HOSTILE = (
    "数据库服务",
    "👩\u200d💻 dev",
    "\x1b[31mred\x1b[0m",
    "[red]markup[/]",
    "e\u0301te",
    "a\tb\nc",
    "🇩🇪",
    "",
    "…",
    "\udcff",
)


def text(spans: object) -> str:
    return "".join(part for part, _ in spans)


# -- rows


def test_a_row_by_hand() -> None:
    row = Row(20).gap().put("CPU", "dim").gap().cell("38%", 5, "warning", ">").to(12).put("ok", "ok").done()
    assert row == ((" ", "text"), ("CPU ", "dim"), ("  38%  ", "warning"), ("ok      ", "ok"))


def test_blanks_join_what_is_before_them_unless_that_has_a_background() -> None:
    for role in SOLID:
        row = Row(6).put("ab", role).gap(2).put("c", "text").done()
        assert row == (("ab", role), ("  c ", "text"))
    assert Row(6).put("ab", "dim").gap(2).put("c", "dim").done() == (("ab  c ", "dim"),)
    assert Row(4).put("a", "key").put("b", "key").done() == (("a", "key"), ("b", "key"), ("  ", "text"))


def test_a_row_is_exactly_as_wide_as_told() -> None:
    random = Random(11)
    for _ in range(3000):
        cells = random.randrange(0, 40)
        row = Row(cells)
        for _ in range(random.randrange(0, 6)):
            what = random.choice(HOSTILE) * random.randrange(1, 4)
            step = random.randrange(5)
            if step == 0:
                row.put(what, "text")
            elif step == 1:
                row.cell(what, random.randrange(-1, 12), "dim", random.choice("<>^"))
            elif step == 2:
                row.gap(random.randrange(-2, 5))
            elif step == 3:
                row.to(random.randrange(0, 45))
            else:
                row.extend(((what, "ok"), ("x", "select")))
            assert 0 <= row.left <= cells
        drawn = text(row.done())
        assert width(drawn) == cells, ascii(drawn)
        assert drawn.isprintable() or "\u200d" in drawn, ascii(drawn)
        assert "\x1b" not in drawn


def test_wide_characters_are_cut_on_a_cell_boundary() -> None:
    assert text(Row(5).put("数据库").done()) == "数据…"
    assert text(Row(4).put("数据库").done()) == "数… "
    assert text(Row(6).cell("数据库", 3).put("ab").done()) == "数…ab "


def test_what_steers_a_terminal_is_spelled_out() -> None:
    assert text(Row(12).put("\x1b[31mred").done()) == "\\x1b[31mred "
    assert text(Row(12).cell("a\x07b", 7, align=">").done()) == " a\\x07b     "


def test_rows_of_no_width() -> None:
    assert blank(0) == blank(-3) == ()
    assert text(blank(3)) == "   "
    for cells in (0, -1, -5):
        assert Row(cells).put("abc").gap(3).cell("x", 4).done() == ()


# -- heads


def test_a_head_by_hand() -> None:
    assert rule("CPU", 20, "─", "title", "load 1") == (
        ("─", "rule"), (" CPU ", "title"), ("─────", "rule"), (" load 1 ", "dim"), ("─", "rule"),
    )  # fmt: skip
    assert text(rule("", 5, "-")) == "-----"
    assert text(rule("memory", 12, "─", "title", "does not fit")) == "─ memory ───"


def test_a_head_is_exactly_as_wide_as_told() -> None:
    for cells in range(60):
        for title in ("", "CPU", "数据库", "x" * 70):
            for right in ("", "load", "filter “数据库”", "y" * 70):
                drawn = text(rule(title, cells, "─", "focus", right))
                assert width(drawn) == cells
                if right and title == "CPU" and cells > width(right) + 10:
                    assert f" {right} ─" in drawn


# -- ASCII


def test_plain_keeps_every_cell() -> None:
    assert plain((("café 数 ≥1s…", "text"), ("ok", "ok"))) == (("cafe ?? >1s~", "text"), ("ok", "ok"))
    for what in (*HOSTILE, "−·–—“”≤×ﬁÅ½𝒳", UNICODE.bar, UNICODE.column, UNICODE.more):
        row = Row(30).put(what).done()
        assert text(plain(row)).isascii()
        assert width(text(plain(row))) == 30


# -- meters


def test_a_meter_by_hand() -> None:
    assert meter(0.5, 8, "chart1", UNICODE, 0.75) == (("████", "chart1"), ("··|·", "track"))
    assert meter(0.0, 4, "chart1", UNICODE) == (("····", "track"),)
    assert meter(1.0, 4, "critical", UNICODE, 0.5) == (("████", "critical"),)
    assert meter(0.28125, 4, "chart1", UNICODE) == (("█▏", "chart1"), ("··", "track"))
    assert meter(0.5, 4, "chart1", ASCII, 0.9) == (("##", "chart1"), (".|", "track"))
    assert meter(None, 4, "text", UNICODE, 0.5) == (("··|·", "track"),)


def test_a_meter_is_exactly_as_wide_at_every_ratio() -> None:
    for glyphs in (UNICODE, ASCII):
        for cells in (0, 1, 2, 7, 40):
            for ratio in (
                None,
                float("nan"),
                float("inf"),
                float("-inf"),
                -0.5,
                1.5,
                *(step / 1000 for step in range(1001)),
            ):
                for warning in (None, 0.0, 0.7, 0.999, 1.0):
                    drawn = meter(ratio, cells, "chart1", glyphs, warning)
                    assert len(text(drawn)) == cells
                    assert all(part for part, _ in drawn)


def test_a_meter_grows_with_its_ratio_and_its_tick_stands_still() -> None:
    seen = []
    for step in range(701):
        drawn = text(meter(step / 1000, 20, "chart1", UNICODE, 0.7))
        seen.append(sum(UNICODE.bar.index(char) for char in drawn if char in UNICODE.bar))
        assert drawn.index("|") == 14 if step < 690 else True
    assert seen == sorted(seen)


def test_stacked_shares_by_hand() -> None:
    parts = [(0.5, "chart1"), (0.25, "chart2"), (0.0, "chart3")]
    assert stacked(parts, 8, UNICODE) == (("████", "chart1"), ("██", "chart2"), ("··", "track"))
    assert text(stacked([(0.8, "a"), (0.9, "b")], 10, UNICODE)) == "█" * 10


def test_stacked_shares_are_exactly_as_wide_whatever_they_are() -> None:
    random = Random(2)
    wild = (float("nan"), float("inf"), -1.0, 0.0, 1.0)
    for _ in range(2000):
        cells = random.randrange(0, 50)
        parts = [(random.choice((random.uniform(0, 0.6), *wild)), "chart1") for _ in range(random.randrange(0, 5))]
        assert len(text(stacked(parts, cells, random.choice((UNICODE, ASCII))))) == cells
    assert stacked([(0.5, "a")], -3, UNICODE) == ()
