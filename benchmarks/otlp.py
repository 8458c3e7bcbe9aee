"""The OTLP receiver under mutated bodies: `python -m benchmarks otlp [--bodies N] [--http] [--seed N]`.

Real requests and requests of every shape that the data model has are changed at random (bytes, structure, numbers,
names, compression) and taken in as the receiver does. Counted are crashes, what memory grows by, and the
slowest answer. With --http they go to a receiver in another process, over a socket, eight at a time.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import gzip
import json
import os
import random
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from benchmarks.accounting import pss_bytes
from perf_tui.sources.otlp.decode import BadBody, Encoding, Signal, TooLarge, decode, unzipped
from perf_tui.sources.otlp.intake import Intake, Outcome
from perf_tui.sources.otlp.limits import Limits
from perf_tui.sources.otlp.replies import INVALID, done, failed
from perf_tui.sources.otlp.source import Options, OtlpSource

DATA = Path(__file__).parents[1] / "tests" / "data" / "otlp"
LATE = 1.0
"""Seconds after which an answer is late."""
AT_ONCE, BATCH = 8, 200
_MESSAGES: dict[Signal, type[Message]] = {
    Signal.METRICS: ExportMetricsServiceRequest,
    Signal.LOGS: ExportLogsServiceRequest,
    Signal.TRACES: ExportTraceServiceRequest,
}
_NUMBERS = (
    0, -1, 1, 2, 255, 2**31, -(2**31), 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1, 2**64, 10**400, 0.5, -0.0, 1e-320, 1e308,
    "NaN", "Infinity", "-Infinity", "12", "-12", "x", "", None, True, False, [], {}, [[]], "\x00", "\ud800",
)  # fmt: skip
_FITTING = (0, 1, 2, 3, 5, 200, 404, 503, 2**31 - 1, 0.5, 1.5, 1e300, "7", "1795344812000000000", "1795344700000000000")
_TEXTS = (
    "service.name", "session.id", "process.pid", "host.name", "http.route", "http.response.status_code", "error.type",
    "gen_ai.token.type", "event.name", "conversation.id", "type", "model", "claude-code", "codex_exec", "gemini-cli",
    "opencode", "copilot-chat", "user_prompt", "api_request", "tool_decision", "codex.sse_event", "output", "input",
    "http.server.request.duration", "http.server.active_requests", "gen_ai.client.token.usage",
    "claude_code.token.usage", "gen_ai.evaluation.result", "gen_ai.evaluation.score.value", "\x1b[2J", "a" * 5000, "é",
)  # fmt: skip
_TIME = 1795344810 * 10**9
_RENAMED = (b"session-0001", b"/route-00001", b"shop-service", b"claude-model")
"""Names in the seeds, each of 12 bytes: another of the same length fits into a protobuf message as well."""
_UNFIT = (ParseError, ValueError, OverflowError, RecursionError, TypeError, AttributeError, SystemError)
"""What JSON that is no longer right cannot be made a message with."""


@dataclass(frozen=True)
class Body:
    """A request."""

    signal: Signal
    encoding: Encoding
    content: bytes
    zipped: bool = False


@dataclass
class Report:
    """What came of a run."""

    bodies: int = 0
    taken: int = 0
    partly: int = 0
    refused: int = 0
    crashes: list[str] = field(default_factory=list)
    slowest: float = 0.0
    late: int = 0
    tick: float = 0.0
    """CPU seconds that making measures of it all took at most."""
    growth: int = 0
    """Bytes of memory that the last three quarters of the run added."""
    series: int = 0
    sessions: int = 0

    def lines(self) -> Iterator[str]:
        """In words."""
        yield f"{self.bodies:,} bodies: {self.taken:,} taken, {self.partly:,} in part, {self.refused:,} refused"
        slowest = f"slowest {self.slowest * 1000:.0f} ms"
        yield f"crashes {len(self.crashes)}, answers later than {LATE:g} s {self.late}, {slowest}"
        yield f"memory {self.growth / 2**20:+.1f} MiB over the last three quarters"
        yield f"measures of all of it in at most {self.tick * 1000:.0f} ms of CPU time"
        yield f"remembered at the end: {self.series:,} series, {self.sessions:,} sessions"
        yield from self.crashes[:10]


def seeds() -> list[tuple[Signal, dict[str, Any]]]:
    """Requests that are right, as OTLP/JSON."""
    found = [
        (Signal.LOGS, json.loads((DATA / "codex_0.169.0_logs_http-json.json").read_bytes())),
        (Signal.METRICS, json.loads((DATA / "gemini_cli_0.61.0_metrics_http-json.json").read_bytes())),
    ]
    for service in ("claude-code", "opencode", "shop-service"):
        found.append((Signal.METRICS, _metrics(service)))
        found.append((Signal.LOGS, _events(service)))
    found.append((Signal.TRACES, {"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "a", "kind": 2}]}]}]}))
    return found


def _attributes(**given: Any) -> list[dict[str, Any]]:
    kinds = {str: "stringValue", int: "intValue", float: "doubleValue"}
    return [{"key": key.replace("__", "."), "value": {kinds[type(value)]: value}} for key, value in given.items()]


def _metrics(service: str) -> dict[str, Any]:
    times = {"startTimeUnixNano": "1795344800000000000", "timeUnixNano": "1795344810000000000"}
    request = _attributes(http__route="/route-00001", http__response__status_code=200, http__request__method="GET")
    tokens = _attributes(type="output", session__id="session-0001", model="claude-model", gen_ai__token__type="output")
    histogram = {
        "attributes": request, **times, "count": "4", "sum": 2.5, "bucketCounts": ["1", "2", "1"],
        "explicitBounds": [0.1, 1.0],
    }  # fmt: skip
    exponential = {
        "attributes": request, **times, "count": 5, "sum": 9.0, "scale": 3, "zeroCount": "1",
        "positive": {"offset": -4, "bucketCounts": ["0", "3", "1"]},
    }  # fmt: skip
    metrics = [
        {"name": "http.server.request.duration", "unit": "s",
         "histogram": {"aggregationTemporality": 2, "dataPoints": [histogram]}},
        {"name": "http.server.request.duration", "unit": "s",
         "exponentialHistogram": {"aggregationTemporality": 1, "dataPoints": [exponential]}},
        {"name": "http.server.active_requests",
         "sum": {"aggregationTemporality": 2, "dataPoints": [{"attributes": request, **times, "asInt": "3"}]}},
        {"name": "claude_code.token.usage", "sum": {
            "aggregationTemporality": 1, "isMonotonic": True,
            "dataPoints": [{"attributes": tokens, **times, "asDouble": 12.5}]}},
        {"name": "gen_ai.client.token.usage",
         "histogram": {"aggregationTemporality": 1, "dataPoints": [histogram | {"attributes": tokens}]}},
        {"name": "any.gauge", "gauge": {"dataPoints": [{"asDouble": 1.5, **times}]}},
        {"name": "any.summary", "summary": {"dataPoints": [{"count": "1"}]}},
    ]  # fmt: skip
    resource = {"attributes": _attributes(service__name=service, process__pid=42, host__name="vm")}
    return {"resourceMetrics": [{"resource": resource, "scopeMetrics": [{"scope": {"name": "x"}, "metrics": metrics}]}]}


def _events(service: str) -> dict[str, Any]:
    names = ("user_prompt", "api_request", "tool_decision", "tool_result", "api_error", "gen_ai.evaluation.result")
    records = [
        {
            "timeUnixNano": "1795344810000000000",
            "body": {"stringValue": "words"},
            "attributes": [
                *_attributes(
                    event__name=name,
                    session__id="session-0001",
                    model="claude-model",
                    input_tokens=10,
                    output_tokens="20",
                    cost_usd=0.25,
                    duration_ms=1200,
                    tool_name="Bash",
                    gen_ai__evaluation__name="right",
                    gen_ai__evaluation__score__value=0.5,
                    gen_ai__request__model="tiny",
                    error="busy",
                ),
                {"key": "list", "value": {"arrayValue": {"values": [{"intValue": "1"}, {"boolValue": True}]}}},
                {"key": "map", "value": {"kvlistValue": {"values": [{"key": "a", "value": {"bytesValue": "AAA="}}]}}},
            ],
        }
        for name in names
    ]
    resource = {"attributes": _attributes(service__name=service)}
    return {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": records}]}]}


class Mutator:
    """Bodies that are nearly right; the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._seeds = seeds()
        self._texts = [json.dumps(request) for _, request in self._seeds]
        self._blobs = [self._message(signal, request) for signal, request in self._seeds]

    def body(self) -> Body:
        """The next one."""
        chance = self._chance
        place = chance.randrange(len(self._seeds))
        signal = self._seeds[place][0]
        encoding = chance.choice((Encoding.JSON, Encoding.PROTOBUF))
        how = chance.random()
        if how < 0.3:
            # Right, and of somebody whom nobody has seen: as if there were no end of sessions, routes and services.
            content = self._texts[place].encode() if encoding is Encoding.JSON else self._blobs[place]
            for name in _RENAMED:
                if chance.random() < 0.5:
                    content = content.replace(name, b"%012x" % chance.getrandbits(48))
            moved = _TIME + chance.randrange(10_000) * 10**9
            content = content.replace(b"%d" % _TIME, b"%d" % moved)
            content = content.replace(_TIME.to_bytes(8, "little"), moved.to_bytes(8, "little"))
        elif how < 0.7:
            request = json.loads(self._texts[place])
            for _ in range(chance.randrange(1, 5)):
                self._node(request)
            content = b""
            if encoding is Encoding.PROTOBUF:
                with contextlib.suppress(*_UNFIT):
                    content = self._message(signal, request)
                content = content or self._blobs[place]
            else:
                content = self._text(request, place)
        else:
            content = self._texts[place].encode() if encoding is Encoding.JSON else self._blobs[place]
        if how > 0.6:
            content = self._bytes(content)
        if chance.random() < 0.02:
            signal = chance.choice(tuple(Signal))
        zipped = chance.random() < 0.2
        if zipped:
            content = gzip.compress(content, 1)
            if chance.random() < 0.3:
                content = self._bytes(content)
        return Body(signal, encoding, content, zipped)

    def _text(self, request: dict[str, Any], place: int) -> bytes:
        with contextlib.suppress(RecursionError):
            text = json.dumps(request, ensure_ascii=self._chance.random() < 0.5)
            return text.encode("utf-8", "surrogatepass")
        deep = b'{"arrayValue":{"values":[' * self._chance.randrange(100, 20_000)
        return self._texts[place].encode().replace(b'{"stringValue"', deep + b'{"stringValue"', 1)

    @staticmethod
    def _message(signal: Signal, request: dict[str, Any]) -> bytes:
        made = ParseDict(request, _MESSAGES[signal](), ignore_unknown_fields=True, max_recursion_depth=50)
        found: bytes = made.SerializeToString()
        return found

    def _node(self, request: Any) -> None:
        """Change one place of a structure."""
        chance = self._chance
        node = request
        while True:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            if not keys:
                return
            key = chance.choice(keys)
            child = node[key]
            if isinstance(child, (dict, list)) and child and chance.random() < 0.9:
                node = child
                continue
            break
        what = chance.random()
        if what < 0.6 and isinstance(child, (str, int, float)) and not isinstance(child, bool):
            # Of the same kind: most of these are taken.
            number = not isinstance(child, str) or child.lstrip("-").isdigit()
            wild = f"{chance.getrandbits(64):x}"  # a session, a route, a service that nobody has seen
            node[key] = chance.choice(_FITTING) if number else chance.choice((wild, wild, chance.choice(_TEXTS)))
        elif what < 0.7:
            node[key] = chance.choice(_NUMBERS)
        elif what < 0.75:
            node[key] = chance.choice(_TEXTS)
        elif what < 0.85:
            del node[key]
        elif what < 0.95 and isinstance(node, list):
            node.extend([child] * chance.randrange(1, 30))
        else:
            for _ in range(chance.choice((1, 5, 90, 500))):
                child = {"arrayValue": {"values": [child]}} if chance.random() < 0.5 else [child]
            node[key] = child

    def _bytes(self, content: bytes) -> bytes:
        """Change some bytes."""
        chance = self._chance
        changed = bytearray(content)
        for _ in range(chance.choice((1, 1, 2, 5, 40))):
            if not changed:
                break
            place = chance.randrange(len(changed))
            how = chance.randrange(6)
            if how == 0:
                changed[place] ^= 1 << chance.randrange(8)
            elif how == 1:
                changed[place] = chance.choice((0, 0x7F, 0x80, 0xFF, 0x22, 0x5B, 0x7B))
            elif how == 2:
                del changed[place : place + chance.choice((1, 4, 100))]
            elif how == 3:
                changed[place:place] = bytes(chance.randrange(256) for _ in range(chance.choice((1, 8))))
            elif how == 4:
                other = chance.choice(self._blobs)
                begin = chance.randrange(len(other))
                changed[place : place + 50] = other[begin : begin + chance.randrange(200)]
            else:
                del changed[place:]
        return bytes(changed)


def answer(intake: Intake, limits: Limits, body: Body, at: float, wall: float) -> Outcome | None:
    """What the receiver does between the last byte of a request and the first of its answer; None: refused."""
    try:
        content = unzipped(body.content, limits.body) if body.zipped else body.content
        if len(content) > limits.body:
            raise TooLarge
        read = intake.read(body.signal, decode(body.signal, body.encoding, content))
        intake.announce(read, at)
        outcome = intake.take(read, at, wall)
    except (BadBody, TooLarge) as problem:
        failed(body.encoding, INVALID, str(problem))
        return None
    done(body.signal, body.encoding, outcome)
    return outcome


def run(bodies: int, seed: int = 0, *, derive_each: int = 50) -> Report:
    """Take in so many bodies, one after the other; each moves the clock on by a tenth of a second."""
    limits = Limits()
    mutator, report = Mutator(seed), Report()
    wall, at = 1795344811.0, 0.0
    intake = Intake("otlp", 60.0, 600.0, wall, most_series=limits.series, most_sessions=limits.sessions)
    before = 0
    for number in range(bodies):
        body = mutator.body()
        at, wall = at + 0.1, wall + 0.1
        began = time.perf_counter()
        try:
            outcome = answer(intake, limits, body, at, wall)
        except Exception as error:
            report.crashes.append(f"body {number}: {type(error).__name__}: {error}"[:300])
            outcome = None
        _count(report, outcome, time.perf_counter() - began)
        if number % derive_each == 0:
            began = time.thread_time()
            list(intake.derive(at, wall).samples)
            report.tick = max(report.tick, time.thread_time() - began)
        if number == bodies // 4:
            gc.collect()
            before = pss_bytes([os.getpid()])
    gc.collect()
    report.growth = pss_bytes([os.getpid()]) - before
    report.series, report.sessions = intake.sizes()
    return report


def _count(report: Report, outcome: Outcome | None, seconds: float) -> None:
    report.bodies += 1
    report.slowest = max(report.slowest, seconds)
    report.late += seconds > LATE
    if outcome is None:
        report.refused += 1
    elif outcome.rejected:
        report.partly += 1
    else:
        report.taken += 1


async def serve() -> None:
    """The receiver in a process of its own: prints its port, and what it came to when its input ends."""
    source = OtlpSource(Options("127.0.0.1", 0, limits=Limits(requests=1e9)))
    await source.open()
    print(source.port, flush=True)
    slowest, memory = 0.0, [0]

    async def tick() -> None:
        nonlocal slowest
        while True:
            await asyncio.sleep(0.5)
            now = await source.read()
            began = time.thread_time()
            list(source.derive(now, time.monotonic()).samples)
            slowest = max(slowest, time.thread_time() - began)

    ticking = asyncio.create_task(tick())
    while await asyncio.to_thread(sys.stdin.readline):
        gc.collect()
        memory.append(pss_bytes([os.getpid()]))
    ticking.cancel()
    gc.collect()
    series, sessions = source.intake.sizes()
    growth = pss_bytes([os.getpid()]) - memory[-1]
    print(json.dumps({"tick": slowest, "growth": growth, "series": series, "sessions": sessions}), flush=True)
    await source.close()


async def run_http(bodies: int, seed: int = 0) -> Report:
    """The same over a real socket, some at a time; answers other than 200, 400 and 413 are crashes."""
    mutator, report = Mutator(seed), Report()
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.otlp", "--serve", stdin=PIPE, stdout=PIPE, cwd=Path(__file__).parents[1]
    )
    assert server.stdin is not None
    assert server.stdout is not None
    port = int(await server.stdout.readline())
    waiting: list[Body] = []

    async def send(session: aiohttp.ClientSession) -> None:
        while waiting:
            body = waiting.pop()
            headers = {"Content-Type": str(body.encoding)}
            if body.zipped:
                headers["Content-Encoding"] = "gzip"
            url = f"http://127.0.0.1:{port}/v1/{body.signal}"
            began = time.perf_counter()
            try:
                async with session.post(url, data=body.content, headers=headers) as response:
                    content = await response.read()
            except aiohttp.ClientError as error:
                report.crashes.append(f"no answer: {error}"[:300])
                continue
            seconds = time.perf_counter() - began
            if response.status not in (200, 400, 413):
                report.crashes.append(f"{response.status}: {content[:200]!r}")
            good = Outcome(int(len(content) > 2)) if response.status == 200 else None
            _count(report, good, seconds)
            if report.bodies == bodies // 4:
                server.stdin.write(b"\n")

    async with aiohttp.ClientSession() as session:
        for place in range(0, bodies, BATCH):
            # Made before they are sent: what it takes to make them is no time of the receiver's.
            waiting += [mutator.body() for _ in range(min(BATCH, bodies - place))]
            await asyncio.gather(*(send(session) for _ in range(AT_ONCE)))
    server.stdin.close()
    told = json.loads(await server.stdout.readline() or b"{}")
    if not told:
        report.crashes.append("the receiver has ended")
    report.tick, report.growth = told.get("tick", 0.0), told.get("growth", 0)
    report.series, report.sessions = told.get("series", 0), told.get("sessions", 0)
    await server.wait()
    return report


def main() -> int:
    """Print the report. Returns 1 where something crashed or was late."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bodies", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--http", action="store_true")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options, _ = parser.parse_known_args()
    if options.serve:
        asyncio.run(serve())
        return 0
    began = time.perf_counter()
    report = asyncio.run(run_http(options.bodies, options.seed)) if options.http else run(options.bodies, options.seed)
    print(f"otlp: mutated bodies{' over HTTP' if options.http else ''}, seed {options.seed}")
    for line in report.lines():
        print(f"  {line}")
    print(f"  {time.perf_counter() - began:.0f} s in all")
    return int(bool(report.crashes or report.late))


if __name__ == "__main__":
    raise SystemExit(main())
