"""The shapes of OTLP/JSON, with the names that the protobuf messages have: one reader walks both.

Unknown fields are ignored, 64-bit integers may be text, and any field may be null, as the protobuf
JSON mapping has it. Identifiers of traces and spans are not read: nothing here needs them.
"""

from __future__ import annotations

from msgspec import Struct


class _Message(Struct, frozen=True, rename="camel"):
    """What protobuf messages can be asked."""

    def HasField(self, name: str) -> bool:  # noqa: N802  (protobuf's own name)
        """Whether a field with presence was given."""
        return getattr(self, name) is not None


class ArrayValue(_Message, frozen=True):
    """A list."""

    values: tuple[AnyValue, ...] | None = ()


class KeyValueList(_Message, frozen=True):
    """A map."""

    values: tuple[KeyValue, ...] | None = ()


class AnyValue(_Message, frozen=True):
    """One of these, or none."""

    string_value: str | None = None
    bool_value: bool | None = None
    int_value: int | None = None
    double_value: float | None = None
    array_value: ArrayValue | None = None
    kvlist_value: KeyValueList | None = None
    bytes_value: str | None = None


class KeyValue(_Message, frozen=True):
    """An attribute."""

    key: str | None = ""
    value: AnyValue | None = None


Attributes = tuple[KeyValue, ...] | None


class Resource(_Message, frozen=True):
    """Who sends."""

    attributes: Attributes = ()


class Scope(_Message, frozen=True):
    """The library that measured."""

    name: str | None = ""


class NumberPoint(_Message, frozen=True):
    """A point of a sum or gauge."""

    attributes: Attributes = ()
    start_time_unix_nano: int | None = 0
    time_unix_nano: int | None = 0
    as_double: float | None = None
    as_int: int | None = None
    flags: int | None = 0


class HistogramPoint(_Message, frozen=True):
    """A point of a histogram with explicit bounds."""

    attributes: Attributes = ()
    start_time_unix_nano: int | None = 0
    time_unix_nano: int | None = 0
    count: int | None = 0
    sum: float | None = None
    bucket_counts: tuple[int, ...] | None = ()
    explicit_bounds: tuple[float, ...] | None = ()
    flags: int | None = 0


class ExponentialBuckets(_Message, frozen=True):
    """Counts of neighbouring buckets, the first with the index `offset`."""

    offset: int | None = 0
    bucket_counts: tuple[int, ...] | None = ()


class ExponentialPoint(_Message, frozen=True):
    """A point of an exponential histogram."""

    attributes: Attributes = ()
    start_time_unix_nano: int | None = 0
    time_unix_nano: int | None = 0
    count: int | None = 0
    sum: float | None = None
    scale: int | None = 0
    zero_count: int | None = 0
    positive: ExponentialBuckets | None = None
    negative: ExponentialBuckets | None = None
    flags: int | None = 0


class SummaryPoint(_Message, frozen=True):
    """A point of a summary: counted, and not used."""

    attributes: Attributes = ()


class Gauge(_Message, frozen=True):
    """Numbers as they are."""

    data_points: tuple[NumberPoint, ...] | None = ()


class Sum(_Message, frozen=True):
    """Numbers that add up."""

    data_points: tuple[NumberPoint, ...] | None = ()
    aggregation_temporality: int | str | None = 0
    is_monotonic: bool | None = False


class Histogram(_Message, frozen=True):
    """Observations in buckets."""

    data_points: tuple[HistogramPoint, ...] | None = ()
    aggregation_temporality: int | str | None = 0


class ExponentialHistogram(_Message, frozen=True):
    """Observations in buckets whose bounds are powers of one base."""

    data_points: tuple[ExponentialPoint, ...] | None = ()
    aggregation_temporality: int | str | None = 0


class Summary(_Message, frozen=True):
    """Quantiles that the sender computed."""

    data_points: tuple[SummaryPoint, ...] | None = ()


class Metric(_Message, frozen=True):
    """A metric with one kind of points."""

    name: str | None = ""
    unit: str | None = ""
    gauge: Gauge | None = None
    sum: Sum | None = None
    histogram: Histogram | None = None
    exponential_histogram: ExponentialHistogram | None = None
    summary: Summary | None = None


class ScopeMetrics(_Message, frozen=True):
    """Metrics of one library."""

    scope: Scope | None = None
    metrics: tuple[Metric, ...] | None = ()


class ResourceMetrics(_Message, frozen=True):
    """Metrics of one sender."""

    resource: Resource | None = None
    scope_metrics: tuple[ScopeMetrics, ...] | None = ()


class MetricsRequest(_Message, frozen=True):
    """What /v1/metrics takes."""

    resource_metrics: tuple[ResourceMetrics, ...] | None = ()


class LogRecord(_Message, frozen=True):
    """A log record or an event. Its body is not read."""

    time_unix_nano: int | None = 0
    observed_time_unix_nano: int | None = 0
    attributes: Attributes = ()
    event_name: str | None = ""


class ScopeLogs(_Message, frozen=True):
    """Records of one library."""

    scope: Scope | None = None
    log_records: tuple[LogRecord, ...] | None = ()


class ResourceLogs(_Message, frozen=True):
    """Records of one sender."""

    resource: Resource | None = None
    scope_logs: tuple[ScopeLogs, ...] | None = ()


class LogsRequest(_Message, frozen=True):
    """What /v1/logs takes."""

    resource_logs: tuple[ResourceLogs, ...] | None = ()


class Span(_Message, frozen=True):
    """A span: counted, and not used."""


class ScopeSpans(_Message, frozen=True):
    """Spans of one library."""

    spans: tuple[Span, ...] | None = ()


class ResourceSpans(_Message, frozen=True):
    """Spans of one sender."""

    scope_spans: tuple[ScopeSpans, ...] | None = ()


class TracesRequest(_Message, frozen=True):
    """What /v1/traces takes."""

    resource_spans: tuple[ResourceSpans, ...] | None = ()
