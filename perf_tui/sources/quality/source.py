"""The source that watches one file of scores."""

from __future__ import annotations

from contextlib import suppress

from perf_tui.config.schema import QualityStream
from perf_tui.engine.blocking import Blocking
from perf_tui.engine.source import Derived, Source, SourceDenied, SourceError
from perf_tui.measures.drift import Monitor
from perf_tui.measures.model import Status
from perf_tui.sources.quality.reader import ScoreReader, Scores, baseline
from perf_tui.sources.quality.streams import Key, Streams, samples_of
from perf_tui.text import clean


class QualitySource(Source[Scores]):
    """Scores of one stream of the configuration. Monitors live as long as the source: a file may come and go."""

    kind = "quality"

    def __init__(self, stream: QualityStream) -> None:
        name = clean(stream.name)
        self.name = f"quality {name}"
        self._stream = stream
        self._engine = clean(stream.engine or stream.name)
        self._blocking = Blocking(self.name)
        self._reader: ScoreReader | None = None
        self._saved: dict[tuple[str, str], list[float]] | None = None
        self._streams = Streams(self.name, self._monitor)

    async def open(self) -> None:
        self._reader = ScoreReader(self._stream.path)
        self._streams.clear()
        self._saved = None

    async def read(self) -> Scores:
        reader = self._reader
        assert reader is not None  # the engine opens first
        path = self._stream.baseline
        if path is not None and self._saved is None:
            found = await self._blocking.call(lambda: baseline(path))
            if found.trouble is not None or not found.scores:
                raise _failure(found, f"{clean(path)} holds no scores to compare with")
            self._saved = {}
            for score in found.scores:
                self._saved.setdefault((score.name, score.model), []).append(score.score)
        scores = await self._blocking.call(reader.read)
        if scores.trouble is not None and not self._streams and not scores.scores:
            raise _failure(scores, "")
        if scores.bad and not self._streams and not scores.scores:
            raise SourceError(f"no line is a score; the first: {scores.first_bad}")
        return scores

    def derive(self, reading: Scores, at: float) -> Derived:
        for score in reading.scores:
            self._streams.add((self._engine, score.model, score.name), score.score)
        rows = self._streams.rows()
        return Derived(samples_of(rows), {"quality": rows})

    def _monitor(self, key: Key) -> Monitor:
        _, model, name = key
        stream = self._stream
        return Monitor(stream.first, stream.window, stream.low, stream.high, (self._saved or {}).get((name, model), ()))

    async def close(self) -> None:
        # On its own thread, as closing may block too; a reading that hangs keeps its file.
        if self._reader is not None:
            with suppress(SourceError):
                await self._blocking.call(self._reader.close)
        self._blocking.close()


def _failure(found: Scores, otherwise: str) -> SourceError:
    if found.trouble is None:
        return SourceError(otherwise)
    status, reason = found.trouble
    return SourceDenied(reason) if status is Status.DENIED else SourceError(reason)
