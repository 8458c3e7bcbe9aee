"""One worker: who it is, what it does against what it usually takes, and its numbers over time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from perf_tui.export.choice import Choice
from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.model import series
from perf_tui.measures.units import count, frequency, ratio, seconds
from perf_tui.measures.workers import HERE, Usage, Work, Worker, summary
from perf_tui.text import cut, wrap
from perf_tui.text import width as cells_of
from perf_tui.ui.draw.glyphs import Glyphs
from perf_tui.ui.draw.meter import meter
from perf_tui.ui.draw.row import Row, Spans
from perf_tui.ui.panes.oneclock import charts
from perf_tui.ui.panes.workers import state_role
from perf_tui.ui.view import Rows, View
from perf_tui.ui.widgets.pane import Pane

Subject = Callable[[View], Worker | None]
"""The worker that a screen is about, as it is now or was last known; None where it never was known."""
Fact = tuple[str, str, str]
"""A name, what it says, and the role of that."""

SLOW, STUCK = 1.0, 3.0
"""Times the 95th percentile from which on a task takes longer than usual, and so long that it may have hung."""


class WorkerPane(Pane):
    """A pane about the worker that a function gives."""

    def __init__(self, id: str, subject: Subject) -> None:
        super().__init__(id)
        self.subject = subject


class Identity(WorkerPane):
    """Who it is: its state in both words, process, uptime, where it is known from; its command below."""

    def head(self, view: View) -> tuple[str, str]:
        worker, keys = self.subject(view), self.perf.keys
        ways = f"{keys['next']} next  {keys['previous']} previous  {keys['back']} back"
        if worker is None:
            return "worker", ways
        return f"{view.glyphs.states[worker.state.value]} {cut(worker.id, 60, view.glyphs.more)}", ways

    def draw(self, view: View, width: int, height: int) -> Rows:
        worker = self.subject(view)
        if worker is None:
            return [Row(width).gap().put("it is not known any more", "warning").done()]
        rows = flow(_identity(worker, view), width)
        if worker.body.command:
            rows = rows[: max(1, height - 1)]
            for number, line in enumerate(wrap(worker.body.command, width - 10)[: height - len(rows)]):
                rows.append(Row(width).gap().cell("" if number else "command", 8, "dim").put(line).done())
        return rows


def _identity(worker: Worker, view: View) -> Iterator[Fact]:
    body, glyphs = worker.body, view.glyphs
    yield "", f"{glyphs.states[worker.state.value]} {worker.state.value}", state_role(worker.state)
    if worker.word and worker.word != worker.state.value:
        yield "says", worker.word, "text"
    yield "for", seconds(worker.lasting), "text"
    if worker.pid is not None:
        yield "pid", str(worker.pid), "strong"
    if worker.host:
        yield "on", view.snapshot.host if worker.host == HERE else worker.host, "text"
    if body.uptime is not None:
        yield "up", seconds(body.uptime), "text"
    if body.restarts:
        yield "restarts", str(body.restarts), "warning"
    yield "heard", f"{seconds(worker.silent)} ago", "text"
    yield "kind", worker.kind, "text"
    if worker.group:
        yield "group", worker.group, "text"
    if body.parent is not None:
        yield "parent", f"{body.parent} {_name(body.parent, view)}".strip(), "text"
    if body.user:
        yield "user", body.user, "text"
    yield "from", ", ".join(worker.sources), "dim"
    for name, words in worker.facts:
        yield name, words, "text"


def _name(pid: int, view: View) -> str:
    """The name of a process of this machine."""
    processes = view.snapshot.tables.get("processes", ())
    return next((row.name for row in processes if row.pid == pid), "")  # type: ignore[attr-defined]


def flow(facts: Iterable[Fact], width: int) -> Rows:
    """Facts one after the other, in as many rows as they take."""
    rows: Rows = []
    row = Row(width).gap()
    for name, words, role in facts:
        cells = cells_of(name) + cells_of(words) + bool(name) + 2
        if cells > row.left and row.left < width - 1:
            rows.append(row.done())
            row = Row(width).gap()
        row.put(f"{name} " if name else "", "dim").put(words, role).put("  ", "dim")
    return [*rows, row.done()]


class Task(WorkerPane):
    """The current task and how long it takes, against what such tasks usually take; then what it has done."""

    title = "task"

    def __init__(self, id: str, subject: Subject, *, named: bool = False) -> None:
        """`named`: the title says whose task it is."""
        super().__init__(id, subject)
        self._named = named

    def head(self, view: View) -> tuple[str, str]:
        worker = self.subject(view)
        if worker is None:
            return self.title, ""
        whose = f" of {cut(worker.id, 60, view.glyphs.more)}" if self._named else ""
        return f"{self.title}{whose}", _verdict(worker)

    def draw(self, view: View, width: int, height: int) -> Rows:
        worker = self.subject(view)
        if worker is None:
            return []
        done = flow(_done(worker), width)
        if worker.usage != Usage():
            done += flow(_used(worker.usage, width, view), width)
        bars = max(1, min(3, height - 1 - len(done)))
        return [*_task(worker, width, bars, view), *done][:height]


def _verdict(worker: Worker) -> str:
    role = age_role(worker.task_age, worker.work)
    return {"warning": "longer than usual", "critical": "far longer than usual"}.get(role, "")


def age_role(age: float | None, work: Work) -> str:
    """How a task's age looks against what 95 of 100 such tasks take."""
    if age is None or not work.p95 or age <= SLOW * work.p95:
        return "ok"
    return "warning" if age <= STUCK * work.p95 else "critical"


def _task(worker: Worker, width: int, bars: int, view: View) -> Rows:
    work, age = worker.work, worker.task_age
    if not work.task and age is None:
        words = f"no task; {worker.state.value} for {seconds(worker.lasting)}"
        return [Row(width).gap().put(words, "dim").done(), Row(width).done()]
    role = age_role(age, work)
    more = f"  and {work.running - 1} more" if work.running is not None and work.running > 1 else ""
    rows = [Row(width).gap().put(work.task or "a task", "strong").put(more, "dim").done()]
    took = "its age is not told" if age is None else seconds(age)
    usual = f" of usually {seconds(work.p50)}" if work.p50 is not None else "; what it usually takes is not known yet"
    label = f"{took}{usual}"
    if age is None or work.p50 is None:
        return [*rows, Row(width).gap().put(label, role).done()]
    left = max(30, cells_of(label) + 2)
    bar = against(age, work.p50, work.p95, width - left - 2, "chart1" if role == "ok" else role, view.glyphs)
    labels = [label, *[""] * (bars - 1)]
    return [*rows, *(Row(width).gap().cell(each, left, role).extend(bar).done() for each in labels)]


def against(age: float, p50: float, p95: float | None, cells: int, role: str, glyphs: Glyphs) -> Spans:
    """A bar for an age, with ticks where half of all tasks and 95 of 100 have ended; it is full at twice that."""
    most = max(age, 2 * (p95 if p95 is not None else p50), 1e-9)
    bar = [(char, part) for text, part in meter(age / most, cells, role, glyphs) for char in text]
    for mark in (p50, p95):
        if mark is not None and bar:
            bar[min(cells - 1, round(mark / most * cells))] = (glyphs.limit, "strong")
    return tuple(bar)


def _done(worker: Worker) -> Iterator[Fact]:
    work = worker.work
    for name, number, role in (
        ("done", work.done, "strong"),
        ("failed", work.failed, "strong"),
        ("retried", work.retried, "text"),
    ):
        yield name, "n/a" if number is None else count(number), "dim" if number is None else role
    if worker.rate is not None:
        yield "rate", per_minute(worker.rate), "text"
    for name, number in (("p50", work.p50), ("p95", work.p95)):
        yield name, "n/a" if number is None else seconds(number), "dim" if number is None else "text"


def per_minute(rate: float) -> str:
    """A rate of tasks in the unit in which it is a number that people can read."""
    return frequency(rate) if rate >= 1 or rate == 0 else f"{count(round(rate * 60, 1))}/min"


def _used(usage: Usage, width: int, view: View) -> Iterator[Fact]:
    if usage.model:
        yield "model", cut(usage.model, max(12, width // 3), view.glyphs.more), "strong"
    for name, number, words in (
        ("tokens in", usage.input, count), ("out", usage.output, count), ("from cache", usage.cached, count),
        ("", usage.rate, frequency), ("cost", usage.cost, dollars),
    ):  # fmt: skip
        if number is not None:
            yield name, words(number), "text"
    if usage.context is not None:
        limit = f" of {count(usage.context_limit)}" if usage.context_limit is not None else ""
        role = "critical" if usage.context >= 0.95 else "warning" if usage.context >= 0.8 else "text"
        yield "context", f"{ratio(usage.context)}{limit}", role


def dollars(amount: float) -> str:
    """US dollars."""
    return f"${amount:.2f}" if amount < 1e6 else f"${count(amount)}"


_CHARTED = (
    ("worker.cpu", "", ""), ("worker.memory", "", ""), ("worker.tasks.rate", "", ""),
    ("worker.tasks.duration", "p95", "task p95"), ("worker.tokens.rate", "", ""), ("worker.gpu_memory", "", ""),
    ("worker.io.read", "", ""), ("worker.io.write", "", ""), ("worker.threads", "", ""), ("worker.files", "", ""),
    ("worker.tasks.duration", "p50", "task p50"), ("worker.tasks.completed", "", ""), ("worker.tasks.failed", "", ""),
)  # fmt: skip
"""What is charted where it exists, the most telling first: measure, stat, name."""


def charted(worker: str, view: View) -> list[Choice]:
    """The series of a worker that have a number now."""
    found = []
    for id, stat, name in _CHARTED:
        key = series(id, worker=worker, stat=stat) if stat else series(id, worker=worker)
        if key in view.snapshot.values:
            found.append(Choice(key, "chart1", name or CATALOGUE[id].title))
    return found


class Charts(WorkerPane):
    """Its numbers on one axis."""

    title = "over time"

    def draw(self, view: View, width: int, height: int) -> Rows:
        worker = self.subject(view)
        chosen = charted(worker.id, view) if worker is not None else []
        if not chosen:
            return [Row(width).gap().put(_no_chart(view), "dim").done()]
        return charts(chosen[: max(1, (height - 1) // 2)], width, height, view) if height > 2 else []


def _no_chart(view: View) -> str:
    found = summary(view.snapshot.tables)
    if found is not None and found.unmeasured:
        return "its past begins with this screen: there are too many workers to remember all of them"
    return "its sources tell no number of it"
