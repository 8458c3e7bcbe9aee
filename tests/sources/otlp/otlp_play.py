"""Requests to play with: messages of the real protobuf classes, pushed as bytes of either encoding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AggregationTemporality,
    ExponentialHistogramDataPoint,
    Histogram,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    Sum,
)

from perf_tui.engine.source import Derived
from perf_tui.measures.model import Value
from perf_tui.measures.workers import Sighting, sightings
from perf_tui.sources.otlp.decode import Encoding, Signal, decode
from perf_tui.sources.otlp.intake import Intake, Outcome

DATA = Path(__file__).parents[2] / "data" / "otlp"
CODEX = DATA / "codex_0.169.0_logs_http-json.json"
GEMINI = DATA / "gemini_cli_0.61.0_metrics_http-json.json"
DELTA, CUMULATIVE = AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA, 2
SECOND = 1_000_000_000


class Play:
    """An intake with a clock of its own."""

    def __init__(self, wall: float = 1_800_000_000.0, **options: Any) -> None:
        self.at, self.wall = 1000.0, wall
        self.intake = Intake("otlp", 60.0, 600.0, wall, **options)

    @property
    def nanos(self) -> int:
        return int(self.wall * SECOND)

    def wait(self, seconds: float) -> None:
        self.at += seconds
        self.wall += seconds

    def push(self, body: bytes | ExportMetricsServiceRequest | ExportLogsServiceRequest, signal: str = "") -> Outcome:
        """Bytes are JSON."""
        if isinstance(body, bytes):
            request = decode(Signal(signal), Encoding.JSON, body)
            kind = Signal(signal)
        else:
            kind = Signal.METRICS if isinstance(body, ExportMetricsServiceRequest) else Signal.LOGS
            request = decode(kind, Encoding.PROTOBUF, body.SerializeToString())
        read = self.intake.read(kind, request)
        self.intake.announce(read, self.at)
        return self.intake.take(read, self.at, self.wall)

    def derive(self) -> Derived:
        return self.intake.derive(self.at, self.wall)

    def values(self) -> dict[str, Value]:
        """Measures by how they are written, as in app.request.rate{service=shop}."""
        return {str(sample.series): sample.value for sample in self.derive().samples}

    def workers(self) -> dict[str, Sighting]:
        return {each.name: each for each in sightings(self.derive().tables)}


def attributes(given: Mapping[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=key, value=any_value(value)) for key, value in given.items()]


def any_value(value: Any) -> AnyValue:
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, list):
        return AnyValue(array_value=ArrayValue(values=[any_value(each) for each in value]))
    return AnyValue(string_value=value)


def metrics(resource: Mapping[str, Any], *given: Metric) -> ExportMetricsServiceRequest:
    request = ExportMetricsServiceRequest()
    part = request.resource_metrics.add()
    part.resource.attributes.extend(attributes(resource))
    part.scope_metrics.add().metrics.extend(given)
    return request


def logs(resource: Mapping[str, Any], *events: Mapping[str, Any], time: int = 0) -> ExportLogsServiceRequest:
    """Each event is its attributes; `time` in nanoseconds, for all."""
    request = ExportLogsServiceRequest()
    part = request.resource_logs.add()
    part.resource.attributes.extend(attributes(resource))
    records = part.scope_logs.add().log_records
    for event in events:
        records.add(time_unix_nano=time, attributes=attributes(event))
    return request


def counter(name: str, points: Sequence[NumberDataPoint], temporality: Any, unit: str = "1") -> Metric:
    return Metric(name=name, unit=unit, sum=Sum(data_points=points, aggregation_temporality=temporality))


def number(labels: Mapping[str, Any], value: int, start: int = 0, time: int = 0) -> NumberDataPoint:
    return NumberDataPoint(
        attributes=attributes(labels), as_int=value, start_time_unix_nano=start, time_unix_nano=time
    )  # fmt: skip


def histogram(name: str, points: Sequence[HistogramDataPoint], temporality: Any, unit: str = "s") -> Metric:
    data = Histogram(data_points=points, aggregation_temporality=temporality)
    return Metric(name=name, unit=unit, histogram=data)


def observed(
    labels: Mapping[str, Any], numbers: Sequence[float], bounds: Sequence[float], start: int = 0, time: int = 0
) -> HistogramDataPoint:
    """A histogram of these numbers, counted here one by one."""
    counts = [0] * (len(bounds) + 1)
    for each in numbers:
        counts[sum(each > bound for bound in bounds)] += 1
    return HistogramDataPoint(
        attributes=attributes(labels), count=len(numbers), sum=sum(numbers), bucket_counts=counts,
        explicit_bounds=bounds, start_time_unix_nano=start, time_unix_nano=time,
    )  # fmt: skip


def exponential(name: str, points: Sequence[ExponentialHistogramDataPoint], temporality: Any) -> Metric:
    metric = Metric(name=name, unit="s")
    metric.exponential_histogram.data_points.extend(points)
    metric.exponential_histogram.aggregation_temporality = temporality
    return metric


def as_json(message: Any) -> dict[str, Any]:
    """OTLP/JSON of a message without identifiers of traces: enumerations are numbers there."""
    found: dict[str, Any] = MessageToDict(message, use_integers_for_enums=True)
    return found
