"""Handlers from the configuration, which has been checked."""

from __future__ import annotations

import socket
from pathlib import Path

from perf_tui.config.quantities import duration
from perf_tui.config.schema import AlertHandler, Config
from perf_tui.engine.alerts.model import Level
from perf_tui.handlers.dispatch import Dispatcher
from perf_tui.handlers.handler import Handler
from perf_tui.sources.scrape.credentials import Credentials
from perf_tui.text import clean


def dispatcher(config: Config, folder: Path | None = None) -> Dispatcher:
    """All handlers of a configuration; `folder` is where it is remembered how far each has come."""
    return Dispatcher([_handler(each) for each in config.handlers], clean(socket.gethostname()), folder)


def _handler(one: AlertHandler) -> Handler:
    handler = _of_kind(one)
    handler.least = Level[one.level.upper()]
    return handler


def _of_kind(one: AlertHandler) -> Handler:
    # HTTP, TLS and mail are loaded where they are used.
    if one.kind in ("file", "command", "syslog"):
        from perf_tui.handlers.local import Command, JsonLines, Syslog

        if one.kind == "file":
            return JsonLines(one.name, one.path or "")
        return Command(one.name, one.command, one.timeout) if one.kind == "command" else Syslog(one.name)
    credentials = Credentials(
        one.bearer_token_env, one.bearer_token_file, one.username, one.password_env, one.password_file
    )
    if one.kind == "email":
        from perf_tui.handlers.mail import Mail

        return Mail(one.name, one.server or "", one.sender or "", one.to, credentials, one.timeout)
    if one.kind == "apprise":
        from perf_tui.handlers.services import Services

        return Services(one.name, Credentials(password_env=one.url_env, password_file=one.url_file), one.timeout)
    from perf_tui.handlers.web import Alertmanager, Heartbeat, Webhook

    if one.kind == "heartbeat":
        return Heartbeat(one.name, one.url or "", credentials, one.timeout, duration(one.every or "1m"))
    kind = Alertmanager if one.kind == "alertmanager" else Webhook
    return kind(one.name, one.url or "", credentials, one.timeout)
