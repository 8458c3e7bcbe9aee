"""A request in pieces that are taken in quickly."""

from __future__ import annotations

from collections.abc import Iterator

from perf_tui.sources.otlp.model import Metric
from perf_tui.sources.otlp.read import Read, ReadLogs

SIZE = 1000
"""Points or events of one piece."""


def pieces(read: Read | ReadLogs | int) -> Iterator[Read | ReadLogs | int]:
    """All of it, in order. The first piece carries the counts of the whole."""
    if isinstance(read, int):
        yield read
    elif isinstance(read, ReadLogs):
        yield read._replace(events=read.events[:SIZE])
        for place in range(SIZE, len(read.events), SIZE):
            yield ReadLogs(read.events[place : place + SIZE], 0, 0)
    else:
        yield read._replace(metrics=[])
        yield from (Read(metrics, 0, 0, "") for metrics in _metrics(read))


def _metrics(read: Read) -> Iterator[list[Metric]]:
    piece: list[Metric] = []
    room = SIZE
    for metric in read.metrics:
        for place in range(0, len(metric.points), SIZE):
            part = metric._replace(points=metric.points[place : place + SIZE])
            if len(part.points) > room:
                yield piece
                piece, room = [], SIZE
            piece.append(part)
            room -= len(part.points)
    if piece:
        yield piece
