"""Puts the engine together from a configuration: the one place that names the sources."""

from __future__ import annotations

from typing import Any

from perf_tui.config import paths
from perf_tui.config.schema import Config
from perf_tui.engine.alerts.engine import AlertEngine
from perf_tui.engine.alerts.rules import rules
from perf_tui.engine.engine import Engine
from perf_tui.engine.source import Source
from perf_tui.measures.services import traces
from perf_tui.sources.accesslog.source import AccessLogSource
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
    return [AccessLogSource(log.name, log.path, log.format, config.window) for log in config.access_logs]


def targets(config: Config) -> list[Source[Any]]:
    """The metrics endpoints that the configuration names. Raises ConfigError."""
    if not config.targets:
        return []
    # HTTP and the profiles are loaded where there is something to ask.
    from perf_tui.sources.scrape.targets import scrape_sources

    return scrape_sources(config, paths.user_profiles())


def build_engine(config: Config) -> Engine:
    """An engine that is ready to start. Raises ConfigError where the configuration cannot be followed."""
    sources = [*system_sources(Host()), *access_logs(config), *targets(config)]
    return Engine(sources, AlertEngine(rules(config)), config.interval, traces=traces)
