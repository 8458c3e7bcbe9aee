"""What config.toml may say. Every field's default is what the program does without a file."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

Screen = Literal["overview", "app", "system", "ai", "workers", "alerts"]
Mode = Literal["dashboard", "perf"]
Theme = Literal["dark", "night", "light", "terminal", "blue-orange"]
LogFormat = Literal[
    "auto", "nginx", "apache", "caddy", "traefik", "haproxy", "gunicorn", "uvicorn", "granian",
    "combined", "combined-s", "combined-ms", "combined-us",
]  # fmt: skip
WorkerUnit = Literal["top", "leaves", "each"]
Queue = Literal["celery", "rq", "arq"]

# The descriptions end the sentence "allowed: …" of an error, and stand in the JSON schema.
Duration = Annotated[
    str,
    Meta(pattern=r"^\d+(\.\d+)?(ms|s|m|h|d|w)$", description='a duration in ms, s, m, h, d or w, as in "6s"'),
]
Size = Annotated[
    str,
    Meta(
        pattern=r"^\d+(\.\d+)?\s?([KMGT]i?)?B$",
        description='a size in B, KiB, MiB, GiB or TiB, as in "512MiB"',
    ),
]
Limit = (
    Annotated[float, Meta(description="a number")]
    | Annotated[str, Meta(description='text such as "80%", "250ms" or "2GiB"')]
)
Share = Annotated[str, Meta(pattern=r"^\d{1,2}(\.\d+)?\s?%$", description='a share below 100%, as in "99.5%"')]
Name = Annotated[str, Meta(min_length=1, max_length=80)]
Text = Annotated[str, Meta(min_length=1)]
Url = Annotated[
    str,
    Meta(pattern=r"^https?://[^\s/]+", description="an http:// or https:// address with a host"),
]
Variable = Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", description="the name of an environment variable")]
RedisUrl = Annotated[
    str,
    Meta(pattern=r"^(rediss?://[^\s/]+|unix:///)", description="a redis://, rediss:// or unix:// address"),
]
Listen = Annotated[str, Meta(pattern=r"^\S+:\d{1,5}$", description='an address and a port, as in "127.0.0.1:4318"')]


class Section(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the file; unknown keys in it are errors."""


class Ui(Section, frozen=True):
    """The terminal interface."""

    screen: Screen = "overview"
    mode: Mode = "dashboard"
    theme: Theme = "dark"
    ascii: bool = False
    mouse: bool = True


class Discovery(Section, frozen=True):
    """Looking for what can be watched on this machine's loopback."""

    enabled: bool = True


class Target(Section, frozen=True):
    """An HTTP metrics endpoint: an application, an inference server or an exporter."""

    name: Name
    url: Url
    profile: str | None = None
    interval: Annotated[float, Meta(ge=0.5, le=3600)] | None = None
    timeout: Annotated[float, Meta(ge=0.1, le=60)] = 5.0
    max_body: Size = "32MiB"
    bearer_token_env: Variable | None = None
    bearer_token_file: Text | None = None
    username: Text | None = None
    password_env: Variable | None = None
    password_file: Text | None = None
    ca_file: Text | None = None
    verify: bool = True
    max_batch: Annotated[int, Meta(ge=1)] | None = None


class AccessLog(Section, frozen=True):
    """A web server's access log."""

    name: Name
    path: Text
    format: LogFormat = "auto"


class QualityStream(Section, frozen=True):
    """Scores of evaluations, as JSON lines in a file."""

    name: Name
    path: Text
    engine: Name | None = None
    baseline: Text | None = None
    first: Annotated[int, Meta(ge=30, le=10_000)] = 200
    window: Annotated[int, Meta(ge=30, le=10_000)] = 200
    low: float | None = None
    high: float | None = None


class WorkerGroup(Section, frozen=True):
    """Workers of one sort, from one place: `match`, `heartbeat`, `queue`, `supervisord`, `gunicorn` or `systemd`."""

    name: Name
    expected: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    match: Text | None = None
    unit: WorkerUnit | None = None
    log: Text | None = None
    heartbeat: Text | None = None
    queue: Queue | None = None
    url: RedisUrl | None = None
    url_env: Variable | None = None
    username: Text | None = None
    password_env: Variable | None = None
    password_file: Text | None = None
    supervisord: Text | None = None
    gunicorn: Text | None = None
    systemd: tuple[Text, ...] = ()


class Board(Section, frozen=True):
    """What holds for all workers."""

    recognise: bool = True
    forget: Duration = "10m"


class Otlp(Section, frozen=True):
    """The receiver for pushed metrics and events."""

    listen: Listen = "127.0.0.1:4318"
    enabled: bool = False
    grpc: Listen | None = None
    token_env: Variable | None = None
    max_body: Size = "4MiB"
    max_requests: Annotated[float, Meta(ge=1, le=100_000)] = 100.0
    max_series: Annotated[int, Meta(ge=100, le=1_000_000)] = 10_000
    max_sessions: Annotated[int, Meta(ge=1, le=100_000)] = 1000
    keep_personal: bool = False


class Statsd(Section, frozen=True):
    """The receiver for what gunicorn sends with --statsd-host."""

    listen: Listen = "127.0.0.1:8125"
    enabled: bool = False


class AlertRule(Section, frozen=True):
    """A condition on a measure, with at least one level."""

    name: Name
    metric: str
    enabled: bool = True
    kind: Literal["threshold", "no_data", "rate", "baseline", "burn_rate"] = "threshold"
    labels: dict[str, str] = {}
    aggregate: Literal["each", "max", "min", "sum", "avg", "count", "any"] = "each"
    by: tuple[Text, ...] = ()
    window: Duration | None = None
    over: Literal["avg", "max", "min", "sum"] = "avg"
    baseline: Duration | None = None
    objective: Share | None = None
    bound: Limit | None = None
    period: Duration | None = None
    info: Limit | None = None
    warning: Limit | None = None
    critical: Limit | None = None
    direction: Literal["above", "below"] = "above"
    clear: dict[str, Limit] = {}
    hold: Duration = field(default="0s", name="for")
    keep_firing_for: Duration | None = None
    hysteresis: Annotated[float, Meta(ge=0, le=0.5)] = 0.05
    message: str = ""


class AlertHandler(Section, frozen=True):
    """Where alerts go beside the screen."""

    name: Name
    kind: Literal["file", "syslog", "command", "webhook", "alertmanager", "email", "heartbeat", "apprise"]
    level: Literal["info", "warning", "critical"] = "info"
    path: Text | None = None
    command: tuple[Text, ...] = ()
    url: Url | None = None
    url_env: Variable | None = None
    url_file: Text | None = None
    every: Duration | None = None
    server: Text | None = None
    sender: Text | None = field(default=None, name="from")
    to: tuple[Text, ...] = ()
    bearer_token_env: Variable | None = None
    bearer_token_file: Text | None = None
    username: Text | None = None
    password_env: Variable | None = None
    password_file: Text | None = None
    timeout: Annotated[float, Meta(ge=0.1, le=60)] = 10.0


class Alerting(Section, frozen=True):
    """What holds for all alerts."""

    remember: bool = True
    toast: bool = True
    bell: bool = False


class HistoryStore(Section, frozen=True):
    """The recorded past."""

    path: Text = "auto"
    keep: Duration = "7d"
    max_size: Size = "1GiB"


class Prometheus(Section, frozen=True):
    """Many machines: read from an engine that already has their metrics."""

    url: Url | None = None


DEFAULT_ALERTS = (
    AlertRule(
        name="cpu", metric="system.cpu.utilization", warning="80%", critical="95%", hold="6s",
        message="CPU utilization is high",
    ),
    AlertRule(
        name="memory", metric="system.memory.utilization", warning="85%", hold="6s",
        message="Memory is nearly full",
    ),
    AlertRule(
        name="errors", metric="app.error.total", critical="10%", hold="6s", message="Many requests fail",
    ),
)  # fmt: skip


class Config(Section, frozen=True):
    """The whole file."""

    schema_version: Literal[1] = 1
    interval: Annotated[float, Meta(ge=0.5, le=60)] = 2.0
    window: Annotated[float, Meta(ge=5, le=3600)] = 60.0
    ui: Ui = Ui()
    discovery: Discovery = Discovery()
    targets: tuple[Target, ...] = ()
    access_logs: tuple[AccessLog, ...] = ()
    quality: tuple[QualityStream, ...] = ()
    workers: tuple[WorkerGroup, ...] = ()
    board: Board = Board()
    otlp: Otlp = Otlp()
    statsd: Statsd = Statsd()
    alerts: tuple[AlertRule, ...] = DEFAULT_ALERTS
    alerting: Alerting = Alerting()
    handlers: tuple[AlertHandler, ...] = ()
    history: HistoryStore = HistoryStore()
    prometheus: Prometheus = Prometheus()
    keys: dict[str, Text] = {}
