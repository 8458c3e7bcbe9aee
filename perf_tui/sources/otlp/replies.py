"""What is answered, in the encoding of the request, as the OTLP specification has it."""

from __future__ import annotations

import json

from perf_tui.sources.otlp.decode import Encoding, Signal
from perf_tui.sources.otlp.intake import Outcome

_REJECTED = {Signal.METRICS: "rejectedDataPoints", Signal.LOGS: "rejectedLogRecords", Signal.TRACES: "rejectedSpans"}
INVALID, DENIED, EXHAUSTED, INTERNAL, UNAVAILABLE = 3, 16, 8, 13, 14
"""gRPC's numbers for what is wrong, as google.rpc.Status has them."""


def done(signal: Signal, encoding: Encoding, outcome: Outcome) -> bytes:
    """The body of a full or partial success."""
    if encoding is Encoding.JSON:
        if not outcome.rejected:
            return b"{}"
        partial = {_REJECTED[signal]: str(outcome.rejected), "errorMessage": outcome.reason}
        return json.dumps({"partialSuccess": partial}).encode()
    if not outcome.rejected:
        return b""
    # The messages of all three signals have the same fields: a count, and a text.
    return _field(1, _varint_field(1, outcome.rejected) + _field(2, outcome.reason.encode()))


def failed(encoding: Encoding, code: int, message: str) -> bytes:
    """The body of an error: a google.rpc.Status."""
    if encoding is Encoding.JSON:
        return json.dumps({"code": code, "message": message}).encode()
    return _varint_field(1, code) + _field(2, message.encode())


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def _varint_field(field: int, number: int) -> bytes:
    return _varint(field << 3) + _varint(number)


def _field(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content
