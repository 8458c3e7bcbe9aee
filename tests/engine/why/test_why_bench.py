"""How the faults that are induced on purpose are scored, on recordings made up for it."""

from __future__ import annotations

from array import array
from pathlib import Path

import pytest

from benchmarks.why import recording as tape
from benchmarks.why.rankers import change_of_mean, kolmogorov_smirnov, ours
from benchmarks.why.recording import Recording
from benchmarks.why.report import report
from benchmarks.why.score import accuracies, average, confusion, place
from perf_tui.measures.model import Series, series

CPU = series("system.cpu.utilization")
BUSY = series("system.disk.busy", device="sda")
SLOW = series("app.request.duration", service="pricing", stat="p95")
LOST = series("worker.memory", worker="a")
NAN = float("nan")


def recording(*causes: Series, seed: int = 1, kind: str = "disk writer") -> Recording:
    """The disk is far busier since the onset, the CPU a little; a worker is gone."""
    noise = [0.1 + 0.01 * (place * 7 % 5) for place in range(140)]
    rows = [
        (CPU, array("d", [*noise[:122], *(each + 0.2 for each in noise[122:])])),
        (BUSY, array("d", [*noise[:120], *(each + 0.8 for each in noise[120:])])),
        (SLOW, array("d", noise)),
        (LOST, array("d", [*(1e8 + 1e6 * each for each in noise[:125]), *[NAN] * 15])),
    ]
    return Recording(kind, seed, "", "", None, 0.0, 0.25, 90, 120, rows, frozenset(causes), frozenset((LOST,)))


def test_a_cause_has_the_place_at_which_it_is_first_named() -> None:
    one = recording(BUSY, SLOW)
    assert place(one, [CPU, BUSY, SLOW]) == 2
    assert place(one, [CPU]) == 6


def test_accuracy_at_k_is_the_share_of_faults_named_by_then() -> None:
    faults = [recording(BUSY), recording(CPU), recording(SLOW)]
    found = accuracies(faults, lambda each: [BUSY, CPU])
    assert found == pytest.approx([1 / 3, 2 / 3, 2 / 3, 2 / 3, 2 / 3])
    assert average(faults, lambda each: [BUSY, CPU]) == pytest.approx(3 / 5)


def test_all_rankings_are_given_the_same() -> None:
    pytest.importorskip("scipy")
    one = recording(BUSY)
    assert ours(one) == [BUSY, LOST, CPU]
    for ranker in (kolmogorov_smirnov, change_of_mean):
        assert set(ranker(one)) == {BUSY, CPU, SLOW, LOST}
        assert ranker(one) == ranker(one), "ties are broken alike each time"


def test_what_was_taken_for_what() -> None:
    assert confusion([recording(BUSY), recording(LOST)], lambda each: [BUSY]) == {"disk writer": {"disk writer": 2}}
    assert confusion([recording(BUSY)], lambda each: [CPU]) == {"disk writer": {"CPU burner": 1}}
    assert confusion([recording(BUSY)], lambda each: [LOST]) == {"disk writer": {"another worker": 1}}
    assert confusion([recording(LOST, kind="killed worker")], ours)["killed worker"]
    assert confusion([recording(BUSY)], lambda each: []) == {"disk writer": {"—": 1}}


def test_what_was_recorded_is_read_again(tmp_path: Path) -> None:
    one = recording(BUSY)
    for each in (recording(CPU), one):
        tape.add(tmp_path / "it.jsonl.gz", each)
    first, other = tape.load(tmp_path / "it.jsonl.gz")
    assert first.causes == {CPU}
    assert (other.causes, other.lost, other.onset, other.about) == (one.causes, one.lost, one.onset, one.about)
    assert ours(other) == ours(one)


def test_the_report_has_both_halves() -> None:
    pytest.importorskip("scipy")
    text = report([recording(BUSY), recording(BUSY, seed=2)], "today, 2 cores")
    assert text.startswith("today, 2 cores: 2 faults of 1 kinds")
    assert "| ours | odd seeds | 1.00 |" in text
    assert "| disk writer | 2 | 1.00 | 1.00 |" in text
