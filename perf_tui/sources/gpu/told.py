"""What a driver answered to one question: a number, or why there is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import TypeAlias

from perf_tui.engine.source import Failure
from perf_tui.measures.counters import share
from perf_tui.measures.model import Sample, Status, Value, absent, series

Told: TypeAlias = float | Failure


def value(told: Told, scale: float = 1.0) -> Value:
    """The answer as a value, the number times `scale`."""
    if isinstance(told, Failure):
        return Value(None, told.status, told.reason or None)
    return Value(told * scale)


def percent(told: Told) -> Value:
    """A percentage as a ratio; drivers have been seen to give numbers that no share can be."""
    if isinstance(told, Failure):
        return value(told)
    if not isfinite(told) or not 0 <= told <= 100:
        return Value(None, Status.ERROR, f"the driver gave {told:g} %")
    return Value(told / 100)


def fraction(part: Told, whole: Told) -> Value:
    """part / whole, or why not."""
    if isinstance(part, Failure):
        return value(part)
    if isinstance(whole, Failure):
        return value(whole)
    return share(part, whole) if whole else absent("the driver tells no size")


def samples(gpu: str, name: str, values: Mapping[str, Value]) -> Iterator[Sample]:
    """The measures of one GPU, by their ids without `gpu.`, with `_` for a dot."""
    for id, given in values.items():
        yield Sample(series(f"gpu.{id.replace('_', '.')}", gpu=gpu, name=name), given)


MEASURES = ("utilization", "memory_used", "memory_total", "memory_utilization", "temperature", "power", "power_limit")
"""All measures of a GPU, as `samples` names them."""

UNREAD = Failure(Status.PENDING, "")


def nothing(gpu: str, name: str, why: Failure) -> Iterator[Sample]:
    """Every measure of a GPU of which nothing can be read."""
    return samples(gpu, name, dict.fromkeys(MEASURES, value(why)))
