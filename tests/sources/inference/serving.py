"""Endpoints of inference servers without HTTP: bodies that a model is given one after the other."""

from pathlib import Path

from perf_tui.engine.source import Derived
from perf_tui.measures.engines import Engine
from perf_tui.measures.model import Value, series
from perf_tui.sources.inference.told import Told
from perf_tui.sources.profiles.load import load_all
from perf_tui.sources.scrape.model import Model

CAPTURES = Path(__file__).parents[2] / "data" / "ai"
PROFILES = load_all()
START = 1_700_000_000.0
"""Wall time at monotonic time 0."""


class Server:
    """A model with what its newest scrape came to."""

    def __init__(self, window: float = 60.0, beside: Told | None = None) -> None:
        self.model = Model("llm", PROFILES, window, source="llm")
        self.model.beside = beside or Told()
        self.derived = Derived()

    def scrape(self, body: str, at: float, beside: Told | None = None) -> "Server":
        """The body is what the server answers at `at`, `beside` what its JSON endpoints tell then."""
        if beside is not None:
            self.model.beside = beside
        text = self.model.beside.text + body
        scrape = self.model.reader.read(text)
        if self.model.settle():
            scrape = self.model.reader.read(text)
        derived = self.model.derive(scrape, at, START + at)
        self.derived = Derived(list(derived.samples), derived.tables)
        return self

    @property
    def profile(self) -> str:
        """The name of the profile of its AI layer, or of its GPUs."""
        return next(fit.profile.name for fit in self.model.chosen if fit.profile.layer in ("ai", "gpu"))

    def value(self, measure: str, model: str = "", **labels: str) -> Value:
        """The value of a measure that must be there."""
        return dict(self.derived.samples)[series(measure, engine="llm", model=model, **labels)]

    def gpu(self, measure: str, gpu: str, name: str) -> Value:
        """The value of a GPU's measure."""
        return dict(self.derived.samples)[series(measure, gpu=f"llm/{gpu}", name=name)]

    def ids(self, measure: str) -> list[dict[str, str]]:
        """The labels of all series of a measure."""
        return [dict(key.labels) for key, _ in self.derived.samples if key.id == measure]

    @property
    def engines(self) -> dict[str, Engine]:
        """The rows by model."""
        rows = self.derived.tables.get("engines", ())
        assert isinstance(rows, tuple)
        return {row.model: row for row in rows}


def begun(body: str, beside: Told | None = None, window: float = 60.0) -> Server:
    """A server that had counted nothing at 0 s and answers `body` at 10 s."""
    declared = "".join(line + "\n" for line in body.splitlines() if line.startswith("# TYPE"))
    return Server(window, beside).scrape(declared, 0.0).scrape(body, 10.0)


def captured(name: str) -> str:
    """A captured body."""
    return (CAPTURES / name).read_text()
