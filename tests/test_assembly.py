"""An engine put together from a configuration."""

from __future__ import annotations

from perf_tui.assembly import build_engine, system_sources
from perf_tui.config.load import parse
from perf_tui.sources.system.host import Host


def test_an_engine_has_the_interval_rules_and_sources_of_its_configuration() -> None:
    engine = build_engine(
        parse({"interval": 0.5, "alerts": [{"name": "a", "metric": "system.load", "warning": 4}]}, "t")
    )
    assert engine.interval == 0.5
    assert [rule.name for rule in engine.alerts.rules] == ["a"]
    names = [source.name for source in engine.store.snapshot.sources]
    system = [source.name for source in system_sources(Host())]
    assert names[: len(system)] == system
    assert not engine.alive


def test_sources_have_names_of_their_own() -> None:
    names = [source.name for source in system_sources(Host())]
    assert len(names) == len(set(names))
