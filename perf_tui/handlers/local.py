"""Handlers on this machine: a file of JSON lines, a command, syslog."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import syslog
from collections.abc import Sequence
from contextlib import suppress

from perf_tui.engine.alerts.model import Level, Transition
from perf_tui.engine.source import SourceError
from perf_tui.engine.why.words import words
from perf_tui.handlers.handler import Batch, Handler
from perf_tui.handlers.words import iso, record, sentence
from perf_tui.text import clean


class JsonLines(Handler):
    """Appends a line of JSON for each change. The file is opened anew each time: it may have been rotated."""

    kind = "file"

    def __init__(self, name: str, path: str) -> None:
        self.name, self._path = name, os.path.expanduser(path)

    def deliver(self, batch: Batch) -> None:
        """All lines in one write, so that none is torn by others that append."""
        found = [record(line, batch.host) for line in batch.lines]
        if batch.more:
            found.append({"time": iso(batch.wall), "host": batch.host, "more": batch.more})
        text = "".join(json.dumps(each) + "\n" for each in found)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)


class Command(Handler):
    """Runs a program for each change, one at a time, without a shell; the values are in its environment."""

    kind = "command"

    def __init__(self, name: str, arguments: Sequence[str], deadline: float) -> None:
        self.name, self._arguments, self._deadline = name, list(arguments), deadline

    def deliver(self, batch: Batch) -> None:
        """Raises SourceError where a run fails or takes too long; the others are run all the same."""
        problems = []
        for place, line in enumerate(batch.lines):
            more = batch.more if place == len(batch.lines) - 1 else 0
            if problem := self._run(_variables(line, batch.host, more)):
                problems.append(problem)
        if problems:
            raise SourceError(problems[0])

    def _run(self, variables: dict[str, str]) -> str | None:
        process = subprocess.Popen(
            self._arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, **variables}, start_new_session=True,
        )  # fmt: skip
        try:
            code = process.wait(self._deadline)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):  # with all that it has started
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return f"{self._arguments[0]} did not end within {self._deadline:g} s"
        return f"{self._arguments[0]} ended with {code}" if code else None


def _variables(line: Transition, host: str, more: int) -> dict[str, str]:
    found = {
        "CHANGE": str(line.change), "RULE": line.rule.name, "LEVEL": line.level.word, "METRIC": line.series.id,
        "LABELS": json.dumps(dict(line.series.labels)), "VALUE": repr(line.value), "THRESHOLD": repr(line.threshold),
        "SINCE": iso(line.since), "TIME": iso(line.time), "MESSAGE": line.rule.message, "TEXT": sentence(line),
        "WHY": words(line.why), "HOST": host, "MORE": str(more),
    }  # fmt: skip
    return {f"PERF_TUI_ALERT_{name}": clean(text) for name, text in found.items()}


class Syslog(Handler):
    """A line for each change to the system's log, as `daemon`."""

    kind = "syslog"
    _PRIORITY = {Level.CRITICAL: syslog.LOG_CRIT, Level.WARNING: syslog.LOG_WARNING, Level.INFO: syslog.LOG_INFO}  # noqa: RUF012

    def __init__(self, name: str) -> None:
        self.name = name

    def deliver(self, batch: Batch) -> None:
        """Never fails: the C library drops what nobody takes."""
        syslog.openlog("perf-tui", syslog.LOG_PID, syslog.LOG_DAEMON)
        for line in batch.lines:
            syslog.syslog(self._PRIORITY.get(line.level, syslog.LOG_INFO), sentence(line))
        if batch.more:
            syslog.syslog(syslog.LOG_WARNING, f"+{batch.more} more")
