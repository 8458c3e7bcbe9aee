"""Each rule of the diagnosis, with numbers that it holds for and numbers just beside them."""

import pytest

from perf_tui.engine.alerts.model import Level
from perf_tui.engine.diagnosis import RULES, Finding, diagnose
from perf_tui.engine.snapshot import Snapshot
from perf_tui.measures.catalogue import CATALOGUE
from perf_tui.measures.drift import Difference, Drift, Moments, Stability, Verdict
from perf_tui.measures.engines import Engine, Phases, Reason
from perf_tui.measures.gpus import Gpu, Throttle
from perf_tui.measures.model import Series, Status, Value, absent, series
from perf_tui.measures.quality import Quality

ENGINE, MODEL = "llm", "tiny"


def snapshot(values: dict[str, float | Value], tables: dict[str, object] | None = None) -> Snapshot:
    """Measures of one engine by id, latencies as `id.stat`, and GPUs as `gpu.utilization/0`."""
    made: dict[Series, Value] = {}
    for name, value in values.items():
        known = value if isinstance(value, Value) else Value(value)
        head, _, gpu = name.partition("/")
        if gpu:
            made[series(head, gpu=gpu, name="H100")] = known
        elif head in CATALOGUE:
            made[series(head, engine=ENGINE, model=MODEL)] = known
        else:
            id, _, stat = head.rpartition(".")
            made[series(id, engine=ENGINE, model=MODEL, stat=stat)] = known
    index: dict[str, tuple[Series, ...]] = {}
    for key in made:
        index[key.id] = (*index.get(key.id, ()), key)
    return Snapshot(values=made, index=index, tables=tables or {})


def found(values: dict[str, float | Value], tables: dict[str, object] | None = None) -> dict[str, Finding]:
    """Findings by their rule."""
    return {finding.rule: finding for finding in diagnose(snapshot(values, tables), ENGINE, MODEL)}


def phases(queue: float, prefill: float, decode: float) -> dict[str, object]:
    """A table with one engine's phases."""
    row = Engine(ENGINE, MODEL, "llm", "vLLM", phases=Phases(Value(queue), Value(prefill), Value(decode)))
    return {"engines": (row,)}


def ended(length: float, stop: float) -> dict[str, object]:
    """A table with one engine's finish reasons."""
    reasons = (Reason("length", length), Reason("stop", stop))
    return {"engines": (Engine(ENGINE, MODEL, "llm", "vLLM", finish=reasons, requests=length + stop),)}


def gpu(words: str) -> dict[str, object]:
    """A table with one GPU that is slowed down."""
    return {"gpus": (Gpu("0", "H100", "gpu", "NVIDIA", throttle=(Throttle(words, "warning"),)),)}


def scores(verdict: Verdict, proxy: bool = False, engine: str = "evals", model: str = MODEL) -> dict[str, object]:
    """A table with one kind of score."""
    now, before = Moments(100, 0.62, 0.01), Moments(200, 0.8, 0.01)
    drift = Drift(verdict, now, before, Difference(-0.18, -0.2, -0.16), Stability(0.9, 0.3), 40)
    return {"quality": (Quality(engine, model, "faithfulness", "evals", proxy, drift),)}


KV, PREEMPTED, WAITING = "ai.kv_cache.utilization", "ai.requests.preempted", "ai.requests.waiting"
RUNNING, BATCH, HIT = "ai.requests.running", "ai.batch.efficiency", "ai.cache.hit"
PROMPT, GENERATION = "ai.tokens.prompt", "ai.tokens.generation"
TTFT, ITL, QUEUE, E2E = "ai.latency.ttft", "ai.latency.itl", "ai.latency.queue", "ai.latency.e2e"
PREFILL_HEAVY = phases(0.1, 2.0, 1.0)

HOLD = [
    ("kv-full", Level.CRITICAL, {KV: 0.98, PREEMPTED: 0.001}, {}),
    ("kv-full", Level.CRITICAL, {PREEMPTED: 1.0}, {}),
    ("kv-full", Level.WARNING, {KV: 0.9, PREEMPTED: 0.5}, {}),
    ("kv-full", Level.WARNING, {KV: 0.98, WAITING: 1.0}, {}),
    ("idle-gpu", Level.WARNING, {WAITING: 1.0, "gpu.utilization/0": 0.1, "gpu.utilization/1": 0.3}, {}),
    ("poor-batch", Level.WARNING, {WAITING: 1.0, BATCH: 0.5}, {}),
    ("queueing", Level.WARNING, {WAITING: 4.0, RUNNING: 4.0}, {}),
    ("queueing", Level.WARNING, {WAITING: 2.0, RUNNING: 0.0}, {}),
    ("queueing", Level.WARNING, {f"{QUEUE}.mean": 1.5, f"{TTFT}.mean": 3.0, f"{TTFT}.p95": 5.0}, {}),
    ("prefill-bound", Level.WARNING, {f"{TTFT}.p95": 2.0}, PREFILL_HEAVY),
    ("prefill-bound", Level.WARNING, {f"{TTFT}.p95": 4.0, f"{TTFT}.mean": 3.0, f"{E2E}.mean": 5.0}, {}),
    ("decode-bound", Level.WARNING, {f"{ITL}.p95": 0.2}, phases(0.1, 0.5, 9.0)),
    ("decode-bound", Level.WARNING, {f"{ITL}.mean": 0.25}, phases(0.1, 0.5, 9.0)),
    ("low-hit", Level.INFO, {HIT: 0.05, PROMPT: 500.0, GENERATION: 100.0}, {}),
    ("context-full", Level.WARNING, {"ai.context.utilization": 0.95}, {}),
    ("cut-answers", Level.INFO, {}, ended(20, 20)),
    ("thermal", Level.WARNING, {}, gpu("too hot (hardware)")),
    ("quality-drift", Level.WARNING, {}, scores(Verdict.DRIFTED)),
    ("proxy-drift", Level.INFO, {}, scores(Verdict.DRIFTED, proxy=True, engine=ENGINE)),
]

DO_NOT_HOLD = [
    ("kv-full", {KV: 0.99, PREEMPTED: 0.0}, {}),  # a full cache is what it is for
    ("kv-full", {KV: 0.89, PREEMPTED: 0.9}, {}),
    ("kv-full", {KV: 0.97, WAITING: 5.0}, {}),
    ("kv-full", {KV: absent("not told"), PREEMPTED: 0.5}, {}),
    ("idle-gpu", {WAITING: 0.0, "gpu.utilization/0": 0.1}, {}),
    ("idle-gpu", {WAITING: 3.0, "gpu.utilization/0": 0.1, "gpu.utilization/1": 0.31}, {}),
    ("idle-gpu", {WAITING: 3.0}, {}),  # no GPU is known
    ("poor-batch", {WAITING: 0.0, BATCH: 0.1}, {}),  # nobody waits: there is little to do
    ("poor-batch", {WAITING: 3.0, BATCH: 0.51}, {}),
    ("queueing", {WAITING: 3.0, RUNNING: 4.0}, {}),
    ("queueing", {WAITING: 1.0, RUNNING: 0.0}, {}),
    ("queueing", {f"{QUEUE}.mean": 1.4, f"{TTFT}.mean": 3.0, f"{TTFT}.p95": 5.0}, {}),
    ("queueing", {f"{QUEUE}.mean": 0.15, f"{TTFT}.mean": 0.2, f"{TTFT}.p95": 0.3}, {}),  # nobody minds
    ("prefill-bound", {f"{TTFT}.p95": 1.9}, PREFILL_HEAVY),
    ("prefill-bound", {f"{TTFT}.p95": 5.0}, phases(4.0, 1.0, 2.0)),
    ("prefill-bound", {}, PREFILL_HEAVY),
    ("decode-bound", {f"{ITL}.p95": 0.19}, phases(0.1, 0.5, 9.0)),
    ("decode-bound", {f"{ITL}.p95": 0.5}, phases(4.0, 5.0, 8.0)),
    ("low-hit", {HIT: 0.5, PROMPT: 500.0, GENERATION: 100.0}, {}),
    ("low-hit", {HIT: 0.05, PROMPT: 50.0, GENERATION: 10.0}, {}),
    ("low-hit", {HIT: 0.05, PROMPT: 500.0, GENERATION: 900.0}, {}),
    ("low-hit", {HIT: Value(None, Status.IDLE), PROMPT: 500.0, GENERATION: 1.0}, {}),
    ("context-full", {"ai.context.utilization": 0.94}, {}),
    ("cut-answers", {}, ended(19, 21)),
    ("cut-answers", {}, ended(14, 14)),  # too few
    ("thermal", {}, gpu("power limit")),
    ("quality-drift", {}, scores(Verdict.UNSURE)),
    ("quality-drift", {}, scores(Verdict.TOO_FEW)),
    ("quality-drift", {}, scores(Verdict.DRIFTED, model="another")),
    ("quality-drift", {}, scores(Verdict.DRIFTED, proxy=True)),
    ("proxy-drift", {}, scores(Verdict.DRIFTED)),
    ("proxy-drift", {}, scores(Verdict.DRIFTED, proxy=True, engine="another")),
]


@pytest.mark.parametrize(("rule", "level", "values", "tables"), HOLD)
def test_a_rule_holds(rule: str, level: Level, values: dict[str, float | Value], tables: dict[str, object]) -> None:
    finding = found(values, tables)[rule]
    assert finding.level is level
    assert finding.remedy
    assert finding.source
    assert any(character.isdigit() for character in finding.evidence), "the evidence has numbers"


@pytest.mark.parametrize(("rule", "values", "tables"), DO_NOT_HOLD)
def test_a_rule_does_not_hold(rule: str, values: dict[str, float | Value], tables: dict[str, object]) -> None:
    assert rule not in found(values, tables)


def test_every_rule_is_tested_in_both_directions() -> None:
    names = {rule.name for rule in RULES}
    assert {each[0] for each in HOLD} == names
    assert {each[0] for each in DO_NOT_HOLD} == names


def test_the_evidence_has_each_number_beside_its_limit_and_the_worst_comes_first() -> None:
    values: dict[str, float | Value] = {KV: 0.99, PREEMPTED: 0.5, WAITING: 37.0, RUNNING: 16.0, BATCH: 0.25}
    findings = diagnose(snapshot(values), ENGINE, MODEL)
    assert [finding.rule for finding in findings] == ["kv-full", "poor-batch", "queueing"]
    assert findings[0].evidence == "KV cache 99% (≥ 98%) · preempted 0.50/s (≥ 0.001/s)"
    assert findings[2].evidence == "waiting 37 (≥ 2) · waiting per running 2.31 (≥ 1)"


def test_scores_that_drifted_are_said_in_words() -> None:
    evidence = found({}, scores(Verdict.DRIFTED))["quality-drift"].evidence
    assert evidence.startswith("faithfulness 0.62, baseline 0.80: -0.18 (-0.20 to -0.16, n 100 and 200)")
    assert "PSI 0.90, limit 0.30" in evidence
    proxy = found({}, scores(Verdict.DRIFTED, proxy=True, engine=ENGINE))["proxy-drift"].evidence
    assert "faithfulness (proxy)" in proxy


def test_stale_numbers_say_nothing_and_nothing_is_found_where_nothing_is_known() -> None:
    assert diagnose(Snapshot(), ENGINE, MODEL) == ()
    assert found({KV: Value(0.99, Status.STALE), PREEMPTED: Value(2.0, Status.STALE)}) == {}
    assert diagnose(snapshot({KV: 0.99, PREEMPTED: 2.0}), "another", MODEL) == ()
