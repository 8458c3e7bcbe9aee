"""Every number that a screen writes keeps its unit and fits the cells that the unit's column has."""

from __future__ import annotations

import random
import re
from math import inf, nan

import pytest
from wcwidth import wcswidth

from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import Status, Value
from perf_tui.measures.units import (
    ASCII_MARKS,
    FORMATS,
    MARKS,
    WIDTH,
    count,
    number,
    seconds,
    show,
    significant,
)

UNIT_SIGN = {
    "ratio": r"%",
    "By": r"B",
    "By/s": r"B/s",
    "1": r"",
    "1/s": r"/s",
    "s": r"(?:s|m|h|d|y)",
    "Cel": r"°C",
    "W": r"W",
}
SECONDS = {
    "ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "y": 31_556_952.0,
    "ky": 31_556_952e3, "My": 31_556_952e6, "Gy": 31_556_952e9,
}  # fmt: skip
PREFIX = {"": 0, "k": 1, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}


def amounts() -> list[float]:
    """Numbers over 1e-12..1e18, among them every edge at which a formatter takes another step."""
    chance = random.Random(20250101)
    edges = [base**power * factor for base in (10, 60, 1000, 1024) for power in range(7) for factor in (1, 24, 1.25)]
    near = [edge * (1 + sign * 10.0**-digits) for edge in edges for digits in range(1, 9) for sign in (-1, 1)]
    spread = [10 ** chance.uniform(-12, 18) for _ in range(4_000)]
    return [0.0, 1e-12, 1e18, *(each for each in edges + near + spread if 1e-12 <= each <= 1e18)]


@pytest.mark.parametrize("unit", FORMATS)
def test_every_number_fits_its_column_and_keeps_its_unit(unit: str) -> None:
    for amount in amounts():
        text = number(amount, unit)
        assert wcswidth(text) <= WIDTH[unit], (amount, text)
        assert re.fullmatch(r"[<>]?[\d.dhm]+[a-zA-Zµ]*" + UNIT_SIGN[unit], text), (amount, text)
        assert wcswidth(show(Value(amount), unit, ascii_only=True)) <= WIDTH[unit]
        assert show(Value(amount), unit, ascii_only=True).isascii()


@pytest.mark.parametrize("unit", FORMATS)
def test_negative_numbers_fit_as_well(unit: str) -> None:
    for amount in amounts():
        if unit == "ratio" and amount > 9.99:
            continue  # as WIDTH says
        text = number(-amount, unit)
        assert wcswidth(text) <= WIDTH[unit], (amount, text)
        assert not re.fullmatch(r"-[0.]+\D*", text), f"negative zero: {amount} gave {text}"


@pytest.mark.parametrize("unit", ["By", "By/s", "1", "1/s", "W"])
def test_what_is_read_back_is_the_number_to_three_digits(unit: str) -> None:
    base = 1024.0 if unit.startswith("By") else 1000.0
    for amount in amounts():
        text = number(amount, unit)
        found = re.match(r"([\d.]+)([kKMGTPE]?)", text)
        assert found is not None
        back = float(found[1]) * base ** PREFIX[found[2]]
        # three significant digits; below 1 two decimals
        assert abs(back - amount) <= max(0.00501 * amount, 0.00501), (amount, text)


def test_durations_read_back() -> None:
    for amount in amounts():
        text = seconds(amount)
        parts = re.findall(r"([\d.]+)([a-zA-Zµ]+)", text)
        back = sum(float(value) * SECONDS[unit] for value, unit in parts)
        if len(parts) > 1 or parts[0][1] == "d":  # whole units, those that have passed
            assert -0.5 <= amount - back < SECONDS[parts[-1][1]], (amount, text)
        else:
            assert abs(back - amount) <= max(0.00501 * amount, 0.00501e-9), (amount, text)


@pytest.mark.parametrize(
    ("amount", "unit", "text"),
    [
        (999.96, "1", "1.00k"),
        (999.4, "1", "999"),
        (99.96, "1", "100"),
        (99.7, "1", "99.7"),
        (9.996, "1", "10.0"),
        (9.96, "1", "9.96"),
        (37, "1", "37"),
        (0, "1", "0"),
        (-0.0, "1", "0"),
        (-0.0004, "1", "0.00"),
        (-12.34, "1", "-12.3"),
        (-1240, "1", "-1.2k"),
        (1e18, "1", "1.00E"),
        (1e25, "1", "∞"),
        (-1e25, "1", "-∞"),
        (12_400, "1/s", "12.4k/s"),
        (1023.99 * 2**20, "By", "1.00GiB"),
        (1023.4 * 2**20, "By", "1023MiB"),
        (812, "By", "812B"),
        (0, "By", "0B"),
        (-1023 * 2**20, "By", "-1.0GiB"),
        (1.21 * 2**30, "By/s", "1.21GiB/s"),
        (0.0996, "ratio", "10%"),
        (0.0994, "ratio", "9.9%"),
        (0, "ratio", "0.0%"),
        (-0.0001, "ratio", "0.0%"),
        (-0.051, "ratio", "-5.1%"),
        (1, "ratio", "100%"),
        (0.9996, "ratio", "100%"),
        (63.99, "ratio", "6399%"),
        (128, "ratio", "13k%"),
        (0, "s", "0s"),
        (59.97, "s", "1m00s"),
        (59.94, "s", "59.9s"),
        (0.99996, "s", "1.00s"),
        (0.9994, "s", "999ms"),
        (41.3e-6, "s", "41.3µs"),
        (812e-9, "s", "812ns"),
        (130, "s", "2m10s"),
        (-130, "s", "-2m10s"),
        (-605, "s", "-10m"),
        (3599.7, "s", "1h00m"),
        (11_100, "s", "3h05m"),
        (86_399.6, "s", "1d0h"),
        (12 * 86_400 + 4 * 3600, "s", "12d4h"),
        (99 * 86_400 + 23 * 3600, "s", "99d23h"),
        (364 * 86_400 + 23 * 3600, "s", "364d"),
        (71.4, "Cel", "71°C"),
        (-40, "Cel", "-40°C"),
        (65_535, "Cel", ">10k°C"),
        (-65_535, "Cel", "<-1k°C"),
        (612, "W", "612W"),
        (1210, "W", "1.21kW"),
    ],
)
def test_by_example(amount: float, unit: str, text: str) -> None:
    assert number(amount, unit) == text


def test_significant_rounds_before_it_counts_digits() -> None:
    assert [significant(each) for each in (1.9449, 19.449, 194.49, 0.0123)] == ["1.94", "19.4", "194", "0.01"]
    assert [significant(each, 2) for each in (9.96, 9.94, 0.31, 12.3)] == ["10", "9.9", "0.3", "12"]


def test_what_is_no_number_is_said() -> None:
    assert [number(each, "By") for each in (nan, inf, -inf)] == ["NaN", "∞", "-∞"]
    assert show(Value(inf), "s", ascii_only=True) == "inf"


def test_marks_of_values_without_a_number() -> None:
    for status in (Status.IDLE, Status.PENDING, Status.ABSENT, Status.DENIED, Status.ERROR):
        assert show(Value(None, status), "By") == MARKS[status]
        assert show(Value(None, status), "By", ascii_only=True) == ASCII_MARKS[status]
        assert wcswidth(MARKS[status]) <= min(WIDTH.values())
        assert ASCII_MARKS[status].isascii()
    # A source that breaks the rule must not break the screen.
    assert show(Value(None, Status.OK), "By") == "?"


def test_bounds_and_stale_numbers_are_marked() -> None:
    assert show(Value(2.5, bound=True), "s") == "≥2.50s"
    assert show(Value(2.5, bound=True), "s", ascii_only=True) == ">=2.50s"
    assert show(Value(0.5, Status.STALE), "ratio") == "~50%"
    assert show(Value(0.0, Status.STALE), "ratio") == "~0.0%"


def test_every_unit_of_the_catalogue_has_a_formatter_and_a_width() -> None:
    assert {measure.unit for measure in CATALOGUE.values()} <= FORMATS.keys()
    assert FORMATS.keys() == WIDTH.keys()


def test_a_count_that_is_whole_has_no_decimals() -> None:
    assert [count(each) for each in (1, 1.5, 999, 1000)] == ["1", "1.50", "999", "1.00k"]
