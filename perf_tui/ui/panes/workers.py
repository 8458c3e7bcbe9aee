"""Workers: the board of all of them, and the strip of the overview with the worst first."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence

from perf_tui.measures.units import count, frequency, ratio, seconds, size
from perf_tui.measures.workers import State, Summary, Worker, rows, summary
from perf_tui.text import width as cells_of
from perf_tui.ui.draw.row import Row, Spans
from perf_tui.ui.filter import Field
from perf_tui.ui.view import Rows, View
from perf_tui.ui.widgets.pane import Pane
from perf_tui.ui.widgets.table import Column, TablePane

ORDER = {state: place for place, state in enumerate(reversed(State))}
"""How bad a state is; the highest is the worst."""
ROLES = {State.ERROR: "critical", State.STALE: "warning", State.UNKNOWN: "info", State.PROCESSING: "ok"}


def state_role(state: State) -> str:
    """The role of a state; of those that are no trouble, plain text."""
    return ROLES.get(state, "text")


def counts(found: Summary, view: View) -> Spans:
    """Every state that any worker is in, in shape, number and word, against how many there should be."""
    row = Row(200)
    expected = f" of {found.expected}" if found.expected is not None else ""
    row.put(f"{found.alive}{expected} alive", "strong" if found.level == "ok" else found.level).gap(2)
    for state, number in found.counts.items():
        if number:
            row.put(f"{view.glyphs.states[state.value]} {number} {state.value}", state_role(state)).gap(2)
    return tuple(row._spans)


def _counted(view: View) -> str:
    found = summary(view.snapshot.tables)
    return "" if found is None else "  ".join(text for text, _ in counts(found, view) if text.strip())


def _text(pick: Callable[[Worker], float | None], words: Callable[[float], str]) -> Callable[[Worker, View], str]:
    def text(row: Worker, view: View) -> str:
        amount = pick(row)
        return "" if amount is None else words(amount)

    return text


def _column(
    title: str,
    width: int,
    pick: Callable[[Worker], float | None],
    words: Callable[[float], str],
    importance: int,
    unit: str,
    names: str = "",
    optional: bool = False,
) -> Column[Worker]:
    text = _text(pick, words)
    return Column(title, width, text, pick, importance=importance, optional=optional, unit=unit, names=names)


def _role(row: Worker) -> str:
    return state_role(row.state)


class Workers(TablePane[Worker]):
    """All workers, the worst first."""

    title = "workers"
    holds_first = False
    leads = True
    columns = (
        Column(
            "",
            1,
            lambda row, view: view.glyphs.states[row.state.value],
            lambda row: ORDER[row.state],
            _role,
            "<",
            True,
            20,
        ),
        Column("state", 10, lambda row, view: row.state.value, lambda row: ORDER[row.state], _role, "<", True, 12),
        Column(
            "worker",
            24,
            lambda row, view: row.id,
            lambda row: row.id,
            lambda row: "strong",
            "<",
            False,
            20,
            names="worker name id",
        ),
        Column("kind", 9, lambda row, view: row.kind, lambda row: row.kind, lambda row: "dim", "<", False, 6),
        Column(
            "task",
            18,
            lambda row, view: row.work.task,
            lambda row: row.work.task,
            align="<",
            descending=False,
            importance=11,
        ),
        _column("age", 6, lambda row: row.task_age, seconds, 10, "s"),
        _column("done", 6, lambda row: row.work.done, count, 9, "1"),
        _column("failed", 6, lambda row: row.work.failed, count, 9, "1"),
        _column("rate", 8, lambda row: row.rate, frequency, 7, "1/s"),
        _column("CPU", 6, lambda row: row.body.cpu, ratio, 8, "ratio"),
        _column("memory", 8, lambda row: row.body.memory, size, 8, "By"),
        _column("GPU mem", 8, lambda row: row.body.gpu_memory, size, 5, "By", "gpumemory gpu", True),
        _column("tok/s", 8, lambda row: row.usage.rate, frequency, 8, "1/s", "tokens", True),
        _column("ctx", 6, lambda row: row.usage.context, ratio, 7, "ratio", "context ctx", True),
        _column("seen", 6, lambda row: row.silent, seconds, 3, "s"),
        Column(
            "last error",
            14,
            lambda row, view: row.error,
            lambda row: row.error,
            lambda row: "dim",
            "<",
            False,
            2,
            names="error",
        ),
    )

    def head(self, view: View) -> tuple[str, str]:
        shown = f" {view.glyphs.dot} filter “{self.needle}”" if self.needle else ""
        return f"{self.title}{shown}", _counted(view)

    def rows(self, view: View) -> Sequence[Worker]:
        return rows(view.snapshot.tables)

    def identity(self, row: Worker) -> Hashable:
        return row.id

    def haystack(self, row: Worker) -> str:
        return f"{row.state.value} {row.id} {row.kind} {row.work.task} {row.group} {row.error}"

    def more_fields(self, view: View) -> Mapping[str, Field[Worker]]:
        return _FIELDS


_FIELDS: Mapping[str, Field[Worker]] = {
    "group": Field(lambda row: row.group),
    "queue": Field(lambda row: _fact(row, "queue", "queues")),
    "model": Field(lambda row: row.usage.model),
    "host": Field(lambda row: row.host),
    "pid": Field(lambda row: "" if row.pid is None else str(row.pid), lambda row: row.pid),
    "user": Field(lambda row: row.body.user),
    "command": Field(lambda row: row.body.command),
    "says": Field(lambda row: row.word),
    "source": Field(lambda row: ", ".join(row.sources)),
    "retried": Field(lambda row: "", lambda row: row.work.retried),
    "cost": Field(lambda row: "", lambda row: row.usage.cost),
    "threads": Field(lambda row: "", lambda row: row.body.threads),
    "restarts": Field(lambda row: "", lambda row: row.body.restarts),
    "uptime": Field(lambda row: "", lambda row: row.body.uptime, "s"),
}
"""What filters can ask for beyond the columns."""


def _fact(row: Worker, *names: str) -> str:
    return next((words for name, words in row.facts if name in names), "")


def worst_first(workers: Sequence[Worker]) -> list[Worker]:
    """Workers as the strip has them; those that are alike in the order in which they came."""
    return sorted(workers, key=lambda worker: -ORDER[worker.state])


class WorkersStrip(Pane):
    """One line: how many there are in each state, then the worst by name. Enter opens the worst."""

    title = "workers"
    focusable = True

    def head(self, view: View) -> tuple[str, str]:
        return self.title, _counted(view)

    def draw(self, view: View, width: int, height: int) -> Rows:
        row = Row(width).gap()
        for number, worker in enumerate(worst_first(rows(view.snapshot.tables))):
            words = f"{view.glyphs.states[worker.state.value]} {worker.id}"
            if worker.task_age is not None:
                words += f" {seconds(worker.task_age)}"
            if cells_of(words) + 3 > row.left:
                row.put(view.glyphs.more, "dim")
                break
            selected = number == 0 and self.has_focus
            row.put(words, "select" if selected else state_role(worker.state)).gap(3)
        return [row.done()]
