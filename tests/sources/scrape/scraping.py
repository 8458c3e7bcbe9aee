"""Scrapes without HTTP: bodies that a model is given one after the other."""

from pathlib import Path

from perf_tui.engine.source import Derived
from perf_tui.measures.model import Value, series
from perf_tui.measures.services import Service
from perf_tui.sources.profiles.load import load_all
from perf_tui.sources.scrape.model import Model

CAPTURES = Path(__file__).parents[2] / "data" / "app"
PROFILES = load_all()
START = 1_700_000_000.0
"""Wall time at monotonic time 0."""


class Endpoint:
    """A model with what its newest scrape came to."""

    def __init__(self, window: float = 60.0, forced: str | None = None, path: str = "/metrics") -> None:
        self.model = Model("svc", PROFILES, window, source="svc", path=path, forced=forced)
        self.derived = Derived()

    def scrape(self, body: str, at: float, openmetrics: bool = False) -> "Endpoint":
        """The body is what the endpoint answers at `at`."""
        scrape = self.model.reader.read(body, openmetrics)
        if self.model.settle():
            scrape = self.model.reader.read(body, openmetrics)
        self.derived = self.model.derive(scrape, at, START + at)
        return self

    def value(self, measure: str, service: str = "svc", **labels: str) -> Value:
        """The value of a measure that must be there."""
        return dict(self.derived.samples)[series(measure, service=service, **labels)]

    def duration(self, stat: str, service: str = "svc") -> Value:
        """A latency."""
        return self.value("app.request.duration", service, stat=stat)

    @property
    def services(self) -> dict[str, Service]:
        """The rows by name."""
        rows = self.derived.tables.get("services", ())
        assert isinstance(rows, tuple)
        return {row.name: row for row in rows}


def begun(body: str, window: float = 60.0, path: str = "/metrics") -> Endpoint:
    """An endpoint that had counted nothing at 0 s and answers `body` at 10 s."""
    declared = "".join(line + "\n" for line in body.splitlines() if line.startswith("# TYPE"))
    return Endpoint(window, path=path).scrape(declared, 0.0).scrape(body, 10.0)
