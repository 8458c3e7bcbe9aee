"""One endpoint: what it exports, the profiles that fit, and the measures that its scrapes amount to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from perf_tui.engine.source import Derived
from perf_tui.measures.model import Sample, Status, Value
from perf_tui.measures.quality import samples as scored
from perf_tui.measures.services import Recognised, Service
from perf_tui.measures.window import Times
from perf_tui.measures.workers import SIGHTINGS
from perf_tui.sources.inference.told import Told
from perf_tui.sources.profiles.detect import Fit, choose, describe, detect
from perf_tui.sources.profiles.matching import plain
from perf_tui.sources.profiles.schema import Profile
from perf_tui.sources.profiles.survey import Survey
from perf_tui.sources.scrape.crew import Crew
from perf_tui.sources.scrape.engines import Details, engines
from perf_tui.sources.scrape.evaluate import Evaluation
from perf_tui.sources.scrape.exposition import Line
from perf_tui.sources.scrape.gpus import gpus
from perf_tui.sources.scrape.layout import covered
from perf_tui.sources.scrape.ledger import Ledger, at
from perf_tui.sources.scrape.personal import without
from perf_tui.sources.scrape.plan import Plan
from perf_tui.sources.scrape.reader import SKIP, Reader, Scrape
from perf_tui.sources.scrape.rows import services
from perf_tui.sources.scrape.scores import Scores
from perf_tui.sources.scrape.terms import Key, Term
from perf_tui.sources.scrape.workers import Workers

START_TIME = "process_start_time_seconds"
"""The end of the name, with or without a prefix, under which a process says when it began."""
LONGEST_NAME, LONGEST_VALUE = 256, 1024
"""Characters of a metric's name, and of a label's value, that are looked at."""
UNSTEADY = Value(
    None,
    Status.ERROR,
    "its counters fall on most scrapes: it keeps restarting, or what it calls counters are none",
)


class Model:
    """Holds everything that is known of one endpoint; it is the sink of its reader.

    `settle` after each body that was read: a profile may only then be recognised, and the body is to
    be read again.
    """

    def __init__(
        self,
        target: str,
        profiles: Sequence[Profile],
        window: float,
        *,
        source: str = "",
        path: str = "/metrics",
        address: str = "",
        forced: str | None = None,
    ) -> None:
        self.reader = Reader(self)
        self.survey = Survey()
        self.fits: list[Fit] = []
        """All profiles that fit, the best first."""
        self._target, self._source, self._path = target, source or target, path
        self._profiles = profiles
        self._address = address
        self._forced = next((profile for profile in profiles if profile.name == forced), None)
        self._scores = Scores(self._source)
        self.beside = Told()
        """What the JSON endpoints beside the metrics told the last time."""
        self._plans: list[Plan] = []
        self._times = Times(window)
        self._scrapes = 0
        self._known: frozenset[str] = frozenset()
        """Names that the scrapes before this one had."""
        self._begin()

    def _begin(self) -> None:
        """Start to count for new plans. What the scrapes before did not have yet began at 0 since."""
        self._late: set[int] | None = set() if len(self._times) else None
        self._ledger = Ledger()
        self._details: dict[str, Details] = {}
        self._workers = Workers(self._ledger)
        self._crew = Crew(self._source) if any(plan.profile.layer == "workers" for plan in self._plans) else None
        self._owners: dict[int, list[tuple[Term[object], tuple[Key, ...]]]] = {}
        self._start: int | None = None

    @property
    def chosen(self) -> list[Fit]:
        """The profiles in use."""
        return [Fit(plan.profile, plan.prefix, 0) for plan in self._plans]

    @property
    def recognised(self) -> str:
        """The profile, its score and its runners-up in words, for `doctor`."""
        if self._forced is not None:
            return f"{self._forced.title} (as configured); by itself: {describe(self.fits)}"
        return describe(self.fits)

    @property
    def joint(self) -> bool:
        """Whether several processes answer in turn: each connection belongs to one of them."""
        return self._workers.joint

    # -- while a body is read

    def family(self, name: str, kind: str) -> None:
        """A TYPE line was read."""
        self.survey.declare(plain(name), kind)

    def slot(self, line: Line) -> int:
        """Where the numbers of a series that is new belong."""
        name = plain(line.name)
        if len(name) > LONGEST_NAME:
            return SKIP  # patterns would take long, and nobody is meant
        labels = without((plain(label), value[:LONGEST_VALUE]) for label, value in line.labels)
        self.survey.add(name, labels)
        slot = self._ledger.open()
        owners = []
        for plan in self._plans:
            owners += plan.attach(self._ledger, slot, name, labels)
        if name.endswith(START_TIME) and not labels:
            self._start = slot
        elif not owners and not (self._crew and self._crew.attach(slot, name, labels)):
            self._ledger.close(slot)
            return SKIP
        self._owners[slot] = owners
        if self._late is not None and name in self._known:
            self._late.add(slot)
        return slot

    def settle(self) -> bool:
        """Choose the profiles anew if something new was seen; returns whether to read the body again."""
        if not self.survey.changed:
            return False
        self.survey.changed = False
        self.fits = detect(self._profiles, self.survey)
        best = choose(self.fits)
        if self._forced is not None:
            best = [Fit(self._forced, _prefix(self._forced, self.fits), 0)]
        if [(each.profile, each.prefix) for each in best] == [(plan.profile, plan.prefix) for plan in self._plans]:
            return False
        self._plans = [Plan(each, self._target, self._path) for each in best]
        self._begin()
        self.reader = Reader(self)
        return True

    # -- when it has been read

    def derive(self, scrape: Scrape, moment: float, wall: float) -> Derived:
        """Measures and rows after a scrape at `moment` (monotonic seconds) and `wall` (epoch seconds)."""
        start = None if self._start is None else at(scrape.values, self._start)
        if self._late is not None:
            late, self._late = self._late, None
            self._workers.adopt([value if slot in late else None for slot, value in enumerate(scrape.values)])
        if not self._workers.book(scrape.values, start, moment, wall):
            self._restart()
        self._times.add(moment)
        for plan in self._plans:
            plan.take_off(self._times.before, moment)
        self._release(scrape)
        if len(self._known) != len(self.survey.samples):
            self._known = frozenset(self.survey.samples)
        samples: list[Sample] = []
        tables: dict[str, Any] = {"recognised": (Recognised(self._source, self.recognised),)}
        notices = tuple(self._notices(scrape))
        self._scrapes += 1
        for details in self._details.values():
            details.turn()
        for plan in self._plans:
            if self._scrapes % 16 == 0:
                plan.forget(self._times.start)
            evaluation = Evaluation(plan, self._ledger, self._times, self.survey, joint=self._workers.joint)
            own = list(map(_unsteady, evaluation.samples()) if self._workers.unsteady else evaluation.samples())
            samples += own
            found: Iterable[object]
            match plan.profile.layer:
                case "app":
                    name, found = "services", services(plan, evaluation, self._times, self._source, notices)
                case "ai":
                    told = (*self.beside.notices, *notices)
                    name = "engines"
                    found = engines(
                        plan,
                        evaluation,
                        self._details.setdefault(plan.profile.name, Details()),
                        self._times,
                        self._source,
                        own,
                        self.beside.slots,
                        told,
                        self._address,
                    )
                    tables["quality"] = tuple(self._scores.rows(plan, evaluation, self._times))
                    samples += (sample for row in tables["quality"] if not row.proxy for sample in scored(row))
                    if not covered(tuple(plan.profile.measures)):
                        continue  # it is about scores alone
                case "gpu":
                    name, found = "gpus", gpus(plan, evaluation, self._source, own, notices)
                case "workers":
                    assert self._crew is not None  # made with the plan
                    name, found = SIGHTINGS, self._crew.rows(scrape.values, moment, self._times.interval)
            tables[name] = tuple(found)
        if not self._plans:
            tables["services"] = (Service(self._target, self._source, "not recognised", notices=notices),)
        return Derived(samples, tables)

    def _restart(self) -> None:
        """Forget what was counted; it came from several processes as if they were one."""
        self._times = Times(self._times.span)
        for plan in self._plans:
            plan.restart()

    def _release(self, scrape: Scrape) -> None:
        gone = self._ledger.gone(scrape.values)
        if not gone:
            return
        for slot in gone:
            for term, keys in self._owners.pop(slot, ()):
                term.release(slot, keys)
            if slot == self._start:
                self._start = None
            if self._crew is not None:
                self._crew.release(slot)
        for plan in self._plans:
            plan.make_room()
        self._workers.forget(gone)
        self.reader.forget(gone)

    def _notices(self, scrape: Scrape) -> Iterator[str]:
        if not self._plans:
            yield f"no profile recognises what it exports ({len(self.survey.samples)} names of metrics)"
        if self._forced is not None and all(fit.profile is not self._forced for fit in self.fits):
            yield f"it lacks what {self._forced.title} usually exports, the profile that was asked for"
        if scrape.bad:
            lines = "1 line" if scrape.bad == 1 else f"{scrape.bad} lines"
            yield f"{lines} of the scrape could not be read; the first: {scrape.first_bad}"
        if scrape.objection is not None:
            yield f"Prometheus would reject this scrape: {scrape.objection}"
        if self._workers.joint:
            yield (
                f"several worker processes answer this address in turn ({self._workers.count} so far): counts and "
                "latencies are added up over them, what stands now (in flight) is that of one"
            )
        elif self._workers.unsteady:
            yield str(UNSTEADY.reason)
        odd = sum(spread.odd for plan in self._plans for spread in plan.spreads())
        if odd:
            yield f"{odd} histograms have other bounds than the rest and are left out of the quantiles"


def _unsteady(sample: Sample) -> Sample:
    return sample if sample.value.number is None else Sample(sample.series, UNSTEADY)


def _prefix(profile: Profile, fits: Sequence[Fit]) -> str:
    return next((fit.prefix for fit in fits if fit.profile is profile), profile.prefixes[0])
