"""Scores from files: read as they are written, compared with the baseline, never a reason to fall."""

import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from perf_tui.config.schema import QualityStream
from perf_tui.engine.source import Derived, SourceError
from perf_tui.measures.drift import Verdict
from perf_tui.measures.model import Status, Value, series
from perf_tui.measures.quality import Quality, rows
from perf_tui.sources.quality.reader import Score, parse
from perf_tui.sources.quality.source import QualitySource
from perf_tui.sources.quality.streams import MOST_STREAMS


def lines(mean: float, count: int, seed: int = 1, name: str = "faithfulness", model: str = "tiny") -> str:
    """Scores about a mean."""
    numbers = random.Random(seed)
    scores = [min(1.0, max(0.0, numbers.gauss(mean, 0.1))) for _ in range(count)]
    return "".join(
        json.dumps({"name": name, "score": score, "model": model, "time": "2026-11-22T10:00:00Z"}) + "\n"
        for score in scores
    )


@asynccontextmanager
async def watching(path: Path, **options: object) -> AsyncIterator[QualitySource]:
    """An open source of the scores in a file."""
    source = QualitySource(QualityStream(name="evals", path=str(path), **options))  # type: ignore[arg-type]
    await source.open()
    try:
        yield source
    finally:
        await source.close()


async def read(source: QualitySource) -> Derived:
    """One reading."""
    return source.derive(await source.read(), 0.0)


def value(derived: Derived, measure: str, name: str = "faithfulness", engine: str = "evals") -> Value:
    """A measure of the only model."""
    return dict(derived.samples)[series(measure, engine=engine, model="tiny", name=name)]


def row(derived: Derived) -> Quality:
    """The only row."""
    (only,) = rows(derived.tables)
    return only


async def test_scores_that_fall_are_drift_and_what_stood_before_counts(tmp_path: Path) -> None:
    file = tmp_path / "scores.jsonl"
    file.write_text(lines(0.8, 100))
    async with watching(file, first=100, window=100, engine="chat") as source:
        derived = await read(source)
        assert value(derived, "ai.quality.score", engine="chat").number == pytest.approx(0.8, abs=0.02)
        drift = value(derived, "ai.quality.drift", engine="chat")
        assert (drift.status, drift.reason) == (Status.PENDING, "too few scores: 0 of 30")
        with file.open("a") as more:
            more.write(lines(0.6, 100, seed=2))
        derived = await read(source)
        assert value(derived, "ai.quality.score", engine="chat").number == pytest.approx(0.6, abs=0.03)
        assert value(derived, "ai.quality.drift", engine="chat").number == pytest.approx(-0.2, abs=0.04)
        assert row(derived).drift.verdict is Verdict.DRIFTED
        assert "baseline 0.7" in row(derived).sentence


async def test_scores_as_before_are_steady(tmp_path: Path) -> None:
    file = tmp_path / "scores.jsonl"
    file.write_text(lines(0.8, 300, seed=3))
    async with watching(file, first=100, window=200) as source:
        assert row(await read(source)).drift.verdict is Verdict.STEADY


async def test_a_saved_baseline_is_compared_with_from_the_first_score_on(tmp_path: Path) -> None:
    saved, file = tmp_path / "baseline.jsonl", tmp_path / "scores.jsonl"
    saved.write_text(lines(0.9, 150))
    file.write_text(lines(0.5, 64, seed=2))
    async with watching(file, baseline=str(saved)) as source:
        found = row(await read(source)).drift
        assert (found.baseline.n, found.now.n) == (150, 64)
        assert found.verdict is Verdict.DRIFTED


async def test_a_baseline_that_is_not_there_is_said(tmp_path: Path) -> None:
    file = tmp_path / "scores.jsonl"
    file.write_text(lines(0.5, 64))
    async with watching(file, baseline=str(tmp_path / "none.jsonl")) as source:
        with pytest.raises(SourceError, match=r"none\.jsonl"):
            await source.read()
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    async with watching(file, baseline=str(empty)) as source:
        with pytest.raises(SourceError, match="holds no scores to compare with"):
            await source.read()


async def test_a_file_that_is_not_there_yet_is_awaited(tmp_path: Path) -> None:
    file = tmp_path / "scores.jsonl"
    async with watching(file) as source:
        with pytest.raises(SourceError, match="there is no file"):
            await source.read()
        file.write_text(lines(0.8, 10))
        assert row(await read(source)).drift.baseline.n == 10


async def test_names_and_models_are_told_apart(tmp_path: Path) -> None:
    file = tmp_path / "scores.jsonl"
    file.write_text(lines(0.8, 40) + lines(0.5, 40, name="toxicity") + lines(0.7, 40, model="large"))
    async with watching(file, first=30) as source:
        derived = await read(source)
        assert {(row.name, row.model) for row in rows(derived.tables)} == {
            ("faithfulness", "tiny"), ("toxicity", "tiny"), ("faithfulness", "large"),
        }  # fmt: skip


async def test_lines_that_are_no_scores_are_left_out_and_a_file_of_them_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "scores.jsonl"
    file.write_text("no json\n" * 5)
    async with watching(file) as source:
        with pytest.raises(SourceError, match="no line is a score; the first: no json"):
            await source.read()
        with file.open("a") as more:
            more.write(lines(0.8, 40))
        assert row(await read(source)).drift.baseline.n == 40


async def test_there_is_an_end_to_how_many_streams_one_file_may_hold(tmp_path: Path) -> None:
    file = tmp_path / "scores.jsonl"
    file.write_text("".join(lines(0.5, 1, name=f"judge {number}") for number in range(MOST_STREAMS + 50)))
    async with watching(file) as source:
        assert len(rows((await read(source)).tables)) == MOST_STREAMS


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'{"name":"a","score":0.5,"model":"m","time":1}', Score("a", "m", 0.5)),
        (b'{"name":"a","score":1}', Score("a", "", 1.0)),
        (b'{"name":"a","score":true,"model":null}', Score("a", "", 1.0)),
        (b'{"name":"a\\u001b[31m","score":0}', Score("a\\x1b[31m", "", 0.0)),
        (b'{"name":"","score":0.5}', None),
        (b'{"name":"a","score":"0.5"}', None),
        (b'{"name":"a","score":null}', None),
        (b'{"name":"a"}', None),
        (b'{"score":1}', None),
        (b"[1, 2]", None),
        (b"7", None),
        (b'{"name":"a","score":1e400}', None),
        (b'{"name":"a","score":' + b"9" * 400 + b"}", None),
        (b"\xff\xfe", None),
        (b"[" * 5000, None),
    ],
)
def test_a_line(line: bytes, expected: Score | None) -> None:
    assert parse(line) == expected
