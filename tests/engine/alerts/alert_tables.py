"""Lives of alerts as tables, and what plays them: at each second what happens, the lines of the log, what is shown.

What happens is a value, a number or none at all (the series is gone), or a word: `ack`, `silence SECONDS`, `lift`,
`wall SECONDS` (the clock is set), `restart SECONDS` (the program ends, and begins anew so much later), `rule` (it is
edited). A line that nobody is told of stands in brackets with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from perf_tui.engine.alerts.engine import AlertEngine
from perf_tui.engine.alerts.model import Alert, Level, Rule, Silence, State, Transition
from perf_tui.engine.alerts.saved import Remembered
from perf_tui.measures.model import Status, Value, series

CPU = series("system.cpu.utilization")
OK, INFO, WARNING, CRITICAL = Level.OK, Level.INFO, Level.WARNING, Level.CRITICAL
BOTH = ((CRITICAL, 0.9), (WARNING, 0.7))
THREE = (*BOTH, (INFO, 0.5))
STALE = Value(0.99, Status.STALE, "late")
LATE = Value(None, Status.ERROR, "no answer")
GONE = None
WALL = 5e8

Do = float | Value | None | str
Row = tuple[float, Do, str, str]
Lives = dict[str, tuple[Rule, Sequence[Row]]]


def rule(thresholds: tuple[tuple[Level, float], ...] = BOTH, **more: object) -> Rule:
    """A rule on CPU."""
    return Rule("cpu", CPU.id, thresholds, **more)  # type: ignore[arg-type]


def words(line: Transition) -> str:
    """A line of the log."""
    said = f"{line.change} {line.level.word}"
    if not line.quiet:
        return said
    return f"[{said}]" if line.quiet == line.change else f"[{said}: {line.quiet}]"


def told(lines: Iterable[Transition]) -> str:
    """Lines of the log."""
    return ", ".join(map(words, lines))


def now(alerts: Iterable[Alert]) -> str:
    """What is active."""
    return ", ".join(f"{alert.state} {alert.level.word}" for alert in alerts)


def shown(engine: AlertEngine) -> str:
    """What is active; else whether anything was lately."""
    return now(engine.active()) or engine.states().get("cpu", State.INACTIVE)


class Player:
    """One program after the other, on the clocks of one machine."""

    def __init__(self, judged: Rule, interval: float = 2.0) -> None:
        self.rule, self.interval = judged, interval
        self.engine = AlertEngine([judged])
        self.wall = WALL
        self.monotonic = 1000.0

    def do(self, second: float, do: Do) -> list[Transition]:
        """What happens at a second; the lines that come of it."""
        at, wall = self.monotonic + second, self.wall + second
        if not isinstance(do, str):
            values = {} if do is None else {CPU: do if isinstance(do, Value) else Value(do)}
            return self.engine.evaluate(values, at, wall, self.interval)
        word, _, amount = do.partition(" ")
        match word:
            case "ack":
                self.engine.acknowledge(self.engine.active()[0])
            case "silence":
                self.engine.silence(Silence(wall + float(amount), "cpu"))
            case "lift":
                self.engine.lift("cpu")
            case "rule":
                self.engine.change([replace(self.rule, message=f"edited at {second}")])
            case "wall":
                self.wall += float(amount)
            case "restart":
                return self._restart(at, wall, float(amount))
        return self.engine.attend(at, wall)

    def _restart(self, at: float, wall: float, seconds: float) -> list[Transition]:
        """The same machine, or one whose monotonic clock begins anew: what is remembered knows of walls alone."""
        state = Remembered(self.engine.log(), tuple(self.engine.saved()), self.engine.hush.silences())
        self.engine = AlertEngine([self.rule])
        self.wall += seconds
        self.monotonic += seconds
        return self.engine.restore(state, at + seconds, wall + seconds)


def play(judged: Rule, rows: Sequence[Row], interval: float = 2.0) -> None:
    """Play a life, and compare each row with what was."""
    player = Player(judged, interval)
    player.do(-2.0, 0.0 if not judged.below else 1e9)
    for second, do, lines, state in rows:
        changes = player.do(second, do)
        assert (second, told(changes), shown(player.engine)) == (second, lines, state)
