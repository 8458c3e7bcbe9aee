"""All sessions of agents that push, as workers, and what the AI layer learns of their calls."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress

from perf_tui.measures.workers import Sighting
from perf_tui.sources.otlp.agents import METRICS, Agent, agent_of, word_of
from perf_tui.sources.otlp.engines import Engines
from perf_tui.sources.otlp.model import Event, Labels, Metric, Point, Sender, number, text
from perf_tui.sources.otlp.series import KEEP, Full, Increase
from perf_tui.sources.otlp.session import Call, Session
from perf_tui.sources.otlp.spread import Spread


class Sessions:
    """At most `most`; the one not heard of for longest makes room for a new one."""

    def __init__(self, most: int, engines: Engines) -> None:
        """`engines` are told of calls that nothing else tells of."""
        self._most = most
        self._engines = engines
        self._sessions: dict[tuple[str, str], Session] = {}
        self._named: dict[tuple[str, int], str | None] = {}
        """The session of a sender, for what it sends without a name; None where it has several."""
        self.evicted = 0
        """Sessions that had to make room."""

    def __len__(self) -> int:
        return len(self._sessions)

    def point(self, metric: Metric, point: Point, increase: Increase, at: float, wall: float) -> None:
        """Take in a point of a metric, if it is an agent's."""
        agent = agent_of(metric.sender.text("service.name"), metric.name)
        if agent is None:
            return
        # The prefix of opencode can be set to that of Claude Code.
        name = agent.prefix + metric.name.partition(".")[2] if metric.name in METRICS else metric.name
        what = "cost" if name == agent.cost_metric else ""
        if name == agent.token_metric:
            what = agent.token_types.get(text(point.labels, agent.type_name), "")
        session = self._session(agent, metric.sender, point.labels, at, wall)
        if session is not None and what:
            amount = increase.amount.sum if isinstance(increase.amount, Spread) else increase.amount
            model = text(point.labels, "model") or text(point.labels, "gen_ai.request.model")
            session.count(what, max(0.0, amount), model, wall)

    def event(self, event: Event, at: float, wall: float) -> None:
        """Take in an event, if it is an agent's."""
        agent = agent_of(event.sender.text("service.name"), event.name, event.library)
        if agent is None:
            return
        session = self._session(agent, event.sender, event.labels, at, wall)
        if session is None:
            return
        call = session.event(event, word_of(agent, event.name), wall)
        # What is told long after, as Codex does at its end, is no traffic of now.
        late = event.time > 0 and wall - event.time > self._engines.window
        if call is not None and agent.feeds and session.model and not late:
            self._feed(session, event, call, at)

    def _feed(self, session: Session, event: Event, call: Call, at: float) -> None:
        agent = session.agent
        seconds, first = number(event.labels, "duration_ms"), number(event.labels, "ttft_ms")
        if call.failed or "sse_event" in agent.calls:
            seconds = None  # of a call that failed, or of the last piece of an answer
        with suppress(Full):
            self._engines.feed(
                agent.title, session.model, agent.title, (call.prompt, call.cached, call.output), at,
                seconds=None if seconds is None else seconds / 1000,
                ttft=None if first is None else first / 1000,
                failed=call.failed,
            )  # fmt: skip

    def _session(self, agent: Agent, sender: Sender, labels: Labels, at: float, wall: float) -> Session | None:
        """The session that something is of; None where it may be of any of several."""
        nameless, told = (agent.kind, f"#{sender.identity}"), (agent.kind, sender.identity)
        id = next((found for name in agent.session if (found := text(labels, name) or sender.text(name))), "")
        if id:
            self._named[told] = id if self._named.get(told, id) == id else None
        else:
            known = self._named.get(told, "")
            if known is None:
                return None
            id = known
        key = (agent.kind, id) if id else nameless
        session = self._sessions.pop(key, None)
        if session is None and id:
            # What its sender told before it named a session was of this one.
            session = self._sessions.pop(nameless, None)
            if session is not None:
                session.id = id
        if session is None:
            if len(self._sessions) >= self._most:
                del self._sessions[next(iter(self._sessions))]
                self.evicted += 1
            session = Session(agent, id)
        self._sessions[key] = session  # the one not heard of for longest stands first
        session.push(sender, at)
        return session

    def pids(self, hosts: Collection[str]) -> list[int]:
        """The processes of this machine, whose names are `hosts`, that have sessions."""
        return [pid for session in self._sessions.values() if (pid := session.pid(hosts)) is not None]

    def end(self, pids: Collection[int], hosts: Collection[str]) -> None:
        """These processes are there no more."""
        for session in self._sessions.values() if pids else ():
            if session.pid(hosts) in pids:
                session.end()

    def derive(self, source: str, at: float, wall: float) -> tuple[Sighting, ...]:
        """What is to be said of each at this moment."""
        over = [key for key, session in self._sessions.items() if at - session.heard > KEEP]
        for key in over:
            del self._sessions[key]
        if over or len(self._named) > 2 * self._most:
            present = {id for _, id in self._sessions}
            self._named = {sender: id for sender, id in self._named.items() if id in present}
        return tuple(session.sighting(source, wall) for session in self._sessions.values())
