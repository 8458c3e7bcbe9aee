"""The workers of a gunicorn, by its control socket: messages of JSON behind four bytes with their length."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Mapping
from typing import Any

from perf_tui.engine.source import Derived, Source, SourceError
from perf_tui.measures.workers import HERE, SIGHTINGS, Body, Sighting, state_of
from perf_tui.sources.workers.unixsocket import LARGEST, connected
from perf_tui.text import clean

SILENT = 30.0
"""Seconds without a heartbeat after which gunicorn gives a worker up, where it is not configured otherwise."""


class GunicornSource(Source[list[Mapping[str, Any]]]):
    """Asks for all processes. It does not say what they do; the kernel says what they take."""

    kind = "workers"

    def __init__(self, group: str, path: str) -> None:
        """`group` is the name in the configuration, `path` the socket's."""
        self._group = clean(group)
        self.name = f"workers {self._group}"
        self._path = os.path.expanduser(path)

    async def read(self) -> list[Mapping[str, Any]]:
        question = json.dumps({"id": 1, "command": "show workers", "args": []}).encode()
        async with connected(self._path, "gunicorn") as (reader, writer):
            writer.write(struct.pack(">I", len(question)) + question)
            await writer.drain()
            (size,) = struct.unpack(">I", await reader.readexactly(4))
            if size > LARGEST:
                raise SourceError("what answers is no gunicorn")
            raw = await reader.readexactly(size)
        try:
            answer = json.loads(raw)
            if answer["status"] != "ok":
                raise SourceError(f"gunicorn refuses: {clean(str(answer.get('error', '')))}")
            return [each for each in answer["data"]["workers"] if isinstance(each, dict)]
        except (ValueError, TypeError, LookupError, RecursionError):
            raise SourceError("what answers is no gunicorn") from None

    def derive(self, reading: list[Mapping[str, Any]], at: float) -> Derived:
        return Derived((), {SIGHTINGS: tuple(each for raw in reading if (each := self._sighting(raw, at)))})

    def _sighting(self, raw: Mapping[str, Any], at: float) -> Sighting | None:
        pid, beat, age = raw.get("pid"), raw.get("last_heartbeat"), raw.get("age")
        if not isinstance(pid, int) or pid <= 0:
            return None
        silence = float(beat) if isinstance(beat, (int, float)) else None
        word = "silent" if silence is not None and silence > SILENT else "alive"
        facts = [("number", str(age))] if isinstance(age, int) else []
        if silence is not None:
            facts.append(("heartbeat", f"{silence:.0f} s ago"))
        return Sighting(
            system="gunicorn",
            source=self.name,
            name=f"{self._group}:{pid}",
            kind="gunicorn",
            word=word,
            state=state_of("gunicorn", word),
            heard=at,
            group=self._group,
            host=HERE,
            pid=pid,
            body=Body(),
            facts=tuple(facts),
        )
