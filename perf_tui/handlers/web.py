"""Handlers over HTTP: a webhook, an Alertmanager, a heartbeat. No redirect is followed and no proxy used."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from perf_tui import __version__
from perf_tui.engine.alerts.model import Alert, Change, Level, Transition
from perf_tui.engine.source import SourceError
from perf_tui.handlers.handler import Batch, Handler
from perf_tui.handlers.words import iso, labels, texts, webhook
from perf_tui.measures.model import Series
from perf_tui.sources.scrape.credentials import Credentials

RESEND = 60.0
"""Seconds after which an Alertmanager is told again of what fires; it forgets after three times that."""


class _Web(Handler):
    def __init__(self, name: str, url: str, credentials: Credentials, deadline: float) -> None:
        self.name, self._deadline = name, deadline
        self._url, self._credentials = urlsplit(url), credentials

    def _ask(self, body: Any = None, path: str | None = None) -> None:
        """Raises SourceError for any answer but success, and where it takes longer than the deadline."""
        kind = http.client.HTTPSConnection if self._url.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._url.hostname or "", self._url.port, timeout=self._deadline)
        # A peer that sends a byte now and then keeps within every timeout of the socket: this ends it.
        over = threading.Event()
        late = threading.Timer(self._deadline, _cut, [connection, over])
        late.daemon = True
        late.start()
        try:
            headers = {"User-Agent": f"perf-tui/{__version__}"}
            if (authorization := self._credentials.header()) is not None:
                headers["Authorization"] = authorization
            data = None
            if body is not None:
                headers["Content-Type"] = "application/json"
                data = json.dumps(body).encode()
            target = path or (self._url.path or "/") + (f"?{self._url.query}" if self._url.query else "")
            connection.request("GET" if data is None else "POST", target, data, headers)
            answer = connection.getresponse()
            if over.is_set():
                raise TimeoutError
            if not 200 <= answer.status < 300:
                raise SourceError(f"it answered {answer.status} {answer.reason}")
        except (TimeoutError, http.client.HTTPException, ValueError) as error:
            raise SourceError(f"no answer within {self._deadline:g} s ({type(error).__name__})") from None
        finally:
            late.cancel()
            connection.close()


def _cut(connection: http.client.HTTPConnection, over: threading.Event) -> None:
    over.set()
    if connection.sock is not None:
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)


class Webhook(_Web):
    """Posts what Alertmanager's webhooks post."""

    kind = "webhook"

    def deliver(self, batch: Batch) -> None:
        """One request for all that changed."""
        self._ask(webhook(batch))


class Alertmanager(_Web):
    """Keeps an Alertmanager informed (API v2): what fires is told again and again, what has ended once."""

    kind = "alertmanager"
    every = RESEND

    def __init__(self, name: str, url: str, credentials: Credentials, deadline: float) -> None:
        super().__init__(name, url, credentials, deadline)
        self._told: dict[tuple[str, Series], set[Level]] = {}
        """The levels at which it knows of an alert; over there each is an alert by itself."""

    def deliver(self, batch: Batch) -> None:
        """One request for all that fires, and for what has ended."""
        ends = iso(batch.wall + 3 * RESEND)
        alerts = [self._alert(alert, alert.level, ends, batch) for alert in batch.active]
        now = {(alert.rule.name, alert.series): alert.level for alert in batch.active}
        for line in batch.lines:
            key = line.rule.name, line.series
            if line.change is Change.CLEARED or key in now:
                # One that it was told of before a restart ends at the level that is known.
                levels = self._told.get(key, {line.level}) - {now.get(key, Level.OK)}
                alerts += [self._alert(line, level, iso(max(line.time, line.since)), batch) for level in sorted(levels)]
        if alerts:
            self._ask(alerts, f"{self._url.path.rstrip('/')}/api/v2/alerts")
        self._told = {key: {level} for key, level in now.items()}

    @staticmethod
    def _alert(about: Alert | Transition, level: Level, ends: str, batch: Batch) -> dict[str, Any]:
        return {
            "labels": {**labels(about, batch.host), "severity": level.word}, "annotations": texts(about),
            "startsAt": iso(about.since), "endsAt": ends,
        }  # fmt: skip


class Heartbeat(_Web):
    """Asks for an address from time to time, which somebody else misses when this machine or program is dead."""

    kind = "heartbeat"

    def __init__(self, name: str, url: str, credentials: Credentials, deadline: float, every: float) -> None:
        super().__init__(name, url, credentials, deadline)
        self.every = every

    def deliver(self, batch: Batch) -> None:
        """One request."""
        self._ask()
