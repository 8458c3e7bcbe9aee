"""From one set of rules to another: what they have in common goes on as it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from perf_tui.engine.alerts.life import Instance
from perf_tui.engine.alerts.model import Kind, Rule
from perf_tui.engine.alerts.plan import Plan
from perf_tui.engine.alerts.saved import Saved
from perf_tui.engine.alerts.watch import Watch, group_series
from perf_tui.measures.model import Series

Watches = dict[tuple[int, Series], Watch]
"""Watches by the place of their rule and their series."""


@dataclass(slots=True)
class Carried:
    """What is left of the watches that have an alert, or had one lately."""

    firing: Watches = field(default_factory=dict)
    turning: Watches = field(default_factory=dict)
    ended: list[Saved] = field(default_factory=list)
    """Alerts whose rules are gone, or can no longer have them."""


def unchanged(old: Sequence[Rule], new: Sequence[Rule]) -> tuple[Rule, ...]:
    """The new rules; one that is as it was is the very object that it was."""
    known = {rule.name: rule for rule in old}
    return tuple(known[rule.name] if known.get(rule.name) == rule else rule for rule in new)


def same_places(old: Sequence[Rule], new: Sequence[Rule]) -> dict[int, int]:
    """From the place of a rule among the old ones to that among the new, of those that are as they were."""
    places = {id(rule): place for place, rule in enumerate(new)}
    return {before: places[id(rule)] for before, rule in enumerate(old) if id(rule) in places}


def carry(firing: Watches, turning: Watches, rules: Sequence[Rule], same: Mapping[int, int], plan: Plan) -> Carried:
    """Watches for `rules` that go on with what the old ones had; `plan` is that of `rules`."""
    carried = Carried()
    places = {rule.name: place for place, rule in enumerate(rules)}
    for (before, key), watch in firing.items():
        assert watch.instance is not None
        if before in same:
            watch.place = same[before]
            carried.firing[watch.place, key] = watch
        elif (place := places.get(watch.rule.name)) is not None and still(rules[place], saved(watch.instance)):
            carried.firing[place, key] = _reborn(watch, watch.instance, place, rules[place], plan)
        else:
            carried.ended.append(saved(watch.instance))
    for (before, key), watch in turning.items():
        if before in same:
            watch.place = same[before]
            carried.turning[watch.place, key] = watch
    return carried


def _reborn(watch: Watch, instance: Instance, place: int, rule: Rule, plan: Plan) -> Watch:
    """The alert of a rule that was edited, under the rule as it is now."""
    again = plan.recall(place, rule, watch.series)
    again.age, again.flap = watch.age, watch.flap
    instance.rule = rule
    again.instance = instance
    return again


def saved(each: Instance) -> Saved:
    """An alert as it is remembered."""
    return Saved(
        each.rule, each.series, each.level, each.value, each.since, each.held, each.fired, each.told,
        each.acknowledged, each.quiet,
    )  # fmt: skip


def still(rule: Rule, before: Saved) -> bool:
    """Whether a rule, which may have been edited since, can still have this alert."""
    limits = dict(rule.thresholds)
    level = before.fired or before.level
    if rule.kind is not before.rule.kind or rule.metric != before.series.id or level not in limits:
        return False
    if rule.aggregate != "each":
        return before.series == group_series(rule, before.series)
    if rule.kind is Kind.NO_DATA and before.series == Series(rule.metric, rule.labels):
        return True
    return rule.matches(before.series)
