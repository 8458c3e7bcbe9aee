"""Identity and value."""

from __future__ import annotations

import pytest

from perf_tui.measures.model import IDLE, PENDING, Series, Status, Value, absent, ok, series


def test_labels_are_sorted_so_that_one_series_has_one_identity() -> None:
    assert series("m", b="2", a="1") == series("m", a="1", b="2") == Series("m", (("a", "1"), ("b", "2")))
    assert hash(series("m", b="2", a="1")) == hash(series("m", a="1", b="2"))
    assert series("m") != series("m", a="")


def test_a_label_may_have_any_name() -> None:
    assert series("m", id="7", self="me").label("id") == "7"


def test_label_of_a_series() -> None:
    key = series("m", mount="/", device="sda")
    assert (key.label("mount"), key.label("device"), key.label("other")) == ("/", "sda", "")


def test_a_series_in_words() -> None:
    assert str(series("system.load", period="1m")) == "system.load{period=1m}"
    assert str(series("m", b="2", a="1")) == "m{a=1, b=2}"
    assert str(series("system.cpu.idle")) == "system.cpu.idle"


@pytest.mark.parametrize("value", [PENDING, IDLE, absent("no such thing")])
def test_what_is_missing_is_null_and_never_0(value: Value) -> None:
    assert value.number is None
    assert value.status is not Status.OK


def test_statuses_are_those_of_the_contract() -> None:
    assert [str(each) for each in Status] == ["ok", "pending", "idle", "stale", "absent", "denied", "error"]


def test_a_plain_number() -> None:
    assert ok(0.0) == Value(0.0, Status.OK, None, 0.0, False)
    assert absent("why").reason == "why"
