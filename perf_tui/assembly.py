"""Puts the engine together from a configuration: the one place that names the sources."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from perf_tui.config import paths
from perf_tui.config.errors import ConfigError
from perf_tui.config.explain import shown
from perf_tui.config.schema import Config
from perf_tui.engine.alerts.engine import AlertEngine
from perf_tui.engine.alerts.rules import rules
from perf_tui.engine.engine import OWN, Engine
from perf_tui.engine.gpus import GpuJoin
from perf_tui.engine.later import Later
from perf_tui.engine.source import Source
from perf_tui.engine.workers.inference import InferenceWorkers
from perf_tui.measures.services import traces
from perf_tui.sources.gpu.nvml import Nvidia
from perf_tui.sources.gpu.sysfs import SysfsGpus
from perf_tui.sources.system.connections import Connections
from perf_tui.sources.system.cpu import Cpu
from perf_tui.sources.system.disk import Disk
from perf_tui.sources.system.filesystems import Filesystems
from perf_tui.sources.system.host import Host
from perf_tui.sources.system.memory import Memory
from perf_tui.sources.system.network import Network, Retransmits
from perf_tui.sources.system.pressure import Pressure
from perf_tui.sources.system.processes import Processes
from perf_tui.sources.system.source import PartsSource
from perf_tui.sources.workers.groups import STAGES, worker_sources, worker_stages

if TYPE_CHECKING:
    from perf_tui.engine.alerts.keeper import Keeper
    from perf_tui.engine.alerts.outlet import Outlet
    from perf_tui.sources.discovery.probe import Finding
    from perf_tui.sources.scrape.targets import Scraping


def system_sources(host: Host) -> list[Source[Any]]:
    """Everything about this machine."""
    return [
        PartsSource("system", [Cpu(host), Memory(host), Disk(host), Network(host), Retransmits(host), Pressure(host)]),
        PartsSource("connections", [Connections(host)], every=5),
        Filesystems(host),
        Processes(host),
        Nvidia(),
        SysfsGpus(host),
    ]


def access_logs(config: Config) -> list[Source[Any]]:
    """The logs that the configuration names."""
    if not config.access_logs:
        return []
    from perf_tui.sources.accesslog.source import AccessLogSource

    return [AccessLogSource(log.name, log.path, log.format, config.window) for log in config.access_logs]


def quality(config: Config) -> list[Source[Any]]:
    """The files of scores that the configuration names."""
    if not config.quality:
        return []
    from perf_tui.sources.quality.source import QualitySource

    return [QualitySource(stream) for stream in config.quality]


def pushed(config: Config) -> list[Source[Any]]:
    """Receivers for what others send, where the configuration switches them on."""
    found: list[Source[Any]] = []
    if config.statsd.enabled:
        from perf_tui.sources.statsd import Statsd

        host, _, port = config.statsd.listen.rpartition(":")
        found.append(Statsd(host.strip("[]"), int(port), config.window))
    if config.otlp.enabled:
        from perf_tui.sources.otlp.build import receiver

        found.append(receiver(config))
    return found


def _keeper() -> Keeper:
    from perf_tui.engine.alerts.keeper import Keeper  # for commands that go on watching

    return Keeper(paths.user_state() / "alerts.sqlite")


def _outlet(config: Config) -> Outlet:
    from perf_tui.handlers.build import dispatcher

    return dispatcher(config, paths.user_state() / "handed" if config.alerting.remember else None)


def build_engine(config: Config, *, remember: bool = False) -> Engine:
    """An engine that is ready to start. Raises ConfigError where the configuration cannot be followed.

    With `remember`, its alerts outlive it and go to handlers; that is for commands that go on watching.
    """
    outlet = _outlet(config) if remember and config.handlers else None
    keeper = _keeper() if remember and config.alerting.remember else None
    host = Host()
    sources = [*system_sources(host), *access_logs(config), *quality(config), *pushed(config), *worker_sources(config)]
    scraping = _scraping(config) if config.targets or paths.user_profiles().exists() else None
    if scraping is not None:
        _check_names(config, sources)
        sources += map(scraping.source, config.targets)
    engine = Engine(
        sources,
        AlertEngine(rules(config)),
        config.interval,
        keeper=keeper,
        outlet=outlet,
        stages=[GpuJoin(), InferenceWorkers(), *worker_stages(config)],
        traces=traces,
    )
    if config.discovery.enabled:
        engine.add_source(Later("discovery", "discovery", lambda: _discovery(config, host, engine, scraping)))
    return engine


def _scraping(config: Config) -> Scraping:
    """What targets share. HTTP and the profiles are loaded where there is something to ask, or to look for."""
    from perf_tui.sources.scrape.targets import Scraping

    return Scraping(config, paths.user_profiles())


def _discovery(config: Config, host: Host, engine: Engine, scraping: Scraping | None) -> Source[Any]:
    from perf_tui.sources.discovery.listeners import Listeners
    from perf_tui.sources.discovery.probe import ports
    from perf_tui.sources.discovery.source import Discovery
    from perf_tui.sources.discovery.watch import EngineWatcher, taken

    scraping = scraping or _scraping(config)
    listeners = Listeners(host, ports(scraping.profiles))
    watcher = EngineWatcher(engine, scraping.source)
    return Discovery(listeners, scraping.profiles, scraping.fetcher, watcher, taken(config.targets))


def _check_names(config: Config, sources: Sequence[Source[Any]]) -> None:
    """Raises ConfigError where a target has the name of another source: both are listed together."""
    names = {OWN, "discovery", GpuJoin.name, InferenceWorkers.name, *STAGES, *(source.name for source in sources)}
    for number, target in enumerate(config.targets):
        if target.name in names:
            problem = f"{shown(target.name)} is the name of one of the program's own sources"
            raise ConfigError("configuration", f"targets[{number}].name", problem)


def find(config: Config, within: float) -> list[Finding]:
    """What listens on loopback, asked once; `within` seconds are for each answer.

    Raises ConfigError for a profile that is wrong, and OSError where nobody may see who listens.
    """
    from perf_tui.sources.discovery.listeners import Listeners
    from perf_tui.sources.discovery.look import look
    from perf_tui.sources.discovery.probe import ports
    from perf_tui.sources.discovery.watch import taken
    from perf_tui.sources.profiles.load import load_all

    profiles = load_all(paths.user_profiles())
    listeners = Listeners(Host(), ports(profiles)).read()
    return asyncio.run(look(listeners, profiles, taken(config.targets), within))
