"""An alert in words and as data, for handlers."""

from __future__ import annotations

from datetime import UTC, datetime
from math import isfinite
from typing import Any

from perf_tui.engine.alerts.model import Alert, Change, Transition
from perf_tui.engine.why.words import words
from perf_tui.handlers.handler import Batch
from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.units import number
from perf_tui.text import clean, cut


def iso(wall: float) -> str:
    """RFC 3339 in UTC, with milliseconds."""
    return datetime.fromtimestamp(wall, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def subject(alert: Alert | Transition) -> str:
    """`latency checkout p99 1.90s (limit 500ms)`."""
    measure = CATALOGUE.get(alert.series.id)
    about = [measure.title if measure else alert.series.id, *(value for _, value in alert.series.labels)]
    value, limit = number(alert.value, alert.unit), number(alert.threshold, alert.unit)
    return clean(f"{' '.join(about)} {value} (limit {limit})")


def sentence(line: Transition) -> str:
    """A whole line: what happened to which rule, the numbers, the message, and what else moved."""
    parts = [f"{line.change} {line.level.word}: {line.rule.name}", subject(line), line.rule.message, words(line.why)]
    return clean(" · ".join(part for part in parts if part))


def letter(batch: Batch) -> tuple[str, str]:
    """A subject, and a line for each change."""
    lines = [f"{iso(line.time)}  {sentence(line)}" for line in batch.lines]
    if batch.more:
        lines.append(f"+{batch.more} more")
    first = sentence(batch.lines[0]) if batch.lines else lines[0]
    count = f" (+{len(lines) - 1})" if len(lines) > 1 else ""
    return cut(clean(f"[{batch.host}] {first}"), 150) + count, "\n".join(lines) + "\n"


def record(line: Transition, host: str) -> dict[str, Any]:
    """A line of the log as JSON has it."""
    return {
        "time": iso(line.time), "host": host, "change": str(line.change), "rule": line.rule.name,
        "level": line.level.word, "metric": line.series.id, "labels": dict(line.series.labels),
        "value": line.value if isfinite(line.value) else None,
        "threshold": line.threshold, "since": iso(line.since), "message": line.rule.message,
        "flapping": line.flapping, "why": words(line.why),
    }  # fmt: skip


def labels(alert: Alert | Transition, host: str) -> dict[str, str]:
    """The identity of an alert among those of other programs. Levels are one alert's, so they stay out of it."""
    own = {name: value for name, value in alert.series.labels if value}
    return {**own, "alertname": alert.rule.name, "metric": alert.series.id, "instance": host}


def texts(alert: Alert | Transition) -> dict[str, str]:
    """What people read."""
    found = {"summary": subject(alert), "description": clean(alert.rule.message), "why": words(alert.why)}
    return {name: text for name, text in found.items() if text}


def webhook(batch: Batch) -> dict[str, Any]:
    """The body that receivers of Alertmanager's webhooks know (version 4)."""
    alerts = [
        {
            "status": "resolved" if line.change is Change.CLEARED else "firing",
            "labels": {**labels(line, batch.host), "severity": line.level.word},
            "annotations": texts(line),
            "startsAt": iso(line.since),
            "endsAt": iso(line.time) if line.change is Change.CLEARED else "0001-01-01T00:00:00Z",
            "generatorURL": "",
            "fingerprint": f"{hash_of(line, batch.host):016x}",
        }
        for line in batch.lines
    ]
    firing = any(alert["status"] == "firing" for alert in alerts)
    return {
        "version": "4", "groupKey": f"{{}}:{{host={batch.host}}}", "truncatedAlerts": batch.more,
        "status": "firing" if firing or not alerts else "resolved", "receiver": "perf-tui",
        "groupLabels": {"instance": batch.host}, "commonLabels": {"instance": batch.host}, "commonAnnotations": {},
        "externalURL": "", "alerts": alerts,
    }  # fmt: skip


def hash_of(alert: Alert | Transition, host: str) -> int:
    """64 bits that stay the same from run to run (FNV-1a of the sorted labels)."""
    value = 0xCBF29CE484222325
    for byte in "\xff".join(f"{name}\xff{text}" for name, text in sorted(labels(alert, host).items())).encode(
        errors="backslashreplace"
    ):
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value
