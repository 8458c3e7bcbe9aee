"""The rows of the table `engines` that one endpoint gives: phases, ranks, reasons, details, slots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from perf_tui.measures.engines import DETAILS, NOT_TOLD, Engine, Phases, Rank, Reason, Slot
from perf_tui.measures.model import Sample, Status, Value
from perf_tui.measures.window import Times
from perf_tui.measures.workers import State, state_of
from perf_tui.sources.profiles.matching import value
from perf_tui.sources.scrape.evaluate import Evaluation
from perf_tui.sources.scrape.plan import Plan
from perf_tui.sources.scrape.terms import Key, Row
from perf_tui.text import clean, cut

RUNNING, WAITING, KV_CACHE = "ai.requests.running", "ai.requests.waiting", "ai.kv_cache.utilization"
AT_FIRST, EVERY = 10, 3
"""Details are means over the window: they are worked out with each of the first scrapes, later with one of so many."""
KINDS = {"llamacpp": "llama.cpp", "ray-serve-deployments": "ray-serve", "trtllm-serve": "trtllm"}
"""What processes of a server are called as workers, where its profile has another name."""
_ORDER = {state: place for place, state in enumerate(State)}
MOST_RANKS, MOST_REASONS = 64, 16
LONGEST_NAME = 40


class Slow(NamedTuple):
    """What of a row changes slowly."""

    told: dict[str, Value]
    """Details by their names."""
    finish: tuple[Reason, ...]


class Details:
    """What changes slowly of the rows of one endpoint, by row."""

    def __init__(self) -> None:
        self._scrapes = 0
        self._known: dict[Row, Slow] = {}

    def turn(self) -> None:
        """There is another scrape."""
        self._scrapes += 1
        if self._scrapes <= AT_FIRST or self._scrapes % EVERY == 0:
            self._known.clear()

    def of(self, plan: Plan, evaluation: Evaluation, key: Key, times: Times) -> Slow:
        """Those of a row."""
        found = self._known.get(key.row)
        if found is None:
            told = {name: evaluation.number(name, key) for name in DETAILS}
            found = self._known[key.row] = Slow(told, tuple(_finish(plan, evaluation, key, times)))
        return found


def engines(
    plan: Plan,
    evaluation: Evaluation,
    details: Details,
    times: Times,
    source: str,
    samples: Sequence[Sample],
    slots: Sequence[Slot],
    notices: Sequence[str],
    address: str,
) -> Iterator[Engine]:
    """One row of the table for each row of measures, which are in `samples`."""
    for row in evaluation.rows:
        key = Key(row)
        shown = evaluation.shown[row]
        labels = dict(shown)
        told, finish = details.of(plan, evaluation, key, times)
        words = _words(plan, evaluation, key)
        ranks = tuple(_ranks(plan, evaluation, key, words))
        yield Engine(
            engine=labels["engine"],
            model=labels.get("model", ""),
            source=source,
            profile=plan.profile.title,
            slots=tuple(slots) if len(evaluation.rows) == 1 else (),
            phases=Phases(*(told[f"phase.{phase}"] for phase in Phases._fields)),
            ranks=ranks,
            finish=finish,
            details=tuple(
                (name, told[name])
                for name in DETAILS
                if not name.startswith("phase.") and told[name].status is not Status.ABSENT
            ),
            requests=sum((each.requests for each in finish), 0.0),
            notices=(*plan.profile.notes, *notices),
            kind=KINDS.get(plan.profile.name, plan.profile.name),
            parts=plan.profile.parts,
            word="" if ranks else next(iter(words.values()), ""),
            now={each.series.id: each.value for each in samples if each.series.labels == shown},
            address=address,
            heard=times.now,
            period=times.interval,
        )


def _finish(plan: Plan, evaluation: Evaluation, key: Key, times: Times) -> Iterator[Reason]:
    finish = plan.profile.finish
    counted = evaluation.finished(key)
    if finish is None or counted is None:
        return
    found: dict[str, float] = {}
    for reason, requests in counted.by(finish.label, times.start).items():
        # an enumeration's class is not part of the reason
        name = cut(clean(reason.rpartition(".")[2].lower()), LONGEST_NAME)
        found[name] = found.get(name, 0.0) + requests
    order = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    yield from (Reason(name, requests) for name, requests in order[:MOST_REASONS] if requests > 0)


def _words(plan: Plan, evaluation: Evaluation, key: Key) -> dict[str, str]:
    """How each rank is, or the whole under an empty name: the worst word of all that are told."""
    found: dict[str, str] = {}
    for standing, term in plan.states:
        for labels, number in evaluation.standing(term, key):
            word = standing.words.get(f"{number:g}")
            if word is None:
                continue
            rank = cut(clean(value(labels, plan.profile.rank)), LONGEST_NAME)
            if rank not in found or _ORDER[_state(word)] < _ORDER[_state(found[rank])]:
                found[rank] = word
    return found


def _state(word: str) -> State:
    return state_of("inference", word)


def _ranks(plan: Plan, evaluation: Evaluation, key: Key, words: Mapping[str, str]) -> Iterator[Rank]:
    columns = [_by_rank(plan, evaluation, measure, key) for measure in (RUNNING, WAITING, KV_CACHE)]
    known = {name for column in (*columns, words) for name in column} - {""}
    names = sorted(known, key=lambda name: (len(name), name))
    if len(names) > 1 or plan.profile.parts != "rank":
        for name in names[:MOST_RANKS]:
            running, waiting, kv_cache = (column.get(name, NOT_TOLD) for column in columns)
            yield Rank(name, running, waiting, kv_cache, words.get(name, ""))


def _by_rank(plan: Plan, evaluation: Evaluation, measure: str, key: Key) -> dict[str, Value]:
    """A gauge or share by rank; the highest where several series are of one rank, as they report the same."""
    for way in evaluation.ways(measure):
        if way.candidate.kind not in ("gauge", "share"):
            continue
        whole = evaluation.whole(way, key) if way.candidate.kind == "share" else 1.0
        found: dict[str, float] = {}
        for labels, number in evaluation.numbers(way, key):
            name = cut(clean(value(labels, plan.profile.rank)), LONGEST_NAME)
            if name:
                found[name] = max(number, found.get(name, number))
        if found and whole:
            return {name: Value(number / whole * way.candidate.scale) for name, number in found.items()}
    return {}
