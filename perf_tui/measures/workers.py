"""Rows of the table `workers`, what sources say of a worker, and the one vocabulary of states.

A *sighting* is what one source says of one worker. Sightings of the same worker become one row; the
states of all systems are mapped to those of `State`, and the system's own word stands beside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from perf_tui.measures.catalogue import WORKERS_CRITICAL, WORKERS_WARNING

SIGHTINGS, WORKERS, SUMMARY, CLOSEUP = "worker_sightings", "workers", "workers_summary", "worker_closeup"
"""Names of tables: tuples of Sighting and of Worker, one Summary, one Closeup."""
OWNERS = "port_owners"
"""The name of a table: port on loopback → pid of who listens there."""
HERE = "localhost"
"""The host of a worker that is a process of this machine."""


class State(StrEnum):
    """What a worker does, the worst first."""

    ERROR = "error"
    """Dead, failing or restarting."""
    STALE = "stale"
    """Not heard of for two intervals."""
    UNKNOWN = "unknown"
    """Its system uses a word that is not in the vocabulary, or none."""
    WAITING = "waiting"
    """Alive, idle or queued."""
    ACTIVE = "active"
    """Alive and accepting."""
    PROCESSING = "processing"
    """Has a task."""


ALIVE = frozenset((State.WAITING, State.ACTIVE, State.PROCESSING))


def _table(**words: str) -> dict[str, State]:
    return {word: State(state) for state, listed in words.items() for word in listed.split()}


VOCABULARY: Mapping[str, Mapping[str, State]] = {
    # gone and zombie: it has ended. busy and idle: of an agent, by the CPU time that it takes.
    "process": _table(active="running sleeping disk-sleep busy", waiting="idle stopped traced", error="gone zombie"),
    # lost: so many heartbeats are missing that it will not come back.
    "celery": _table(waiting="online", error="offline lost"),
    # death: it said goodbye. absent: Redis does not know it any more.
    "rq": _table(processing="busy", waiting="idle started suspended", error="death absent"),
    # healthy: its health check is there. absent: it has run out.
    "arq": _table(waiting="healthy", error="absent"),
    # A program that is STOPPED, or EXITED as it should, is no worker.
    "supervisord": _table(active="RUNNING", waiting="STARTING STOPPING", error="BACKOFF FATAL EXITED"),
    # done: a unit that runs once and has run.
    "systemd": _table(
        active="active",
        waiting="activating deactivating reloading refreshing maintenance done",
        error="failed inactive",
    ),
    # gunicorn has no words: by the age of the worker's heartbeat.
    "gunicorn": _table(active="alive", stale="silent"),
    # Agents that push OTLP: their events, of sse_event the kind. reporting and idle: by what they push at all; failed:
    # a call of a model with an error; rejected: a tool that its person refused; ended: its process is there no more.
    "claude": _table(
        processing="user_prompt tool_decision tool_result subagent_completed compaction",
        active="api_request assistant_response reporting",
        waiting="idle rejected",
        stale="ended",
        error="api_error api_retries_exhausted api_refusal internal_error failed",
    ),
    "codex": _table(
        processing="user_prompt api_request sse_event turn_ttft tool_decision tool_result",
        active="conversation_starts response.completed reporting",
        waiting="idle rejected",
        stale="ended",
        error="response.failed api_error failed",
    ),
    "gemini": _table(
        processing="user_prompt api_request tool_call agent.start chat_compression",
        active="config api_response agent.finish reporting",
        waiting="idle rejected conversation_finished",
        stale="ended",
        error="api_error failed",
    ),
    "opencode": _table(
        processing="user_prompt tool_decision tool_result",
        active="session.created api_request reporting",
        waiting="session.idle idle rejected",
        stale="ended",
        error="session.error api_error failed",
    ),
    "copilot": _table(
        processing="tool.call agent.turn",
        active="session.start inference reporting",
        waiting="idle",
        stale="ended",
        error="failed",
    ),
    # Inference servers, their ranks, replicas and slots. queued: requests wait and none runs. degraded and outage: of
    # a deployment behind a proxy.
    "inference": _table(
        processing="busy",
        active="ready",
        waiting="idle queued asleep loading",
        stale="ended",
        error="unhealthy degraded outage",
    ),
    "heartbeat": _table(
        processing="processing busy working",
        active="active running online ready up ok healthy alive started",
        waiting="waiting idle queued paused suspended blocked sleeping starting stopping draining",
        error="error failed failing dead crashed fatal restarting backoff offline down unhealthy aborted",
        stale="stale expired",
    ),
}
"""System → its own word, or one for what its system tells without a word → state. A word that is not here: unknown."""


def state_of(system: str, word: str, has_task: bool = False) -> State:
    """The state for a system's own word. A worker that is alive and has a task is processing."""
    known = VOCABULARY[system]
    state = known.get(word) or known.get(word.lower(), State.UNKNOWN)
    return State.PROCESSING if has_task and state in ALIVE else state


class Event(NamedTuple):
    """Something that happened to a worker."""

    time: float
    """Seconds since the epoch."""
    words: str
    """Safe to show."""
    error: bool = False


class Work(NamedTuple):
    """What a worker has done and does. None and empty is what its source does not tell."""

    task: str = ""
    """The name of the current task; without its arguments, which may be personal."""
    since: float | None = None
    """When that began, in seconds since the epoch."""
    running: int | None = None
    """How many tasks it has at the moment."""
    done: float | None = None
    failed: float | None = None
    retried: float | None = None
    p50: float | None = None
    """Seconds that its recent tasks took, those of the current one's name where they are known."""
    p95: float | None = None


class Body(NamedTuple):
    """A worker as a process, with the processes below it that belong to it. None and empty is not known."""

    parent: int | None = None
    command: str = ""
    user: str = ""
    cpu: float | None = None
    """CPU time of the last interval, of one core."""
    memory: float | None = None
    """Resident bytes; memory that processes share is counted for each."""
    gpu_memory: float | None = None
    """Bytes."""
    threads: int | None = None
    read: float | None = None
    """Bytes from storage per second."""
    write: float | None = None
    uptime: float | None = None
    """Seconds."""
    restarts: int | None = None
    files: int | None = None
    """Open file descriptors."""


class Usage(NamedTuple):
    """What a worker that speaks with models uses. None and empty is what its source does not tell."""

    model: str = ""
    input: float | None = None
    """Tokens that it has sent so far, with those that a cache answered."""
    output: float | None = None
    """Tokens that models have written for it so far."""
    cached: float | None = None
    """Tokens that were read from a cache so far."""
    cost: float | None = None
    """US dollars so far."""
    rate: float | None = None
    """Tokens written per second over the window; where a source tells only `output`, the board takes it from that."""
    context: float | None = None
    """Used share of the context window, 0..1."""
    context_limit: float | None = None
    """Its size in tokens."""


class Sighting(NamedTuple):
    """What one source says of one worker. All text in it is safe to show."""

    system: str
    """Whose words it uses: a key of VOCABULARY."""
    source: str
    """The name of the source that gives it."""
    name: str
    """What its system calls it."""
    kind: str
    """What sort of worker: celery, gunicorn, claude…"""
    word: str
    """The system's own word for its state."""
    state: State
    heard: float
    """Monotonic seconds of the newest sign of life."""
    period: float = 0.0
    """Seconds between signs of life, where they are rarer than ticks."""
    group: str = ""
    """The group of the configuration that it belongs to."""
    host: str = ""
    """As its system calls it. Empty: that is not known, and it may be this machine."""
    pid: int | None = None
    work: Work | None = None
    body: Body | None = None
    events: tuple[Event, ...] = ()
    """The newest last."""
    log: str = ""
    """The path of its log."""
    facts: tuple[tuple[str, str], ...] = ()
    """What else a reader may want to know, by name."""
    ended: float | None = None
    """Monotonic seconds at which it was known to have ended, whatever other sources still believe."""
    left: bool = False
    """It ended and another has taken its place: it is no longer a worker at all."""
    usage: Usage | None = None


class Worker(NamedTuple):
    """One worker at one moment, as all sources together know it."""

    id: str
    """Unique among the workers; the label `worker` of its measures."""
    kind: str
    state: State
    word: str
    """Its system's own word for the state."""
    group: str
    host: str
    """HERE for this machine; empty where it is not known."""
    pid: int | None
    sources: tuple[str, ...]
    """The names of the sources that know it, the one that knows it best first."""
    work: Work
    body: Body
    task_age: float | None
    """Seconds since the current task began."""
    rate: float | None
    """Tasks finished per second over the window; None before there are two readings."""
    silent: float
    """Seconds since anything was heard of it."""
    lasting: float
    """Seconds for which it has been in this state, as far as was seen."""
    events: tuple[Event, ...]
    """The newest last."""
    log: str
    facts: tuple[tuple[str, str], ...]
    usage: Usage = Usage()

    @property
    def error(self) -> str:
        """The newest error of its events, or an empty string."""
        return next((event.words for event in reversed(self.events) if event.error), "")


class Closeup(NamedTuple):
    """What is read of the one worker that somebody looks at, beyond what is read of all."""

    worker: str
    """Its id; empty while nobody looks."""
    files: int | None = None
    """Open file descriptors of its process."""
    log: str = ""
    """The path that `lines` are from."""
    lines: tuple[str, ...] = ()
    """The end of its log, the newest last; safe to show."""
    reason: str = ""
    """Why there are no lines, or no more; empty where all is well."""


class Group(NamedTuple):
    """The workers of one group of the configuration."""

    name: str
    alive: int
    total: int
    expected: int | None

    @property
    def level(self) -> str:
        """`critical`, `warning` or `ok`."""
        return level(self.alive, self.expected)


class Summary(NamedTuple):
    """How all workers are."""

    counts: Mapping[State, int]
    """Every state, also those that no worker is in."""
    groups: tuple[Group, ...]
    unmeasured: int
    """How many have no measures of their own because there are too many; their rows are complete."""

    @property
    def expected(self) -> int | None:
        """How many workers there should be, of the groups that say so; None where none does."""
        known = [group.expected for group in self.groups if group.expected is not None]
        return sum(known) if known else None

    @property
    def alive(self) -> int:
        """How many of the workers that are expected are alive, or of all where none are expected."""
        if self.expected is None:
            return sum(self.counts[state] for state in ALIVE)
        return sum(group.alive for group in self.groups if group.expected is not None)

    @property
    def level(self) -> str:
        """`critical`, `warning` or `ok`: the worst of the groups."""
        levels = {group.level for group in self.groups}
        return next((each for each in ("critical", "warning") if each in levels), "ok")


def level(alive: int, expected: int | None) -> str:
    """`critical`, `warning` or `ok` for so many workers that are alive of so many that should be."""
    if not expected:
        return "ok"
    share = alive / expected
    if share < WORKERS_CRITICAL:
        return "critical"
    return "warning" if share < WORKERS_WARNING else "ok"


def sightings(tables: Mapping[str, object]) -> tuple[Sighting, ...]:
    """What sources said of workers, in the tables of a tick."""
    return tables.get(SIGHTINGS, ())  # type: ignore[return-value]


def rows(tables: Mapping[str, object]) -> tuple[Worker, ...]:
    """The workers in a snapshot's tables."""
    return tables.get(WORKERS, ())  # type: ignore[return-value]


def summary(tables: Mapping[str, object]) -> Summary | None:
    """How all workers are, in a snapshot's tables; None where nothing looks for workers."""
    return tables.get(SUMMARY)  # type: ignore[return-value]


def closeup(tables: Mapping[str, object]) -> Closeup:
    """What is read of the worker that somebody looks at, in a snapshot's tables."""
    return tables.get(CLOSEUP) or Closeup("")  # type: ignore[return-value]


def counted(states: Iterable[State]) -> dict[State, int]:
    """How often each state occurs; every state has a number."""
    counts = dict.fromkeys(State, 0)
    for state in states:
        counts[state] += 1
    return counts
