"""One session of an agent: its state by its events, and what it has used, by its events and its metrics."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from perf_tui.measures.workers import HERE, VOCABULARY, Sighting, State, Usage, Work, state_of
from perf_tui.sources.otlp.agents import Agent, Tokens, window_of
from perf_tui.sources.otlp.model import Event, Labels, Sender, number, text, truth
from perf_tui.sources.workers.recent import Recent
from perf_tui.text import cut

QUIET = 15.0
"""Seconds without an event after which an answer was the last of its turn."""
LONGEST = 600.0
"""Seconds without an event after which nothing is under way any more."""
PERIOD = 150.0
"""Seconds that a session is taken to be silent for: it tells nothing while its person thinks."""
IDLE, REPORTING, FAILED, REJECTED, ENDED = "idle", "reporting", "failed", "rejected", "ended"
"""Words for what agents tell without one."""
_LONGEST_NAME = 60
_FACTS = ("user.email", "user.id", "user.account_uuid", "organization.id")
"""Names of people: kept where the configuration says so."""


class Call(NamedTuple):
    """One call of a model that has ended."""

    prompt: float = 0.0
    """Tokens, with those from a cache."""
    cached: float = 0.0
    output: float = 0.0
    failed: bool = False


class Session:
    """What is known of one session or conversation."""

    def __init__(self, agent: Agent, id: str) -> None:
        self.agent, self.id = agent, id
        self.heard = 0.0
        """Monotonic seconds of the newest push."""
        self._pid: int | None = None
        self._host = ""
        self._version = ""
        self._word = ""
        self._moment = 0.0
        """When the newest event that tells a state was, in seconds since the epoch."""
        self._task = ""
        self._tool = ""
        self._moved = 0.0
        """When its tokens last rose."""
        self._model = ""
        self._window: float | None = None
        self._context: float | None = None
        self._recent = Recent()
        self._done = self._failed = 0.0
        self._ended = False
        self._told = False
        """Whether there was ever an event."""
        self._by_events: dict[str, float] = {}
        self._by_metrics: dict[str, float] = {}
        self._people: dict[str, str] = {}

    # -- what comes

    def push(self, sender: Sender, at: float) -> None:
        """Something of this session came, from this sender."""
        self.heard = at
        self._ended = False
        peer = sender.peer
        if peer is not None and self.agent.kind not in peer.command:  # something that passes on what others send
            peer = None
        self._host = HERE if peer is not None else sender.text("host.name") or self._host
        if self.agent.versioned:
            self._version = sender.text("service.version") or self._version
        told = number(sender.labels, "process.pid")
        if peer is not None:
            self._pid = peer.pid
        elif told is not None and 0 < told < 2**31:
            self._pid = int(told)
        self._recognise(sender.labels)

    def _recognise(self, labels: Labels) -> None:
        self._people.update({name: text(labels, name) for name in _FACTS if name in labels})

    def count(self, what: str, amount: float, model: str, wall: float) -> None:
        """A metric tells that so many more tokens of a sort, or US dollars, were used."""
        self._by_metrics[what] = self._by_metrics.get(what, 0.0) + amount
        if amount > 0:
            self._moved = wall
        if model:
            self._know(model)

    def event(self, event: Event, word: str, wall: float) -> Call | None:
        """Take in an event; returns the call of a model that it tells the end of."""
        self._told = True
        when = min(event.time, wall) if event.time > 0 else wall
        labels = event.labels
        self._recognise(labels)
        if model := text(labels, "model") or text(labels, "gen_ai.request.model"):
            self._know(model)
        state = self._state(event, word)
        call: Call | None = None
        tokens = self.agent.calls.get(word)
        if state == FAILED or VOCABULARY[self.agent.kind].get(state) is State.ERROR:
            self._failed += 1
            self._recent.tell(when, _trouble(event, word), True)
            call = Call(failed=True)
        # Codex tells each piece of an answer, and the tokens with the last.
        elif tokens is not None and any(number(labels, name) is not None for name in (tokens.input, tokens.output)):
            call = self._finish(event, tokens, when)
        if word == self.agent.tool_done:
            self._finish_tool(event, when)
        elif word == "user_prompt":
            length = number(labels, "prompt_length")
            self._recent.tell(when, "prompt" + (f" of {length:.0f} characters" if length is not None else ""))
        if state and when >= self._moment:
            self._word, self._moment = state, when
            self._task = _tool(event) if word == "tool_decision" and state != REJECTED else ""
            self._tool = self._task or self._tool
        return call

    def _state(self, event: Event, word: str) -> str:
        """The word of the vocabulary that an event means; empty where it tells no state."""
        status = number(event.labels, "http.response.status_code") or number(event.labels, "status_code") or 0.0
        known = VOCABULARY[self.agent.kind]
        if word == "sse_event":
            word = text(event.labels, "event.kind") or word
            word = word if word in known else "sse_event"
        if word == "tool_decision" and "reject" in text(event.labels, "decision") + text(event.labels, "status"):
            return REJECTED
        calls = word in self.agent.calls or word == "api_request"
        if calls and (status >= 400 or text(event.labels, "error.type") or truth(event.labels, "success") is False):
            return FAILED
        return word if word in known else ""

    def _finish(self, event: Event, call: Tokens, when: float) -> Call:
        told = {what: number(event.labels, name) or 0.0 for what, name in call._asdict().items() if name}
        cost = number(event.labels, "cost_usd")
        if cost is not None:
            told["cost"] = cost
        for what, amount in told.items():
            self._by_events[what] = self._by_events.get(what, 0.0) + amount
        self._done += 1
        self._moved = when
        prompt, output = self._prompt(told), told["output"] + told.get("thought", 0.0)
        self._context = prompt
        seconds = number(event.labels, "duration_ms") if "sse_event" not in self.agent.calls else None
        if seconds is not None:
            self._recent.finished("call", seconds / 1000)
        self._recent.tell(when, f"{self._model or 'model'}: {prompt:.0f} tokens in, {output:.0f} out")
        return Call(prompt, told.get("cached", 0.0), output)

    def _finish_tool(self, event: Event, when: float) -> None:
        self._tool = _tool(event) or self._tool
        seconds = number(event.labels, "duration_ms")
        if seconds is not None:
            self._recent.finished(self._tool, seconds / 1000)
        failed = truth(event.labels, "success") is False or bool(text(event.labels, "error.type"))
        self._recent.tell(when, f"{self._tool or 'tool'} {'failed' if failed else 'done'}", failed)

    def _know(self, model: str) -> None:
        """Events name the model without the mark of its long window; the mark of a metric stays with it."""
        short = cut(model.removesuffix("[1m]"), _LONGEST_NAME)
        size = window_of(model)
        if short != self._model or (size or 0.0) > (self._window or 0.0):
            self._model, self._window = short, size

    def _prompt(self, told: dict[str, float]) -> float:
        """Prompt tokens with those that a cache answered."""
        prompt = told.get("input", 0.0)
        if self.agent.apart:
            prompt += told.get("cached", 0.0) + told.get("created", 0.0)
        return prompt

    # -- what it amounts to

    @property
    def model(self) -> str:
        """The model that it last used."""
        return self._model

    def usage(self) -> Usage:
        """What it has used so far. Events and metrics tell the same: what came by both is what more came by."""

        def most(what: str) -> float | None:
            told = [each[what] for each in (self._by_events, self._by_metrics) if what in each]
            return max(told) if told else None

        sorts = ("input", "output", "cached", "created", "thought")
        known = {what: value for what in sorts if (value := most(what)) is not None}
        if "thought" in known:
            known["output"] = known.get("output", 0.0) + known["thought"]
        context = self._context / self._window if self._context is not None and self._window else None
        return Usage(
            model=self._model,
            input=self._prompt(known) if "input" in known else None,
            output=known.get("output"),
            cached=known.get("cached"),
            cost=most("cost"),
            context=min(1.0, context) if context is not None else None,
            context_limit=self._window,
        )

    def pid(self, hosts: Collection[str]) -> int | None:
        """Its process, where that is one of this machine, whose names are `hosts`."""
        return self._pid if self._host == HERE or self._host in hosts else None

    def end(self) -> None:
        """Its process is there no more. What it has used is shown for a while."""
        self._ended = True
        self._pid = None

    def word(self, wall: float) -> str:
        """The word for its state at this moment."""
        if self._ended:
            return ENDED
        if not self._word:
            return REPORTING if wall - self._moved <= PERIOD else IDLE
        quiet = wall - self._moment
        state = VOCABULARY[self.agent.kind].get(self._word)
        if (state is State.ACTIVE and quiet > QUIET) or (state is State.PROCESSING and quiet > LONGEST):
            return IDLE
        return self._word

    def sighting(self, source: str, wall: float) -> Sighting:
        """What is to be said of it at this moment."""
        word = self.word(wall)
        state = state_of(self.agent.kind, word)
        busy = state is State.PROCESSING
        task = (self._task or "model") if busy else ""
        usual = self._recent.usual(self._task or "call")
        p50, p95 = usual or (None, None)
        facts = [("agent", f"{self.agent.title} {self._version}".strip()), ("session", self.id)]
        if self._tool:
            facts.append(("last tool", self._tool))
        facts += sorted(self._people.items())
        return Sighting(
            system=self.agent.kind,
            source=source,
            name=f"{self.agent.kind} {self.id[:8]}".strip(),
            kind=self.agent.kind,
            word=word,
            state=state,
            heard=self.heard,
            period=PERIOD,
            host=self._host,
            pid=self._pid,
            work=Work(
                task, self._moment if busy else None, int(busy), self._done if self._told else None,
                self._failed if self._told else None, None, p50, p95,
            ),
            events=self._recent.events,
            facts=tuple((name, value) for name, value in facts if value),
            usage=self.usage(),
        )  # fmt: skip


def _tool(event: Event) -> str:
    for name in ("tool_name", "function_name", "gen_ai.tool.name"):
        if found := text(event.labels, name):
            return cut(found, _LONGEST_NAME)
    return ""


def _trouble(event: Event, word: str) -> str:
    """What went wrong, in words."""
    labels = event.labels
    status = text(labels, "http.response.status_code") or text(labels, "status_code")
    names = ("error", "error.message", "error_message", "error.type", "error_type")
    why = next((found for name in names if (found := text(labels, name))), "")
    return " ".join(part for part in (word, status, why) if part)
