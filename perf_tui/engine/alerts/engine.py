"""Judges rules on each tick and keeps their instances. A missing sample neither ends anything nor resets `for`.

Time is the monotonic clock's; the wall clock only dates what is told.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import inf, isnan

from perf_tui.engine.alerts.carry import carry, same_places, saved, still, unchanged
from perf_tui.engine.alerts.flap import Flap
from perf_tui.engine.alerts.hush import Hush
from perf_tui.engine.alerts.life import Instance
from perf_tui.engine.alerts.log import Log
from perf_tui.engine.alerts.model import Alert, Change, Kind, Level, Moved, Rule, Silence, State, Transition
from perf_tui.engine.alerts.notice import Notices
from perf_tui.engine.alerts.plan import Plan
from perf_tui.engine.alerts.saved import Remembered, Saved
from perf_tui.engine.alerts.watch import Group, Watch
from perf_tui.measures.model import Series, Status, Value

LONG_GAP = 3.0
"""Intervals: what was not watched for longer than this counts neither for an onset nor for an end."""
RESOLVED_FOR = 900.0
"""Seconds for which an alert that ended is known as resolved."""
RETURNING = 60.0
"""Seconds after a restart within which a series must be back, or its alert is over."""


class AlertEngine:
    """All rules and their instances. `evaluate` belongs to the engine's thread; the rest may be called from any."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self.hush = Hush()
        self._firing: dict[tuple[int, Series], Watch] = {}
        """Watches that have an instance, in the order in which they came."""
        self._turning: dict[tuple[int, Series], Watch] = {}
        """Watches whose alerts began or ended lately."""
        self._plan = Plan(self.rules, self._remembered)
        self._resolved: dict[tuple[str, Series], float] = {}
        self._requests: deque[Callable[[], Iterable[Transition]]] = deque()
        """Wishes from other threads: what each does on this one."""
        self._silences: tuple[Silence, ...] = ()
        self._notices = Notices()
        self._compared: dict[int, float] = {}
        self._changes: list[tuple[Watch, Instance, Change, Level]] = []
        self._log = Log()
        self._active: tuple[Alert, ...] = ()
        self._states: Mapping[str, State] = {}
        self._tick = 0
        self._at = 0.0
        self._judged_at: float | None = None
        self._wall = 0.0
        self._interval = 0.0
        self._restored_at: float | None = None

    # -- from any thread

    def active(self) -> tuple[Alert, ...]:
        """Pending and firing alerts: firing first, then the worst level, then the oldest."""
        return self._active

    def log(self) -> tuple[Transition, ...]:
        """The newest transitions, oldest first."""
        return self._log.lines

    def states(self) -> Mapping[str, State]:
        """The state of each rule by its name, after the worst of its instances; without those that are inactive."""
        return self._states

    def silences(self) -> tuple[Silence, ...]:
        """Those in force."""
        return self._silences

    # The wishes are carried out by `attend`, on the engine's thread.

    def acknowledge(self, alert: Alert) -> None:
        """Somebody knows of it: nothing more is told until it gets worse or ends."""
        self._requests.append(partial(self._acknowledge, alert.rule.name, alert.series))

    def silence(self, silence: Silence) -> None:
        """Tell nobody of these alerts until the silence is over."""
        self._requests.append(partial(self._silence, silence))

    def lift(self, rule: str, key: Series | None = None) -> None:
        """End the silences that cover an alert; without a series, all those of the rule."""
        self._requests.append(partial(self._lift, rule, key))

    def change(self, rules: Sequence[Rule]) -> None:
        """Judge by these rules from now on; alerts of rules that are as they were are left alone."""
        self._requests.append(partial(self._adopt, tuple(rules)))

    # -- on the engine's thread

    def evaluate(
        self,
        values: Mapping[Series, Value],
        at: float,
        wall: float,
        interval: float = inf,
        failed: Collection[str] = (),
    ) -> list[Transition]:
        """Judge every rule on the values of one tick; returns what changed.

        `interval` is the seconds between two ticks, `failed` the names of the sources that cannot be read.
        """
        self._tick += 1
        self._compared.clear()
        passed = at - self._judged_at if self._judged_at is not None else 0.0
        self._judged_at = at
        if passed > LONG_GAP * interval:
            passed = 0.0
        self._interval = interval
        attended = self.attend(at, wall)
        self.hush.expire(at)
        self._read(values, at)
        self._listen(values, passed)
        self._end_gone(values)
        self.hush.failed(failed, (watch.instance for watch in self._firing.values() if watch.instance))
        changes = [*attended, *self._tell()]
        self._publish()
        return changes

    def attend(self, at: float, wall: float) -> list[Transition]:
        """Do what was asked for from other threads; returns the lines of the log that came of it."""
        self._at, self._wall = at, wall
        if not self._requests:
            return []
        lines: list[Transition] = []
        while self._requests:
            lines += self._requests.popleft()()
        lines = self._log.add(lines)
        self._publish()
        return lines

    def report(self, failing: Mapping[str, str]) -> list[Transition]:
        """Note who could not be told, and why, by name: lines for those that begin to fail, and are well again."""
        lines = self._notices.of(failing, self._wall)
        return self._log.add(lines) if lines else lines

    def compared(self) -> list[tuple[str, float]]:
        """What rules have compared in this tick, the worst of each, where that is not their measure's value."""
        return [(self.rules[place].name, number) for place, number in self._compared.items()]

    def saved(self) -> list[Saved]:
        """All that is active, to be remembered."""
        return [saved(watch.instance) for watch in self._firing.values() if watch.instance is not None]

    def restore(self, state: Remembered, at: float, wall: float) -> list[Transition]:
        """Be what was remembered, before anything is judged; returns the ends of alerts whose rules are gone.

        What still holds stays as it was and is not told again; what holds no more ends as it would have.
        """
        self._at = self._restored_at = at
        self._wall = wall
        self._log.restore(state.log)
        for silence in state.silences:
            if silence.until > wall:
                self.hush.add(silence, at, wall)
        places = {rule.name: place for place, rule in enumerate(self.rules)}
        ended = []
        for each in state.active:
            place = places.get(each.rule.name)
            rule = None if place is None else self.rules[place]
            if place is None or rule is None or not still(rule, each):
                ended.append(each)
                continue
            watch = self._plan.recall(place, rule, each.series)
            watch.age = each.value
            watch.instance = Instance(
                rule, each.series, each.level, each.value, each.since, at, each.held, each.fired, told=each.told,
                acknowledged=each.acknowledged, quiet=each.quiet, restored=True,
            )  # fmt: skip
            self._firing[place, each.series] = watch
        lines = self._log.add(self._ended(ended))
        self._publish()
        return lines

    def explain(self, name: str, key: Series, since: float, why: tuple[Moved, ...]) -> list[Transition]:
        """Say what else moved, for the alert that began at `since`; returns its lines in the log, which say so now."""
        for watch in self._firing.values():
            instance = watch.instance
            if instance and (watch.rule.name, watch.series, instance.since) == (name, key, since):
                instance.why = why
        lines = self._log.explain(name, key, since, why)
        self._publish()
        return lines

    # -- wishes

    def _acknowledge(self, name: str, key: Series) -> Iterator[Transition]:
        for watch in self._firing.values():
            instance = watch.instance
            if instance and watch.rule.name == name and watch.series == key and instance.fired:
                instance.acknowledged = instance.fired
                yield self._note(watch, Change.ACKNOWLEDGED)

    def _silence(self, silence: Silence) -> Iterator[Transition]:
        covered = [watch for watch in self._firing.values() if silence.covers(watch.rule, watch.series)]
        self.hush.add(silence, self._at, self._wall)
        for watch in covered:
            yield self._note(watch, Change.SILENCED)

    def _lift(self, rule: str, key: Series | None) -> Iterator[Transition]:
        ended = self.hush.lift(rule, key)
        for watch in self._firing.values():
            if any(silence.covers(watch.rule, watch.series) for silence in ended):
                yield self._note(watch, Change.LIFTED)

    def _adopt(self, rules: tuple[Rule, ...]) -> Iterator[Transition]:
        old, self.rules = self.rules, unchanged(self.rules, rules)
        same = same_places(old, self.rules)
        before, self._plan = self._plan, Plan(self.rules, self._remembered)
        self._plan.take_over(before, same)
        carried = carry(self._firing, self._turning, self.rules, same, self._plan)
        self._firing, self._turning = carried.firing, carried.turning
        names = {rule.name for rule in self.rules}
        self._resolved = {key: at for key, at in self._resolved.items() if key[0] in names}
        self._compared.clear()  # by places of before
        yield from self._ended(carried.ended)

    def _remembered(self, key: tuple[int, Series]) -> Watch | None:
        return self._firing.get(key) or self._turning.get(key)

    def _ended(self, alerts: Iterable[Saved]) -> Iterator[Transition]:
        """The ends of alerts whose rules are gone."""
        for each in alerts:
            if each.fired:
                quiet = "" if each.told else each.quiet or "storm"
                yield Transition(
                    self._wall, Change.CLEARED, each.rule, each.series, each.fired, each.value, each.since, quiet
                )

    # -- judging

    def _read(self, values: Mapping[Series, Value], at: float) -> None:
        groups: list[Group] = []
        watches_of, tick, ok = self._plan.watches, self._tick, Status.OK
        for key, value in values.items():
            watches = watches_of.get(key)
            if watches is None:
                watches = self._plan.add(key)
            if not watches:
                continue
            number = value.number
            known = value.status is ok and number is not None and not isnan(number)
            for watch in watches:
                group = watch.group
                if group is not None and group.begin(tick):
                    groups.append(group)
                seen = number if known else None
                if seen is not None and watch.window is not None:
                    seen = watch.window.push(at, seen, values)
                    if seen is not None and group is None:
                        self._compare(watch, seen)
                if group is not None:
                    if seen is None:
                        group.miss(Status.PENDING if known else value.status)
                    else:
                        group.take(seen)
                elif watch.rule.kind is Kind.NO_DATA:
                    watch.heard = watch.heard or known or value.status is Status.IDLE
                elif seen is not None and (watch.instance is not None or watch.wrong(seen)):
                    self._judge(watch, seen, at)
        for group in groups:
            number = group.result()
            if number is not None:
                self._compare(group.watch, number)
                self._judge(group.watch, number, at)

    def _listen(self, values: Mapping[Series, Value], passed: float) -> None:
        """Rules on missing data: how long ago there was some."""
        for watch in self._plan.silent():
            if watch.heard:
                watch.age = 0.0
            else:
                watch.age += passed
            watch.heard = False
            self._compare(watch, watch.age)
            if watch.instance is not None or watch.wrong(watch.age):
                self._judge(watch, watch.age, self._at)
        for watch in self._plan.forget(values):
            self._end(watch)

    def _compare(self, watch: Watch, number: float) -> None:
        worst = self._compared.get(watch.place)
        if worst is None or (number < worst if watch.below else number > worst):
            self._compared[watch.place] = number

    def _judge(self, watch: Watch, number: float, at: float) -> None:
        level = watch.level(number)
        instance = watch.instance
        if instance is None:
            if level is Level.OK:
                return
            instance = Instance(watch.rule, watch.series, level, number, self._wall, at)
            watch.instance = instance
            self._firing[watch.place, watch.series] = watch
        rule = watch.rule
        keep = rule.hold if rule.keep is None else rule.keep
        if watch.flap is not None:
            keep = watch.flap.stay(keep)
        was = instance.fired
        change = instance.step(level, number, at, LONG_GAP * self._interval, keep)
        if change is Change.CLEARED:
            self._over(watch, instance, was)
        elif change is not None:
            self._changes.append((watch, instance, change, instance.fired))
            if change is Change.RAISED:
                self._turn(watch, at)

    def _end_gone(self, values: Mapping[Series, Value]) -> None:
        """Alerts on series that no longer exist (a disk taken out) end with them."""
        self._plan.prune(values, self._tick)
        returning = self._restored_at is not None and self._at - self._restored_at < RETURNING
        if not returning:
            self._restored_at = None
        for watch in list(self._firing.values()):
            instance = watch.instance
            if instance and not watch.alive and not (instance.restored and returning):
                self._end(watch)

    def _end(self, watch: Watch) -> None:
        if watch.instance is not None:
            self._over(watch, watch.instance, watch.instance.fired)

    def _over(self, watch: Watch, instance: Instance, was: Level) -> None:
        watch.instance = None
        del self._firing[watch.place, watch.series]
        if was is not Level.OK:
            self._changes.append((watch, instance, Change.CLEARED, was))
            self._turn(watch, self._at)
            self._resolved[watch.rule.name, watch.series] = self._at

    def _turn(self, watch: Watch, at: float) -> None:
        watch.flap = watch.flap or Flap()
        watch.flap.turn(at)
        self._turning[watch.place, watch.series] = watch

    # -- telling

    def _tell(self) -> list[Transition]:
        """Make lines of what changed, the worst of them deciding first whether people are told."""
        at = self._at
        changes, self._changes = self._changes, []
        quiet = {}
        for place, (watch, instance, change, level) in sorted(enumerate(changes), key=lambda each: -each[1][3]):
            quiet[place] = self.hush.decide(watch, instance, change, level, at)
        lines = [
            self._line(instance, change, level, quiet[place], watch)
            for place, (watch, instance, change, level) in enumerate(changes)
        ]
        lines += self._catch_up(at)
        return self._log.add(lines) if lines else lines

    def _catch_up(self, at: float) -> Iterator[Transition]:
        """What was kept quiet and no longer has to be, and what has stopped flapping."""
        for watch in self._firing.values():
            instance = watch.instance
            if instance is not None and instance.quiet and (change := self.hush.due(instance, at)) is not None:
                yield self._line(instance, change, instance.fired, "", watch)
        for key, watch in list(self._turning.items()):
            flap = watch.flap
            if flap is None or not flap.calm(at):
                continue
            del self._turning[key]
            watch.flap = None
            if flap.line is not None and flap.heard is not Level.OK and watch.instance is None:
                yield replace(flap.line, time=self._wall, change=Change.CLEARED, level=flap.heard, quiet="")

    def _line(self, instance: Instance, change: Change, level: Level, quiet: str, watch: Watch) -> Transition:
        flapping = watch.flap is not None and watch.flap.flapping
        line = Transition(
            self._wall, change, instance.rule, instance.series, level, instance.value, instance.since,
            quiet, flapping, instance.why,
        )  # fmt: skip
        if watch.flap is not None:
            watch.flap.line = line
        return line

    def _note(self, watch: Watch, change: Change) -> Transition:
        instance = watch.instance
        assert instance is not None
        return self._line(instance, change, instance.fired or instance.level, change.value, watch)

    def _publish(self) -> None:
        at = self._at
        alerts = [self._alert(watch, watch.instance, at) for watch in self._firing.values() if watch.instance]
        self._active = tuple(sorted(alerts, key=_worst_first))
        self._silences = self.hush.silences()
        for key in [key for key, ended in self._resolved.items() if at - ended > RESOLVED_FOR]:
            del self._resolved[key]
        states = {name: State.RESOLVED for name, _ in self._resolved}
        for alert in reversed(self._active):
            states[alert.rule.name] = alert.state or State.FIRING
        self._states = states

    def _alert(self, watch: Watch, instance: Instance, at: float) -> Alert:
        silence = self.hush.silence_of(watch.rule, watch.series)
        interval = 0.0 if self._interval == inf else self._interval
        state = instance.state(at, interval, silence is not None)
        return Alert(
            instance.rule,
            instance.series,
            instance.fired or instance.level,
            state not in (State.PENDING, State.SUPPRESSED),
            instance.value,
            instance.since,
            state,
            watch.flap is not None and watch.flap.flapping,
            instance.by if state is State.SUPPRESSED else "",
            silence.until if silence is not None else None,
            instance.why,
        )


def _worst_first(alert: Alert) -> tuple[bool, int, float]:
    return (not alert.firing, -alert.level, alert.since)
