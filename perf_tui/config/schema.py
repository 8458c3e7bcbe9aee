"""What config.toml may say. Every field's default is what the program does without a file."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

Screen = Literal["overview", "app", "system", "ai", "workers", "alerts"]
Mode = Literal["dashboard", "perf"]
Theme = Literal["dark", "night", "light", "terminal", "blue-orange"]

Seconds = Annotated[float, Meta(gt=0)]
Duration = Annotated[str, Meta(pattern=r"^\d+(\.\d+)?(ms|s|m|h|d|w)$", description="a number and ms, s, m, h, d or w")]
Size = Annotated[str, Meta(pattern=r"^\d+(\.\d+)?\s?([KMGT]i?)?B$", description="a number and B, KiB, MiB, GiB or TiB")]
Limit = Annotated[float, Meta(description="a number")] | Annotated[str, Meta(description="percent, duration or size")]
Name = Annotated[str, Meta(min_length=1, max_length=80)]
Url = Annotated[str, Meta(pattern=r"^https?://[^\s]+$", description="http:// or https://")]


class Section(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the file; unknown keys in it are errors."""


class Ui(Section):
    """The terminal interface."""

    screen: Screen = "overview"
    mode: Mode = "dashboard"
    theme: Theme = "dark"
    ascii: bool = False
    mouse: bool = True


class Discovery(Section):
    """Looking for what can be watched on this machine's loopback."""

    enabled: bool = True


class Target(Section):
    """An HTTP metrics endpoint: an application, an inference server or an exporter."""

    name: Name
    url: Url
    profile: str | None = None
    bearer_token_env: str | None = None


class AccessLog(Section):
    """A web server's access log."""

    name: Name
    path: Annotated[str, Meta(min_length=1)]
    format: str = "auto"


class WorkerMatch(Section):
    """Processes that are workers, by a regular expression on their command line."""

    name: Name
    match: Annotated[str, Meta(min_length=1)]


class Otlp(Section):
    """The receiver for pushed metrics and events."""

    listen: str = "127.0.0.1:4318"
    enabled: bool = False


class AlertRule(Section):
    """A threshold on a measure, with at least one level."""

    name: Name
    metric: str
    labels: dict[str, str] = {}
    info: Limit | None = None
    warning: Limit | None = None
    critical: Limit | None = None
    direction: Literal["above", "below"] = "above"
    hold: Duration = field(default="0s", name="for")
    hysteresis: Annotated[float, Meta(ge=0, le=0.5)] = 0.05
    message: str = ""


class HistoryStore(Section):
    """The recorded past."""

    path: str = "auto"
    keep: Duration = "7d"
    max_size: Size = "1GiB"


class Prometheus(Section):
    """Many machines: read from an engine that already has their metrics."""

    url: Url | None = None


DEFAULT_ALERTS = (
    AlertRule(
        name="cpu", metric="system.cpu.utilization", warning="80%", critical="95%", hold="6s",
        message="CPU utilization is high",
    ),
    AlertRule(name="memory", metric="system.memory.utilization", warning="85%", hold="6s", message="Memory is nearly full"),
    AlertRule(name="errors", metric="app.error.total", critical="10%", hold="6s", message="Many requests fail"),
)  # fmt: skip


class Config(Section):
    """The whole file."""

    schema_version: Literal[1] = 1
    interval: Annotated[float, Meta(ge=0.5, le=60)] = 2.0
    window: Annotated[float, Meta(ge=5, le=3600)] = 60.0
    ui: Ui = Ui()
    discovery: Discovery = Discovery()
    targets: tuple[Target, ...] = ()
    access_logs: tuple[AccessLog, ...] = ()
    workers: tuple[WorkerMatch, ...] = ()
    otlp: Otlp = Otlp()
    alerts: tuple[AlertRule, ...] = DEFAULT_ALERTS
    history: HistoryStore = HistoryStore()
    prometheus: Prometheus = Prometheus()
    keys: dict[str, str] = {}
