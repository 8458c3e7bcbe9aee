"""All that happened: the alert log as a table that can be searched and sorted."""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence

from perf_tui.engine.alerts.model import Change, Transition
from perf_tui.engine.alerts.notice import QUIET
from perf_tui.engine.why.words import words
from perf_tui.measures.units import number, seconds
from perf_tui.ui.panes.alertlog import comparison, subject
from perf_tui.ui.view import View
from perf_tui.ui.widgets.table import Column, TablePane


def _moment(line: Transition) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(line.time))


def _when(line: Transition, view: View) -> str:
    """The time; of another day than today's, with the day."""
    moment = _moment(line)
    today = time.strftime("%Y-%m-%d", time.localtime(view.snapshot.time))
    return moment[11:] if moment.startswith(today) else moment[5:16]


def _level(line: Transition) -> str:
    return "ok" if line.change is Change.CLEARED else line.level.word


def _quiet(line: Transition) -> str | None:
    """Why nobody was told of what people could have been told."""
    return line.quiet if line.quiet not in ("", line.change.value, QUIET) else None


def _text(line: Transition, view: View) -> str:
    lasted = f"after {seconds(max(0.0, line.time - line.since))}" if line.change is Change.CLEARED else ""
    parts = (lasted, line.rule.message, words(line.why, view.glyphs.arrow))
    return f" {view.glyphs.dot} ".join(filter(None, parts))


class History(TablePane[Transition]):
    """The newest first; what is remembered from before the last start as well."""

    title = "history"
    holds_first = False
    columns = (
        Column("time", 11, _when, lambda line: (line.time, line.number), lambda line: "dim", "<", importance=9),
        Column("", 1, lambda line, view: view.glyphs.marks[_level(line)], lambda line: line.level, _level, "<",
               importance=9),
        Column("level", 8, lambda line, view: line.level.word, lambda line: line.level, _level, "<", importance=5),
        Column("change", 12, lambda line, view: line.change.value, lambda line: line.change.value, align="<",
               descending=False, importance=6),
        Column("not told", 12, lambda line, view: _quiet(line) or "", _quiet, lambda line: "dim", "<", False, 3,
               optional=True),
        Column("what", 24, lambda line, view: subject(line.series), lambda line: subject(line.series),
               lambda line: "strong", "<", False, 8),
        Column("value", 18, comparison, lambda line: line.value, align="<", importance=7),
        Column("rule", 14, lambda line, view: line.rule.name, lambda line: line.rule.name, align="<",
               descending=False, importance=2),
        Column("message", 20, _text, lambda line: line.rule.message, lambda line: "dim", "<", False, 1),
    )  # fmt: skip

    def head(self, view: View) -> tuple[str, str]:
        return self.title, f"{len(view.snapshot.log)} lines  {self.perf.keys['filter']} filter"

    def rows(self, view: View) -> Sequence[Transition]:
        return view.snapshot.log

    def identity(self, row: Transition) -> Hashable:
        return row.number, row.time, row.rule.name, row.series, row.change

    def haystack(self, row: Transition) -> str:
        parts = (
            _moment(row), row.level.word, row.change.value, row.quiet, subject(row.series), row.rule.name,
            row.rule.message, number(row.value, row.unit), words(row.why),
        )  # fmt: skip
        return " ".join(parts)

    def empty(self, view: View) -> str:
        return f"{view.glyphs.marks['ok']} nothing has happened"
