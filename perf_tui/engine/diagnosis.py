"""What holds an inference server back: rules on a snapshot, each with the evidence and what to do.

A rule is data: conditions on numbers, all of which must hold, where the limits are from, and a
sentence of what to do. Of several rules of one name the first that holds is told. A number that is
not known never holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from perf_tui.engine.alerts.model import Level
from perf_tui.engine.snapshot import Snapshot
from perf_tui.measures import engines, gpus, quality
from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.drift import Verdict
from perf_tui.measures.model import Status, Value
from perf_tui.measures.units import number


class Fact(NamedTuple):
    """A number that rules look at."""

    title: str
    unit: str
    number: float


@dataclass(frozen=True, slots=True)
class Condition:
    """A number that is at least or at most something."""

    fact: str
    least: float | None = None
    most: float | None = None

    def holds(self, facts: Mapping[str, Fact]) -> bool:
        """Whether it is known, and within."""
        if self.fact not in facts:
            return False
        found = facts[self.fact].number
        return (self.least is None or found >= self.least) and (self.most is None or found <= self.most)

    def evidence(self, facts: Mapping[str, Fact]) -> str:
        """The number beside its limit."""
        title, unit, found = facts[self.fact]
        limits = [f"≥ {_limit(self.least, unit)}"] if self.least is not None else []
        limits += [f"≤ {_limit(self.most, unit)}"] if self.most is not None else []
        return f"{title} {number(found, unit)} ({', '.join(limits)})"


def _limit(limit: float, unit: str) -> str:
    """A limit in its unit; one that would be shown as 0 exactly."""
    return f"{limit:g}/s" if unit == "1/s" and 0 < limit < 0.01 else number(limit, unit)


@dataclass(frozen=True, slots=True)
class DiagnosisRule:
    """All conditions together mean that `title` is so."""

    name: str
    level: Level
    title: str
    conditions: tuple[Condition, ...]
    remedy: str
    source: str
    """Where the limits are from."""


class Finding(NamedTuple):
    """What a rule found."""

    rule: str
    level: Level
    title: str
    evidence: str
    remedy: str
    source: str


_VLLM = (
    "the dashboard that vLLM ships: KV cache orange at 90 % and red at 98 %, preemptions orange at 0.001/s, red at 1/s"
)
_MLPERF = "MLPerf Inference, Llama 2 70B as a server: 2 s to the first token, 0.2 s for each next one"
_OWN = "a rule of thumb of this project"
_ROOM = (
    "give the cache more memory or a smaller data type, let fewer sequences run at once, limit the context, "
    "or add a replica"
)

RULES: tuple[DiagnosisRule, ...] = (
    DiagnosisRule(
        "kv-full", Level.CRITICAL, "the KV cache is full and requests are pushed out of the batch",
        (Condition("ai.kv_cache.utilization", least=0.98), Condition("ai.requests.preempted", least=0.001)),
        _ROOM, _VLLM,
    ),
    DiagnosisRule(
        "kv-full", Level.CRITICAL, "requests are pushed out of the batch all the time",
        (Condition("ai.requests.preempted", least=1.0),), _ROOM, _VLLM,
    ),
    DiagnosisRule(
        "kv-full", Level.WARNING, "the KV cache is nearly full and requests are pushed out of the batch",
        (Condition("ai.kv_cache.utilization", least=0.9), Condition("ai.requests.preempted", least=0.001)),
        _ROOM, _VLLM,
    ),
    DiagnosisRule(
        "kv-full", Level.WARNING, "requests wait for room in the KV cache",
        (Condition("ai.kv_cache.utilization", least=0.98), Condition("ai.requests.waiting", least=1.0)),
        _ROOM, _VLLM,
    ),
    DiagnosisRule(
        "idle-gpu", Level.WARNING, "requests wait while the GPU has nothing to do",
        (Condition("ai.requests.waiting", least=1.0), Condition("gpu.busiest", most=0.3)),
        "look at what comes before the GPU: the CPU's share of scheduling and tokenizing, the server's limits of "
        "sequences and tokens per step, slow storage of adapters",
        _OWN,
    ),
    DiagnosisRule(
        "poor-batch", Level.WARNING, "the batch is not filled although requests wait",
        (Condition("ai.requests.waiting", least=1.0), Condition("ai.batch.efficiency", most=0.5)),
        "see which limit is met first: tokens per step, room in the KV cache, or the scheduler's policy",
        _OWN,
    ),
    DiagnosisRule(
        "queueing", Level.WARNING, "more requests wait than run",
        (Condition("ai.requests.waiting", least=2.0), Condition("waiting.per.running", least=1.0)),
        "add a replica, let more sequences run at once if there is room for them, or send fewer requests",
        _OWN,
    ),
    DiagnosisRule(
        "queueing", Level.WARNING, "requests spend most of the time before their first token in the queue",
        (Condition("queue.share.of.ttft", least=0.5), Condition("ai.latency.ttft.p95", least=2.0)),
        "add a replica, let more sequences run at once if there is room for them, or send fewer requests",
        _MLPERF,
    ),
    DiagnosisRule(
        "prefill-bound", Level.WARNING, "reading the prompts is what takes the time",
        (Condition("phase.prefill.share", least=0.5), Condition("ai.latency.ttft.p95", least=2.0)),
        "shorten or reorder prompts so that their beginnings are shared, switch prefix caching on, read prompts in "
        "chunks, or give them GPUs of their own",
        _MLPERF,
    ),
    DiagnosisRule(
        "decode-bound", Level.WARNING, "tokens come slowly one after the other",
        (Condition("phase.decode.share", least=0.5), Condition("ai.latency.itl.p95", least=0.2)),
        "let fewer sequences run at once, try speculative decoding or a smaller data type, or spread the model over "
        "more GPUs",
        _MLPERF,
    ),
    DiagnosisRule(
        "low-hit", Level.INFO, "prompts are read again and again: the prefix cache hardly hits",
        (
            Condition("ai.cache.hit", most=0.1),
            Condition("ai.tokens.prompt", least=100.0),
            Condition("prompt.per.generated", least=1.0),
        ),
        "put what prompts have in common at their beginning, keep one conversation on one replica, and give the "
        "cache room",
        _OWN,
    ),
    DiagnosisRule(
        "context-full", Level.WARNING, "requests come near the end of the context window",
        (Condition("ai.context.utilization", least=0.95),),
        "shorten what is sent, or serve the model with a longer context", _OWN,
    ),
    DiagnosisRule(
        "cut-answers", Level.INFO, "many answers end at their limit of tokens",
        (Condition("finish.length.share", least=0.5), Condition("finish.requests", least=30.0)),
        "raise max_tokens where the answers are needed whole", _OWN,
    ),
    DiagnosisRule(
        "thermal", Level.WARNING, "a GPU is slowed down because it is too hot",
        (Condition("gpu.too.hot", least=1.0),),
        "look at fans, airflow and neighbours; a lower power limit costs less than throttling", "the driver says so",
    ),
    DiagnosisRule(
        "quality-drift", Level.WARNING, "evaluation scores are not what they were",
        (Condition("quality.drifted", least=1.0),),
        "compare model, quantization, prompts and sampling settings with those of the baseline",
        "two of three: Welch's 95 % interval, ADWIN at 0.002, a stability index beyond its 99 % point",
    ),
    DiagnosisRule(
        "proxy-drift", Level.INFO, "answers look different, by a proxy that needs no labels",
        (Condition("quality.proxies.drifted", least=1.0),),
        "evaluate a sample before anything else: the questions may have changed rather than the answers",
        "two of three: Welch's 95 % interval, ADWIN at 0.002, a stability index beyond its 99 % point",
    ),
)  # fmt: skip


_SENTENCES = {"quality-drift": False, "proxy-drift": True}
"""Rules about drift, and whether it is that of proxies."""


def diagnose(snapshot: Snapshot, engine: str, model: str) -> tuple[Finding, ...]:
    """What holds this model on this engine back, the worst first; nothing where all is well."""
    known = facts(snapshot, engine, model)
    found: dict[str, Finding] = {}
    for rule in RULES:
        if rule.name not in found and all(condition.holds(known) for condition in rule.conditions):
            evidence = [condition.evidence(known) for condition in rule.conditions]
            if rule.name in _SENTENCES:  # their numbers are many, and stand in a sentence
                evidence = _drifted(snapshot, engine, model, _SENTENCES[rule.name])
            found[rule.name] = Finding(
                rule.name, rule.level, rule.title, " · ".join(evidence), rule.remedy, rule.source
            )
    return tuple(sorted(found.values(), key=lambda finding: -finding.level))


def facts(snapshot: Snapshot, engine: str, model: str) -> dict[str, Fact]:
    """Every number that is known of an engine's model now, and of the GPUs that the snapshot shows."""
    found: dict[str, Fact] = {}

    def put(name: str, title: str, unit: str, value: Value) -> None:
        if value.status is Status.OK and value.number is not None:
            found[name] = Fact(title, unit, value.number)

    def put_ratio(name: str, title: str, unit: str, part: str, whole: str, least: float = 0.0) -> None:
        if part in found and whole in found and (below := max(found[whole].number, least)) > 0:
            found[name] = Fact(title, unit, found[part].number / below)

    for id, measure in CATALOGUE.items():
        if not id.startswith("ai.") or "name" in measure.labels:
            continue
        if "stat" not in measure.labels:
            put(id, measure.title, measure.unit, snapshot.get(id, engine=engine, model=model))
            continue
        for stat in ("mean", "p95"):
            value = snapshot.get(id, engine=engine, model=model, stat=stat)
            put(f"{id}.{stat}", f"{measure.title} {stat}", measure.unit, value)
        if f"{id}.p95" not in found and f"{id}.mean" in found:
            found[f"{id}.p95"] = found[f"{id}.mean"]  # where the mean is that high, p95 hardly is below
    put_ratio("waiting.per.running", "waiting per running", "1", "ai.requests.waiting", "ai.requests.running", 1.0)
    put_ratio(
        "prompt.per.generated", "prompt tokens per generated", "1", "ai.tokens.prompt", "ai.tokens.generation", 1.0
    )
    put_ratio("queue.share.of.ttft", "queue's share of TTFT", "ratio", "ai.latency.queue.mean", "ai.latency.ttft.mean")
    _phases(snapshot, engine, model, found)
    _gpus(snapshot, found)
    for name, title, proxies in (
        ("quality.drifted", "scores that drifted", False),
        ("quality.proxies.drifted", "proxies that drifted", True),
    ):
        found[name] = Fact(title, "1", float(len(_drifted(snapshot, engine, model, proxies))))
    return found


def _phases(snapshot: Snapshot, engine: str, model: str, found: dict[str, Fact]) -> None:
    row = next((row for row in engines.rows(snapshot.tables) if (row.engine, row.model) == (engine, model)), None)
    lengths: dict[str, float] = {}
    if row is not None:
        for phase, value in zip(row.phases._fields, row.phases, strict=True):
            if value.status is Status.OK and value.number is not None:
                lengths[phase] = value.number
        ended = row.requests
        if ended > 0:
            cut = sum(reason.requests for reason in row.finish if reason.reason == "length")
            found["finish.requests"] = Fact("requests that ended", "1", ended)
            found["finish.length.share"] = Fact("ended at their limit", "ratio", cut / ended)
    if len(lengths) < 3:  # an engine that does not tell the phases may tell when the first token came
        first, whole = (found.get(f"ai.latency.{id}.mean") for id in ("ttft", "e2e"))
        if first is None or whole is None:
            return
        queued = found.get("ai.latency.queue.mean")
        waited = min(queued.number if queued else 0.0, first.number)
        lengths = {
            "queue": waited,
            "prefill": first.number - waited,
            "decode": max(0.0, whole.number - first.number),
        }
    total = sum(lengths.values())
    if total > 0:
        for phase, title in (("queue", "waiting"), ("prefill", "reading prompts"), ("decode", "writing answers")):
            found[f"phase.{phase}.share"] = Fact(f"share of time {title}", "ratio", lengths[phase] / total)


def _gpus(snapshot: Snapshot, found: dict[str, Fact]) -> None:
    busy = [value.number for _, value in snapshot.all("gpu.utilization") if value.status is Status.OK]
    numbers = [each for each in busy if each is not None]
    if numbers:
        found["gpu.busiest"] = Fact("busiest GPU", "ratio", max(numbers))
    hot = [gpu for gpu in gpus.rows(snapshot.tables) if any("too hot" in reason.words for reason in gpu.throttle or ())]
    found["gpu.too.hot"] = Fact("GPUs too hot", "1", float(len(hot)))


def _drifted(snapshot: Snapshot, engine: str, model: str, proxies: bool) -> list[str]:
    """The sentences of scores that have drifted. Scores that name no engine are about the model wherever it runs."""
    return [
        row.sentence
        for row in quality.rows(snapshot.tables)
        if row.proxy == proxies
        and row.drift.verdict is Verdict.DRIFTED
        and (row.engine == engine or not proxies)
        and row.model in (model, "")
    ]
