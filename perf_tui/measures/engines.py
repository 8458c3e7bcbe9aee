"""Rows of the table `engines`: what is known of an inference server beyond its measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from perf_tui.measures.model import Value, absent

NOT_TOLD = absent("it does not tell it")


class Detail(NamedTuple):
    """A number of a row that is no measure: the words that head it, and its unit as in the catalogue."""

    title: str
    unit: str


DETAILS: dict[str, Detail] = {
    "phase.queue": Detail("waiting, mean", "s"),
    "phase.prefill": Detail("reading the prompt, mean", "s"),
    "phase.decode": Detail("writing the answer, mean", "s"),
    "latency.tpot": Detail("time per output token of a request, mean", "s"),
    "kv_cache.capacity": Detail("KV cache in tokens", "1"),
    "batch.tokens": Detail("tokens per step", "1"),
    "length.prompt": Detail("prompt tokens of a request, mean", "1"),
    "length.output": Detail("output tokens of a request, mean", "1"),
    "perplexity": Detail("perplexity of answers, mean", "1"),
    "lora.running": Detail("LoRA adapters in use", "1"),
    "memory.device": Detail("share of the model in GPU memory", "ratio"),
}
"""What a profile may tell of an engine besides measures; times are means over the window."""


class Slot(NamedTuple):
    """One place in the batch, of servers that show each by itself."""

    id: str
    state: str
    """`processing` or `idle`."""
    used: float | None
    """Tokens of its context that are taken: the prompt and what was generated; None where it is not told."""
    limit: float | None
    """Tokens that its context holds."""
    generated: float | None = None
    """Tokens generated for the request that it works on."""
    remaining: float | None = None
    """Tokens that this request may still get."""

    @property
    def share(self) -> float | None:
        """used / limit."""
        return self.used / self.limit if self.used is not None and self.limit else None


class Phases(NamedTuple):
    """Mean seconds of a request over the window, in the order in which it goes through them."""

    queue: Value = NOT_TOLD
    prefill: Value = NOT_TOLD
    decode: Value = NOT_TOLD


class Rank(NamedTuple):
    """One data-parallel rank, worker or replica of an engine."""

    name: str
    running: Value = NOT_TOLD
    waiting: Value = NOT_TOLD
    kv_cache: Value = NOT_TOLD
    word: str = ""
    """How it is, in a word of the vocabulary of inference servers; empty where that is not told."""


class Reason(NamedTuple):
    """How many requests ended for one reason in the window."""

    reason: str
    """The engine's own word; safe to show."""
    requests: float


class Engine(NamedTuple):
    """One model on one inference server. Its measures carry the labels `engine` and `model` of this row."""

    engine: str
    model: str
    source: str
    """The name of the source that gives it."""
    profile: str
    """What it was recognised as, in words."""
    slots: tuple[Slot, ...] = ()
    """By their number; empty where the server does not show them."""
    phases: Phases = Phases()
    ranks: tuple[Rank, ...] = ()
    """Empty where there is one alone, or none is told apart."""
    finish: tuple[Reason, ...] = ()
    """The most frequent first; empty where the reasons are not told or nothing ended in the window."""
    details: tuple[tuple[str, Value], ...] = ()
    """Those of DETAILS that it tells, besides the phases."""
    requests: float = 0.0
    """Requests that ended in the window, as far as `finish` tells."""
    notices: tuple[str, ...] = ()
    """Sentences that a reader of the numbers should know; safe to show."""
    kind: str = ""
    """What sort of server: vllm, llama.cpp…"""
    parts: str = "rank"
    """What `ranks` are: rank, worker, replica or deployment."""
    word: str = ""
    """As of Rank."""
    now: Mapping[str, Value] = {}
    """Its measures that are one number, by their ids."""
    address: str = ""
    """Host and port that it answers on; empty where that is not known."""
    heard: float = 0.0
    """Monotonic seconds of the reading that all this is from."""
    period: float = 0.0
    """Seconds between readings."""

    def detail(self, name: str) -> Value:
        """One of DETAILS."""
        return dict(self.details).get(name, NOT_TOLD)


def rows(tables: Mapping[str, object]) -> Sequence[Engine]:
    """The rows of a snapshot's tables."""
    return tables.get("engines", ())  # type: ignore[return-value]


def find(tables: Mapping[str, object], engine: str, model: str) -> Engine | None:
    """One of them."""
    return next((row for row in rows(tables) if (row.engine, row.model) == (engine, model)), None)
