"""Models that programs speak with or serve, and push metrics about: `gen_ai.*`, as engines of the AI layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.counters import share
from perf_tui.measures.engines import Engine
from perf_tui.measures.model import IDLE, PENDING, Sample, Series, Status, Value, absent, ok, series
from perf_tui.measures.window import Rising
from perf_tui.sources.accesslog.window import Window
from perf_tui.sources.otlp.flow import Flow
from perf_tui.sources.otlp.model import Metric, Point, text
from perf_tui.sources.otlp.series import Full, Increase
from perf_tui.sources.otlp.services import SILENT, STATS, UNITS, USUAL, Timed, latency
from perf_tui.sources.otlp.spread import Spread

TOKENS = "gen_ai.client.token.usage"
LATENCIES = {
    "gen_ai.client.operation.duration": "ai.latency.e2e",
    "gen_ai.client.operation.time_to_first_chunk": "ai.latency.ttft",
    "gen_ai.client.operation.time_per_output_chunk": "ai.latency.itl",
    "gen_ai.server.request.duration": "ai.latency.e2e",
    "gen_ai.server.time_to_first_token": "ai.latency.ttft",
    "gen_ai.server.time_per_output_token": "ai.latency.itl",
    "copilot_chat.time_to_first_token": "ai.latency.ttft",
}
"""Metric → measure."""
NAMES = frozenset((TOKENS, *LATENCIES))
MOST_ENGINES = 100
"""Pairs of an engine and a model that are told apart."""
_AROUND = frozenset(("invoke_agent", "create_agent", "execute_tool", "invoke_workflow"))
"""Operations around calls of models: what they took is in those calls, too."""
_RATES = {"input": "ai.tokens.prompt", "output": "ai.tokens.generation"}
_MEASURES = [id for id in CATALOGUE if id.startswith("ai.") and not id.startswith("ai.quality.")]


class _Model:
    """One model, as one program knows it."""

    def __init__(self, engine: str, model: str, title: str, window: float, at: float) -> None:
        self.engine, self.model, self.title = engine, model, title
        self._span = window
        self._window = Window(window, Timed)
        self._window.push(at, {})
        self._fresh: dict[str, Timed] = {}
        self._flows: dict[str, Flow] = {}
        self._fed: Rising | None = None
        self._period = 0.0
        self._learned: set[str] = set()
        self._keys: dict[tuple[str, str], Series] = {}
        """By measure and stat: made once, as they are asked for on each tick."""
        self.heard = at

    def observe(self, measure: str, spread: Spread, increase: Increase, at: float, failed: bool) -> None:
        """Take in observations of a latency."""
        self._note(increase.seconds, at)
        self._learned.add(measure)
        if measure == "ai.latency.e2e":
            flow = self._flows.setdefault("ai.requests.failed", Flow())
            flow.rise(increase.key, spread.count if failed and increase.recent else 0.0, increase.seconds, at)
        if increase.recent:
            self._push(measure, spread)

    def use(self, kind: str, spread: Spread, increase: Increase, at: float) -> None:
        """Take in tokens of a kind, input or output: a histogram of the tokens of calls."""
        self._note(increase.seconds, at)
        flow = self._flows.setdefault(_RATES[kind], Flow())
        flow.rise(increase.key, spread.sum if increase.recent else 0.0, increase.seconds, at)
        if increase.recent:
            self._push(f"length.{kind}", spread)

    def feed(self, tokens: Sequence[float], seconds: float | None, ttft: float | None, failed: bool, at: float) -> None:
        """Take in a call that was told by itself: tokens of its prompt, those from a cache, and of its answer."""
        self.heard = at
        if self._fed is None:
            self._fed = Rising(4)
        self._fed.add(at, (*tokens, float(failed)))
        for measure, number in (("ai.latency.e2e", seconds), ("ai.latency.ttft", ttft)):
            if number is not None:
                self._learned.add(measure)
                self._push(measure, Spread.single(number))

    def _note(self, seconds: float, at: float) -> None:
        self.heard = at
        self._period = seconds or self._period

    def _push(self, name: str, spread: Spread) -> None:
        if spread.count > 0:
            tally = self._fresh.setdefault(name, Timed())
            tally.requests += spread.count
            tally.times.merge(spread)

    def samples(self, at: float) -> Iterator[Sample]:
        """All measures at `at`; those that it has never told are absent."""
        self._window.seconds = max(self._span, SILENT * self._period)
        self._window.push(at, self._fresh)
        self._fresh = {}
        fed = self._fed_values(at)
        for measure in _MEASURES:
            if "stat" in CATALOGUE[measure].labels:
                for stat, value in self._latency(measure).items():
                    yield self._sample(measure, value, at, stat=stat)
            elif measure in fed:
                yield self._sample(measure, fed[measure], at)
            else:
                yield self._sample(measure, self._flow(measure, at), at)

    def _fed_values(self, at: float) -> dict[str, Value]:
        if self._fed is None:
            return {}
        start = at - self._span
        self._fed.forget(start)
        prompt, cached, output, failed = self._fed.since(start)
        return {
            "ai.tokens.prompt": ok(prompt / self._span),
            "ai.tokens.generation": ok(output / self._span),
            "ai.requests.failed": ok(failed / self._span),
            "ai.cache.hit": share(cached, prompt),
        }

    def _flow(self, measure: str, at: float) -> Value:
        flow = self._flows.get(measure)
        if flow is None:
            return absent(f"{self.title} does not push it")
        return ok(flow.number(at)) if flow.told else PENDING

    def _latency(self, measure: str) -> dict[str, Value]:
        if measure not in self._learned:
            return dict.fromkeys((*STATS, "mean"), absent(f"{self.title} does not push it"))
        tally = self._window.routes.get(measure)
        if tally is None:
            return dict.fromkeys((*STATS, "mean"), IDLE)
        return latency(tally.times)  # type: ignore[arg-type]  # a Timed has a Spread

    def _sample(self, measure: str, value: Value, at: float, stat: str = "") -> Sample:
        # What is told call by call is silent between calls, and that is no failure.
        if value.number is not None and self._fed is None and (why := self.silent(at)):
            value = Value(value.number, Status.STALE, why, self.heard)
        return Sample(self._key(measure, stat), value)

    def _key(self, measure: str, stat: str) -> Series:
        key = self._keys.get((measure, stat))
        if key is None:
            labels = {"stat": stat} if stat else {}
            key = self._keys[measure, stat] = series(measure, engine=self.engine, model=self.model, **labels)
        return key

    def silent(self, at: float) -> str:
        """That nothing has come for too long, in words; empty where all is well."""
        silence = at - self.heard
        return f"nothing has been pushed for {silence:.0f} s" if silence > SILENT * (self._period or USUAL) else ""

    def row(self, notices: Sequence[str]) -> Engine:
        """Its row of the table."""
        lengths = []
        for detail, kind in (("length.prompt", "length.input"), ("length.output", "length.output")):
            tally = self._window.routes.get(kind)
            if tally is not None and tally.times.mean is not None:
                lengths.append((detail, ok(tally.times.mean)))
        ended = self._window.routes.get("ai.latency.e2e")
        return Engine(
            self.engine, self.model, "otlp", self.title, details=tuple(lengths),
            requests=float(ended.requests) if ended else 0.0, notices=tuple(notices),
        )  # fmt: skip


class Engines:
    """All models that programs push metrics about."""

    def __init__(self, window: float, forget: float) -> None:
        """Seconds over which latencies are taken, and after which what is silent is forgotten."""
        self.window, self._forget = window, forget
        self._models: dict[tuple[str, str], _Model] = {}

    def point(self, metric: Metric, point: Point, increase: Increase, at: float) -> None:
        """Take in a point of one of NAMES. Raises Full."""
        if text(point.labels, "gen_ai.operation.name") in _AROUND:
            return
        kind = text(point.labels, "gen_ai.token.type")
        if metric.name == TOKENS and kind not in _RATES:
            return
        role = "server" if metric.name.startswith("gen_ai.server.") else "client"
        provider = text(point.labels, "gen_ai.provider.name") or text(point.labels, "gen_ai.system")
        title = f"OpenTelemetry GenAI {role}" + (f" of {provider}" if provider else "")
        name = metric.sender.text("service.name") or "unknown_service"
        model = text(point.labels, "gen_ai.request.model") or text(point.labels, "gen_ai.response.model")
        if not isinstance(increase.amount, Spread):
            return
        known = self._model(name, model, title, at)
        if metric.name == TOKENS:
            known.use(kind, increase.amount, increase, at)
        else:
            spread = increase.amount.scaled(UNITS.get(metric.unit, 1.0))
            failed = bool(text(point.labels, "error.type"))
            known.observe(LATENCIES[metric.name], spread, increase, at, failed)

    def feed(
        self,
        engine: str,
        model: str,
        title: str,
        tokens: Sequence[float],
        at: float,
        *,
        seconds: float | None = None,
        ttft: float | None = None,
        failed: bool = False,
    ) -> None:
        """Take in a call that an agent told: prompt tokens, those of them from a cache, answer tokens. Raises Full."""
        self._model(engine, model, title, at).feed(tokens, seconds, ttft, failed, at)

    def _model(self, engine: str, model: str, title: str, at: float) -> _Model:
        known = self._models.get((engine, model))
        if known is None:
            if len(self._models) >= MOST_ENGINES:
                raise Full(f"there are more than {MOST_ENGINES} models")
            known = self._models[engine, model] = _Model(engine, model, title, self.window, at)
        return known

    def derive(self, at: float, notices: Sequence[str]) -> tuple[list[Sample], tuple[Engine, ...]]:
        """Measures and rows at `at`."""
        for key in [key for key, model in self._models.items() if at - model.heard > self._forget]:
            del self._models[key]
        samples = [sample for model in self._models.values() for sample in model.samples(at)]
        return samples, tuple(model.row(notices) for model in self._models.values())
