"""From the bytes of a request to messages: protobuf or JSON, compressed or not. Bounded in what it makes."""

from __future__ import annotations

import zlib
from enum import StrEnum
from typing import Any

import msgspec

from perf_tui.sources.otlp import wire
from perf_tui.text import clean, cut

_STEP = 256 * 1024
_JSON: dict[str, msgspec.json.Decoder[Any]] = {}


class Signal(StrEnum):
    """What is sent; the last part of the path."""

    METRICS = "metrics"
    LOGS = "logs"
    TRACES = "traces"


class Encoding(StrEnum):
    """How it is written; the media type."""

    PROTOBUF = "application/x-protobuf"
    JSON = "application/json"


class BadBody(Exception):  # noqa: N818  (it is the body that is bad)
    """The body is not what its headers say; the text says why, and quotes nothing of it."""


class TooLarge(Exception):  # noqa: N818
    """More bytes than are taken."""


def protobuf_there() -> bool:
    """Whether protobuf bodies can be read: the extra `otlp` is installed. Imports it, which takes 50 ms."""
    try:
        _protobuf(Signal.METRICS)
    except ImportError:
        return False
    return True


def _protobuf(signal: Signal) -> Any:
    """The message class of requests."""
    if signal is Signal.METRICS:
        from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

        return ExportMetricsServiceRequest
    if signal is Signal.LOGS:
        from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

        return ExportLogsServiceRequest
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    return ExportTraceServiceRequest


def _json(signal: Signal) -> msgspec.json.Decoder[Any]:
    # Made with the first request: a decoder for all of these types takes a while.
    if signal not in _JSON:
        kinds = {Signal.METRICS: wire.MetricsRequest, Signal.LOGS: wire.LogsRequest, Signal.TRACES: wire.TracesRequest}
        _JSON[signal] = msgspec.json.Decoder(kinds[signal], strict=False)
    return _JSON[signal]


def decode(signal: Signal, encoding: Encoding, body: bytes) -> Any:
    """The request in `body`. Raises BadBody."""
    if encoding is Encoding.PROTOBUF:
        from google.protobuf.message import DecodeError

        request = _protobuf(signal)()
        try:
            request.ParseFromString(body)
        except DecodeError:
            raise BadBody(f"the body is no protobuf message of {signal}") from None
        return request
    try:
        return _json(signal).decode(body)
    except msgspec.ValidationError as error:
        raise BadBody(_without_values(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadBody("the body is not JSON") from None
    except (RecursionError, OverflowError, MemoryError):
        raise BadBody("the body is nested too deep or has numbers that are too large") from None


def _without_values(message: str) -> str:
    """msgspec names the types and the path, as in ``Expected `int`, got `str` - at `$.resourceLogs[0]` ``."""
    return cut(clean(message), 200)


def unzipped(body: bytes, most: int) -> bytes:
    """The content of a gzip body of one or more members. Raises BadBody, and TooLarge beyond `most` bytes."""
    parts: list[bytes] = []
    size = 0
    while body:
        stream = zlib.decompressobj(31)
        try:
            while not stream.eof:
                # A bomb is seen before it has taken more than what is allowed.
                part = stream.decompress(body, _STEP)
                body = stream.unconsumed_tail
                size += len(part)
                if size > most:
                    raise TooLarge
                parts.append(part)
                if not part and not body and not stream.eof:
                    raise BadBody("the gzip body ends too early")
        except zlib.error:
            raise BadBody("the body is not gzip") from None
        body = stream.unused_data
    return b"".join(parts)
