"""What discovery finds becomes a source of the engine; what the configuration names stays as it is."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import msgspec

from perf_tui.config.schema import Target
from perf_tui.engine.engine import Engine
from perf_tui.engine.source import Source
from perf_tui.sources.discovery.probe import Finding

_HERE = frozenset(("localhost", "127.0.0.1", "::1", "0.0.0.0", "::"))


class EngineWatcher:
    """Adds what appears to the engine, under a name that is free, and removes what vanishes."""

    def __init__(self, engine: Engine, make: Callable[[Target], Source[Any]]) -> None:
        """`make` makes a source of a target."""
        self._engine, self._make = engine, make

    def appear(self, finding: Finding) -> str:
        """Watch it; the name of its source is returned."""
        target = finding.target
        for number in count(1):
            name = target.name if number == 1 else f"{target.name} ({number})"
            source = self._make(msgspec.structs.replace(target, name=name))
            with suppress(ValueError):
                self._engine.add_source(source)
                return name
        raise AssertionError

    def vanish(self, name: str) -> None:
        """Watch it no longer."""
        self._engine.remove_source(name)


def taken(targets: Iterable[Target]) -> frozenset[int]:
    """The ports of this machine that the configuration names: its word goes before what is found."""
    here = _HERE | {socket.gethostname().lower()}
    ports = set()
    for target in targets:
        parts = urlsplit(target.url)
        if (parts.hostname or "") in here:
            ports.add(parts.port or (443 if parts.scheme.lower() == "https" else 80))
    return frozenset(ports)
