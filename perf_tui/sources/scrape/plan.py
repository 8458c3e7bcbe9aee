"""A profile put to work on one endpoint: its candidates with the terms that they are computed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from perf_tui.sources.profiles.detect import Fit, named
from perf_tui.sources.profiles.matching import Matchers, value
from perf_tui.sources.profiles.schema import Across, Candidate, Selector, Where
from perf_tui.sources.profiles.survey import MOST_NAMES
from perf_tui.sources.scrape.layout import Layout
from perf_tui.sources.scrape.ledger import Ledger
from perf_tui.sources.scrape.terms import (
    ApartTerm,
    CounterTerm,
    GaugeTerm,
    HistogramTerm,
    Key,
    LevelTerm,
    OwnTerm,
    QuantileTerm,
    Row,
    Seen,
    Spread,
    Term,
)
from perf_tui.text import clean, cut

MOST_ROUTES = 200
"""Routes that are told apart on one endpoint; raw paths of strangers may be without number."""
OTHERS = "(others)"
NO_ROUTE = "(no route)"
LONGEST_NAME = 120
MOST_TOLD = 256
"""Series of one family whose labels are looked at for what they tell."""
SUBJECT = {"app": "service", "ai": "engine", "gpu": "gpu", "workers": "worker"}
"""The label by which a layer's rows go: the target's name."""


class Weighed(NamedTuple):
    """A term with what its numbers are multiplied by."""

    term: Term[Any]
    scale: float
    optional: bool
    across: Across


class Way(NamedTuple):
    """A candidate with its terms."""

    candidate: Candidate
    terms: tuple[Weighed, ...]
    """Of a ratio or share its part; of a summary the quantiles."""
    whole: tuple[Weighed, ...] = ()
    """Of a ratio or share its whole; of a summary its sum and count; what a mean is divided by."""
    times: tuple[Weighed, ...] = ()
    """What the whole of a share is multiplied by."""

    @property
    def all(self) -> tuple[Weighed, ...]:
        """Every term of it."""
        return self.terms + self.whole + self.times


class Peak(NamedTuple):
    """The highest that something was by a reading, and by the one before it."""

    at: float
    before: float
    high: float


class Plan:
    """Which series of an endpoint matter for one profile, and under which row and route."""

    def __init__(self, fit: Fit, target: str, path: str) -> None:
        self.profile = fit.profile
        self.prefix = fit.prefix
        self._target = target
        self._own = {path, *fit.profile.own}
        self._exclude = Matchers(fit.profile.exclude)
        self._terms: dict[tuple[object, ...], Term[Any]] = {}
        self._wanting: dict[str, list[Term[Any]]] = {}
        """Sample name → the terms that it belongs to."""
        self._routes: set[str | None] = set()
        self._full = False
        self._taken_off: list[tuple[OwnTerm, Term[Any]]] = []
        self.ways = {
            measure: [self._way(candidate) for candidate in candidates]
            for measure, candidates in (*fit.profile.measures.items(), *fit.profile.details.items())
        }
        """Measure or detail → candidates, the preferred first."""
        finish = fit.profile.finish
        self.finish = self._term(ApartTerm, named(finish.family, self.prefix), {}, (finish.label,)) if finish else None
        """Requests that ended, by the reason."""
        self.peaks: dict[tuple[int, Key], Peak] = {}
        """By the id of a candidate, and the row: of counters with what is under way beside them."""
        self.changes = 0
        """Grows whenever series come or go: what was found out about rows before no longer holds."""
        self._rows: tuple[int, list[Row]] = (-1, [])
        self._layout: tuple[int, Layout | None] = (-1, None)
        self._spreads: tuple[int, list[Spread]] = (-1, [])
        self.states = [
            (each, self._term(GaugeTerm, named(each.family, self.prefix), each.where)) for each in fit.profile.states
        ]
        """Gauges that say how a row or rank is."""
        self._version = -1
        self._usable: dict[str, tuple[Way, ...]] = {}
        self._told: dict[tuple[int, str], dict[str, str]] = {}
        self._ids: dict[Row, dict[int, str]] = {}
        self.parents: dict[Row, tuple[Row, str]] = {}
        """Rows of instances → that of their GPU, and the instance's number on it."""
        self.uuids: dict[Row, str] = {}
        shared = [way for name in (self.profile.part.shared if self.profile.part else ()) for way in self.ways[name]]
        self._shared = {id(each.term) for way in shared for each in way.all}

    def attach(
        self, ledger: Ledger, slot: int, name: str, labels: Mapping[str, str]
    ) -> list[tuple[Term[Any], tuple[Key, ...]]]:
        """Give a series to all terms that want it; returns these, with the cells that it counts in."""
        profile = self.profile
        self.changes += 1
        self._note(name, labels)
        route = None
        own = False
        for label in profile.route:
            if label in labels:
                route = labels[label]
                own = route in self._own
                break
        if profile.exclude and self._exclude.match(labels):
            return []
        keys: tuple[Key, ...] | None = None
        taken = []
        for term in self._wants(name):
            if isinstance(term, OwnTerm) is not own:
                continue
            if keys is None:
                row = self.row(labels)
                keys = (Key(row),) if route is None or own else (Key(row), Key(row, self._route(route, labels)))
            where = keys if profile.part is None else self._parts(term, labels, keys)
            if term.attach(ledger, slot, Seen(name, labels, where)):
                taken.append((term, where))
        return taken

    def _parts(self, term: Term[Any], labels: Mapping[str, str], keys: tuple[Key, ...]) -> tuple[Key, ...]:
        """Where a series of a GPU or of an instance counts.

        What an instance tells of its GPU counts there alone, and what it tells of itself there as well,
        unless the GPU is told of by itself.
        """
        part = self.profile.part
        assert part is not None  # asked by the caller
        whole = self.parents.get(keys[0].row)
        if whole is None:
            cell = term.cells.get(keys[0])
            if isinstance(term, GaugeTerm) and cell is not None:
                for slot in [slot for slot, each in cell.items() if value(each, part.id)]:
                    del cell[slot]
            return keys
        gpu = Key(whole[0])
        if id(term) in self._shared:
            return (gpu,)
        cell = term.cells.get(gpu, {}) if isinstance(term, GaugeTerm) else {}
        alone = any(not value(each, part.id) for each in cell.values())
        return keys if alone else (*keys, gpu)

    def take_off(self, since: float, moment: float) -> None:
        """Take the scrapes themselves off where no label tells them; `moment` is that of the newest reading."""
        for own, term in self._taken_off:
            own.take_off(term, since, moment)

    def usable(self, version: int) -> dict[str, tuple[Way, ...]]:
        """What was found out about candidates when the survey was of this version, by measure."""
        if version != self._version:
            self._version = version
            self._usable = {}
        return self._usable

    def row(self, labels: Mapping[str, str]) -> Row:
        """The labels of our measures for a series with these labels of theirs."""
        subject = SUBJECT[self.profile.layer]
        found = {subject: self._target}
        for label, theirs in self.profile.labels.items():
            text = cut(clean(value(labels, theirs)), LONGEST_NAME)
            if label != subject:
                found[label] = text
            elif text:
                found[subject] = f"{self._target}/{text}"
        row = tuple(sorted(found.items()))
        if uuid := value(labels, self.profile.uuid):
            self.uuids[row] = cut(clean(uuid), LONGEST_NAME)
        if self.profile.part and (id := cut(clean(value(labels, self.profile.part.id)), LONGEST_NAME)):
            whole = row
            kind = cut(clean(value(labels, self.profile.part.name)), LONGEST_NAME)
            found[subject] += f":{id}"
            found["name"] = f"{found.get('name', '')} MIG {kind}".strip()
            row = tuple(sorted(found.items()))
            self.parents[row] = (whole, id)
        if self.profile.info:
            self._ids[row] = {at: labels.get(info.on, "") for at, info in enumerate(self.profile.info)}
        return row

    def rows(self) -> list[Row]:
        """All rows that series were seen of, in the order of their appearance; at least one.

        What an inference server says without naming a model makes no row beside those of its models.
        """
        if self._rows[0] != self.changes:
            found = list({key.row: None for term in self._terms.values() for key in term.cells})
            # Of an instance it may be told only that it is there, and what its GPU's sensors say.
            found += [row for row, (whole, _) in self.parents.items() if whole in found and row not in found]
            named = [row for row in found if dict(row).get("model") != ""]
            self._rows = (self.changes, named or found or [self.row({})])
        return self._rows[1]

    def layout(self) -> Layout:
        """What its samples are called now."""
        if self._layout[0] != self.changes or self._layout[1] is None:
            rows = self.rows()
            shared = self.profile.part.shared if self.profile.part else ()
            elsewhere = {row: frozenset(shared) for row in self.parents}
            self._layout = (self.changes, Layout(tuple(self.profile.measures), rows, self.shown(rows), elsewhere))
        return self._layout[1]  # type: ignore[return-value]

    def shown(self, rows: Sequence[Row]) -> dict[Row, Row]:
        """The labels by which people know each row: ids give way to what is told about them."""
        found: dict[Row, Row] = {}
        taken = set(rows)
        subject = SUBJECT[self.profile.layer]
        for row in rows:
            labels = dict(row)
            for at, id in self._ids.get(row, {}).items():
                for label, text in self._told.get((at, id), {}).items():
                    if label == subject:
                        labels[label] = f"{self._target}/{text}"
                    elif id or not labels.get(label):
                        labels[label] = text
            better = tuple(sorted(labels.items()))
            found[row] = row if better in taken else better
            taken.add(better)
        return found

    def _note(self, name: str, labels: Mapping[str, str]) -> None:
        """Keep what a series tells by its labels."""
        for at, info in enumerate(self.profile.info):
            if name == named(info.family, self.prefix) and len(self._told) < MOST_TOLD:
                told = (
                    (label, cut(clean(value(labels, theirs)), LONGEST_NAME)) for label, theirs in info.labels.items()
                )
                self._told[at, labels.get(info.on, "") if info.on else ""] = {
                    label: text for label, text in told if text
                }

    def spreads(self) -> list[Spread]:
        """The histograms of whole rows."""
        if self._spreads[0] != self.changes:
            histograms = (term for term in self._terms.values() if isinstance(term, HistogramTerm))
            cells = [cell for term in histograms for key, cell in term.cells.items() if key.route is None]
            self._spreads = (self.changes, cells)
        return self._spreads[1]

    def forget(self, start: float) -> None:
        """Drop what windows from `start` on do not need."""
        for term in self._terms.values():
            term.forget(start)

    def make_room(self) -> None:
        """Series are gone, and routes with them: others may take their places."""
        self.changes += 1
        self._full = False

    def restart(self) -> None:
        """Nothing counts that has been counted so far."""
        self.peaks.clear()
        for term in self._terms.values():
            term.restart()

    def _route(self, route: str, labels: Mapping[str, str]) -> str:
        method = value(labels, self.profile.method)
        name = cut(clean(f"{method} {route or NO_ROUTE}".strip()), LONGEST_NAME)
        if name in self._routes:
            return name
        if len(self._routes) >= MOST_ROUTES and not self._full:
            self._routes = {key.route for term in self._terms.values() for key in term.cells}
            self._full = len(self._routes) >= MOST_ROUTES
        if self._full:
            return OTHERS
        self._routes.add(name)
        return name

    def _wants(self, name: str) -> list[Term[Any]]:
        """The terms that samples of this name belong to, whatever their labels."""
        wanting = self._wanting.get(name)
        if wanting is None:
            # Once a pattern has found its family, what did not fit before fits no more.
            wanting = [term for term in self._terms.values() if term.suffix(name) is not None]
            if len(self._wanting) < MOST_NAMES:
                self._wanting[name] = wanting
        return wanting

    def _way(self, candidate: Candidate) -> Way:
        match candidate.kind:
            case "ratio":
                part = self._weigh(CounterTerm, candidate.part, candidate)
                return Way(candidate, part, self._weigh(CounterTerm, candidate.whole, candidate))
            case "share":
                return Way(
                    candidate,
                    *(
                        self._weigh(GaugeTerm, each, candidate)
                        for each in (candidate.part, candidate.whole, candidate.times)
                    ),
                )
            case "summary":
                quantiles = self._weigh(QuantileTerm, candidate.terms, candidate)
                return Way(candidate, quantiles, self._weigh(HistogramTerm, candidate.terms, candidate))
            case "rate":
                return Way(candidate, self._weigh(CounterTerm, candidate.terms, candidate))
            case "gauge":
                terms = self._weigh(GaugeTerm, candidate.terms, candidate)
                return Way(candidate, terms, times=self._weigh(GaugeTerm, candidate.times, candidate))
            case _:
                means = self._weigh(HistogramTerm, candidate.terms, candidate)
                if candidate.own:
                    own = self._term(OwnTerm, named(candidate.own, self.prefix), {})
                    assert isinstance(own, OwnTerm)
                    self._taken_off.append((own, means[0].term))
                return Way(candidate, means, self._weigh(GaugeTerm, candidate.whole, candidate))

    def _weigh(
        self, kind: type[Term[Any]], selectors: tuple[Selector, ...], candidate: Candidate
    ) -> tuple[Weighed, ...]:
        found = []
        for each in selectors:
            over: tuple[tuple[str, ...], ...] = ()
            exact = kind
            if kind is CounterTerm and each.level:
                exact = LevelTerm
            elif kind is CounterTerm and candidate.max_over:
                exact, over = ApartTerm, (candidate.max_over,)
            term = self._term(exact, named(each.family, self.prefix), each.where, *over)
            found.append(Weighed(term, each.scale, each.optional, each.across or candidate.across))
        return tuple(found)

    def _term(self, kind: type[Term[Any]], family: str, where: Where, *over: tuple[str, ...]) -> Term[Any]:
        identity = (kind, family, over, *sorted(where.items()))
        if identity not in self._terms:
            self._terms[identity] = kind(family, where, *over)
        return self._terms[identity]
