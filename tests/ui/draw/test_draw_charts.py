"""Charts against strings checked by hand, and against the dots that braille characters are defined to have."""

from __future__ import annotations

from math import inf, isnan, nan
from random import Random

import pytest

from perf_tui.ui.draw.charts import area, line, nice, overlay, spark, top_of
from perf_tui.ui.draw.glyphs import ASCII, UNICODE

# Unicode, section "Braille Patterns": dots 1 2 3 7 go down the left of a cell, 4 5 6 8 down the right;
# dot n is bit n - 1 of the code point.
_DOWN = ((1, 2, 3, 7), (4, 5, 6, 8))


def dots(rows: list[str]) -> set[tuple[int, int]]:
    """The dots of a chart as (column, height above its lowest row of dots)."""
    found = set()
    for y, row in enumerate(rows):
        for x, char in enumerate(row):
            code = ord(char) - 0x2800 if char != " " else 0
            assert 0 <= code < 256
            for side, numbers in enumerate(_DOWN):
                for down, number in enumerate(numbers):
                    if code & 1 << number - 1:
                        found.add((2 * x + side, len(rows) * 4 - 1 - (4 * y + down)))
    return found


def heights(rows: list[str], columns: int) -> list[int]:
    """How many dots each column is filled with from below; they must have no holes."""
    found = []
    lit = dots(rows)
    for column in range(columns):
        ys = sorted(y for x, y in lit if x == column)
        assert ys == list(range(len(ys)))
        found.append(len(ys))
    return found


# -- scales


@pytest.mark.parametrize(
    ("top", "unit", "high"),
    [
        (0.0, "ratio", 1.0), (0.31, "ratio", 1.0), (1.0, "ratio", 1.0), (1.0000000001, "ratio", 1.0),
        (1.4, "ratio", 2.0), (3.2, "ratio", 5.0), (64.0, "ratio", 100.0),
        (0.0, "1", 1.0), (1.0, "1", 1.0), (1.1, "1", 2.0), (42.0, "1", 50.0), (51.0, "1/s", 100.0),
        (1000.0, "1", 1000.0),
        (0.0, "s", 0.001), (0.0009, "s", 0.001), (0.12, "s", 0.2), (0.5, "s", 0.5), (7.0, "s", 10.0),
        (0.0, "By", 10.0), (900.0, "By", 1000.0), (1001.0, "By", 1024.0), (3000.0, "By", 5 * 1024.0),
        (30e6, "By/s", 50 * 1024.0**2), (1.2 * 1024**3, "By/s", 2 * 1024.0**3),
        (-5.0, "1", 1.0), (nan, "s", 0.001), (inf, "By", 10.0), (inf, "1", 1.0), (-inf, "ratio", 1.0),
    ],
)  # fmt: skip
def test_the_top_of_a_scale(top: float, unit: str, high: float) -> None:
    assert nice(top, unit) == pytest.approx(high, rel=1e-12)


def test_a_scale_holds_its_values_and_changes_seldom() -> None:
    random = Random(1)
    for unit in ("1", "s", "By/s", "ratio"):
        tops = sorted(10 ** random.uniform(-4, 13) for _ in range(2000))
        scales = [nice(top, unit) for top in tops]
        assert all(scale >= top * 0.99999 for scale, top in zip(scales, tops, strict=True))
        assert scales == sorted(scales)
        # Seventeen decades have at most 3 steps each, and bytes a few more at 1024.
        assert len(set(scales)) <= 60


def test_the_highest_of_values() -> None:
    assert top_of([nan, 1.0, 3.0, inf, 2.0]) == 3.0
    assert top_of([nan, nan]) == 0.0
    assert top_of([]) == 0.0


# -- sparks


def test_spark_by_hand() -> None:
    assert spark([0, 0.125, 0.5, 0.75, 1, nan, 0.25], 1.0, UNICODE) == "▁▁▄▆█ ▂"
    assert spark([0, 0.125, 0.5, 0.75, 1, nan, 0.25], 1.0, ASCII) == "..=*@ :"
    assert spark([5, 10, 20], 10.0, UNICODE) == "▄██"
    assert spark([], 1.0, UNICODE) == ""


def test_a_spark_takes_any_number() -> None:
    wild = [inf, -inf, nan, -3.0, 1e308, 5e-324]
    assert spark(wild, 1.0, UNICODE) == "█▁ ▁█▁"
    for high in (0.0, -1.0, inf):
        for glyphs in (UNICODE, ASCII):
            assert len(spark(wild, high, glyphs)) == len(wild)
            assert spark(wild, high, glyphs)[2] == " "


# -- areas


def test_area_by_hand() -> None:
    values = [0.25, 0.5, 0.75, 1.0, nan, nan, 0.0, 0.0, nan, 0.5]
    assert area(values, 1, 1.0, UNICODE) == ["⣠⣾ ⣀⢠"]
    assert area(values, 2, 1.0, UNICODE) == [" ⣼   ", "⣼⣿ ⣀⢸"]
    assert area(values, 2, 1.0, ASCII) == [" #   ", "## :#"]


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_an_area_is_filled_to_the_value(rows: int) -> None:
    random = Random(rows)
    values = [nan if random.random() < 0.2 else random.uniform(-0.2, 1.5) for _ in range(60)]
    drawn = area(values, rows, 1.0, UNICODE)
    assert [len(row) for row in drawn] == [30] * rows
    for value, height in zip(values, heights(drawn, 60), strict=True):
        if isnan(value):
            assert height == 0
        else:
            assert 1 <= height <= rows * 4
            assert abs(height - min(max(value, 0.0), 1.0) * rows * 4) <= 1


def test_an_area_in_ascii_is_exactly_as_wide_and_leaves_gaps_blank() -> None:
    random = Random(3)
    values = [nan if 20 <= at < 30 else random.uniform(0, 1) for at in range(60)]
    for rows in (1, 3, 6):
        drawn = area(values, rows, 1.0, ASCII)
        assert [len(row) for row in drawn] == [30] * rows
        assert all(row[10:15] == " " * 5 and row.isascii() for row in drawn)
        assert " " not in drawn[-1][:10] + drawn[-1][15:]


def test_an_area_takes_any_number() -> None:
    wild = [inf, -inf, nan, -3.0, 1e308, 5e-324, 0.0, 1.0]
    for glyphs in (UNICODE, ASCII):
        for high in (1.0, 0.0, -2.0, inf, 5e-324):
            assert [len(row) for row in area(wild, 3, high, glyphs)] == [4, 4, 4]
    assert heights(area(wild, 2, 1.0, UNICODE), 8) == [8, 1, 0, 1, 8, 1, 1, 8]


def test_the_scale_is_fixed_by_its_top_not_by_the_data() -> None:
    low = [0.1] * 20
    assert heights(area(low, 5, 1.0, UNICODE), 20) == [2] * 20
    assert heights(area([*low[:-1], 1.0], 5, 1.0, UNICODE), 20)[:-1] == [2] * 19


# -- lines


def masks(values: list[float], rows: int, high: float) -> list[str]:
    return ["".join(chr(0x2800 + each) for each in row) for row in line(values, rows, high, UNICODE)]


def test_line_by_hand() -> None:
    # Two rows are eight dots high: 0 is the lowest, 1 the highest; a step is an upright in the newer column.
    assert dots(masks([0.0, 0.0, 1.0, 1.0], 2, 1.0)) == {(0, 0), (1, 0), *((2, y) for y in range(1, 8)), (3, 7)}
    assert dots(masks([1.0, 0.0], 1, 1.0)) == {(0, 3), (1, 2), (1, 1), (1, 0)}
    assert dots(masks([1.0, nan, 0.0, nan], 1, 1.0)) == {(0, 3), (2, 0)}


def test_a_line_has_no_holes_and_none_across_a_gap() -> None:
    random = Random(5)
    values = [random.uniform(0, 1) for _ in range(80)]
    values[30:40] = [nan] * 10
    rows = masks(values, 4, 1.0)
    lit = dots(rows)
    columns = [{y for x, y in lit if x == column} for column in range(80)]
    assert all(not column for column in columns[30:40])
    for place, (value, column) in enumerate(zip(values, columns, strict=True)):
        if not isnan(value):
            assert round(value * 15) in column
            assert column == set(range(min(column), max(column) + 1))
            if place and columns[place - 1]:
                touching = {y + step for y in columns[place - 1] for step in (-1, 0, 1)}
                assert column & touching


def test_a_line_takes_any_number() -> None:
    for high in (1.0, 0.0, inf):
        assert [len(row) for row in line([inf, -inf, nan, 1e308], 2, high, UNICODE)] == [2, 2]
    assert dots(masks([inf, -inf], 1, 1.0)) == {(0, 3), (1, 2), (1, 1), (1, 0)}


# -- several lines on one chart


def text(rows: list[list[tuple[str, str]]]) -> list[str]:
    return ["".join(part for part, _ in row) for row in rows]


def test_where_lines_meet_the_later_one_has_the_colour() -> None:
    low, high = [0.0] * 6, [0.0] * 2 + [1.0] * 2 + [0.0] * 2
    rows = overlay([(low, "chart1"), (high, "chart3")], 1, 1.0, UNICODE)
    assert dots(text(rows)) == {
        *((x, 0) for x in range(6)),
        *((2, y) for y in range(1, 4)),
        (3, 3),
        *((4, y) for y in range(3)),
    }
    assert {role for part, role in rows[0]} == {"chart3"}
    rows = overlay([(high, "chart3"), ([0.0] * 2 + [nan] * 4, "chart1")], 1, 1.0, UNICODE)
    assert rows[0][0] == (rows[0][0][0][:1], "chart1")
    assert rows[0][1][1] == "chart3"


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_an_overlay_is_exactly_as_wide_whatever_its_lines(glyphs: object) -> None:
    random = Random(7)
    series = [([random.uniform(0, 1) for _ in range(60)], f"chart{n}") for n in range(9)]
    series.append(([nan] * 60, "chart1"))
    series.append(([0.5] * 20, "chart2"))
    for rows in (1, 4):
        drawn = overlay(series, rows, 1.0, glyphs)
        assert [len(row) for row in text(drawn)] == [30] * rows
    assert text(overlay([], 2, 1.0, glyphs)) == ["", ""]
    assert text(overlay([([nan] * 8, "chart1")], 1, 1.0, glyphs)) == ["    "]
    assert [len(row) for row in text(overlay([([inf, -inf, 1e308, 0.0], "chart1")], 2, 0.0, glyphs))] == [2, 2]


def test_lines_in_ascii_have_a_letter_each_and_none_is_left_out() -> None:
    series = [([at / 7, at / 7], f"chart{at}") for at in range(8)]
    drawn = [part for row in overlay(series, 8, 1.0, ASCII) for part in row]
    assert [part for part in drawn if part[0].strip()] == [
        (char, f"chart{at}") for at, char in reversed(list(enumerate("*o+x#@*o")))
    ]
