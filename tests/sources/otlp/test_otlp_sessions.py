"""Sessions of agents: tokens and states, from real captures and from events with the names that agents document.

The numbers that are expected were read off the captures by hand.
"""

from __future__ import annotations

from typing import Any

import pytest
from otlp_play import (
    CODEX,
    CUMULATIVE,
    DELTA,
    GEMINI,
    SECOND,
    Play,
    counter,
    histogram,
    logs,
    metrics,
    number,
    observed,
)

from perf_tui.engine.workers.merge import SYSTEMS, grouped, verdict
from perf_tui.measures.workers import HERE, VOCABULARY, Sighting, State, Usage, state_of
from perf_tui.sources.otlp.agents import AGENTS, agent_of, window_of
from perf_tui.sources.otlp.decode import Signal
from perf_tui.sources.otlp.model import Peer

CLAUDE = {"service.name": "claude-code", "service.version": "2.1.248"}
CALL = {
    "event.name": "api_request", "session.id": "s1", "model": "claude-opus-4-5", "input_tokens": 10,
    "output_tokens": 200, "cache_read_tokens": 30_000, "cache_creation_tokens": 1990, "cost_usd": 0.25,
    "duration_ms": 4000,
}  # fmt: skip


def usage(sighting: Sighting) -> Usage:
    assert sighting.usage is not None
    return sighting.usage


def test_codex_as_it_was_captured() -> None:
    play = Play(wall=1795344811.0)
    play.push(CODEX.read_bytes(), "logs")
    (session,) = play.workers().values()
    assert (session.name, session.kind, session.host) == ("codex 01a202e3", "codex", "vm")
    assert (session.word, session.state) == ("response.completed", State.ACTIVE)
    used = usage(session)
    assert (used.model, used.input, used.output, used.cached) == ("gpt-mock", 1234.0, 17.0, 900.0)
    assert session.work is not None
    assert (session.work.done, session.work.failed) == (1.0, 0.0)
    assert [event.words for event in session.events] == [
        "prompt of 11 characters", "gpt-mock: 1234 tokens in, 17 out",
    ]  # fmt: skip
    values = play.values()
    row = "engine=Codex CLI, model=gpt-mock"
    assert values[f"ai.latency.ttft{{{row}, stat=mean}}"].number == 0.239
    assert values[f"ai.cache.hit{{{row}}}"].number == pytest.approx(900 / 1234)
    assert values[f"ai.tokens.generation{{{row}}}"].number == pytest.approx(17 / 60)


def test_gemini_as_it_was_captured() -> None:
    play = Play(wall=1795344804.0)
    play.wait(2)
    assert play.push(GEMINI.read_bytes(), "metrics").rejected == 0
    (session,) = play.workers().values()
    assert (session.name, session.pid, session.host) == ("gemini 5b797f83", 69, "vm")
    assert (session.word, session.state) == ("reporting", State.ACTIVE)
    used = usage(session)
    assert (used.model, used.input, used.output, used.cached) == ("gemini-mock", 1234.0, 17.0, 900.0)
    values = play.values()
    row = "engine=gemini-cli, model=gemini-mock"
    assert values[f"ai.latency.e2e{{{row}, stat=mean}}"].number == pytest.approx(0.396)
    assert values[f"ai.tokens.prompt{{{row}}}"].number == pytest.approx(1234 / 0.004)  # its points span 4 ms


def test_what_is_told_long_after_is_no_traffic_of_now() -> None:
    play = Play(wall=1795344811.0 + 300)
    play.push(CODEX.read_bytes(), "logs")
    (session,) = play.workers().values()
    assert usage(session).output == 17.0
    assert session.word == "idle"
    assert not any(key.startswith("ai.") for key in play.values())


def test_a_capture_that_is_sent_again_counts_once() -> None:
    play = Play(wall=1795344804.0)
    for _ in range(3):
        play.wait(2)
        play.push(GEMINI.read_bytes(), "metrics")
    assert usage(next(iter(play.workers().values()))).input == 1234.0


def test_events_that_are_sent_again_count_once() -> None:
    play = Play(wall=1795344811.0)
    for _ in range(3):
        play.push(CODEX.read_bytes(), "logs")
    (session,) = play.workers().values()
    assert usage(session).output == 17.0
    assert session.work is not None
    assert session.work.done == 1.0


class TestUsage:
    def test_the_input_of_claude_code_is_without_what_a_cache_answered(self) -> None:
        play = Play()
        play.push(logs(CLAUDE, CALL))
        used = usage(play.workers()["claude s1"])
        assert (used.input, used.output, used.cached, used.cost) == (32_000.0, 200.0, 30_000.0, 0.25)
        assert (used.context, used.context_limit) == (32_000 / 200_000, 200_000.0)

    @pytest.mark.parametrize("temporality", [DELTA, CUMULATIVE])
    def test_events_and_metrics_tell_the_same_tokens(self, temporality: Any) -> None:
        play = Play()
        start = play.nanos
        play.push(logs(CLAUDE, CALL))
        play.wait(30)
        points = [
            number({"session.id": "s1", "type": kind, "model": "claude-opus-4-5[1m]"}, value, start, play.nanos)
            for kind, value in (("input", 10), ("output", 200), ("cacheRead", 30_000), ("cacheCreation", 1990))
        ]
        play.push(metrics(CLAUDE, counter("claude_code.token.usage", points, temporality)))
        used = usage(play.workers()["claude s1"])
        assert (used.input, used.output, used.cached) == (32_000.0, 200.0, 30_000.0)
        # Metrics alone say that the model has its long window.
        assert (used.model, used.context_limit) == ("claude-opus-4-5", 1_000_000.0)
        play.push(logs(CLAUDE, CALL))
        assert usage(play.workers()["claude s1"]).context_limit == 1_000_000.0

    def test_metrics_that_name_no_session_are_of_the_only_one_of_their_sender(self) -> None:
        sender = {"service.name": "codex_cli_rs"}
        play = Play()
        start = play.nanos
        play.wait(5)
        point = observed({"token_type": "output", "model": "gpt-5"}, [100.0, 300.0], [1000.0], start, play.nanos)
        play.push(metrics(sender, histogram("codex.turn.token_usage", [point], DELTA)))
        assert usage(play.workers()["codex"]).output == 400.0
        event = {"event.name": "codex.user_prompt", "conversation.id": "abc"}
        play.push(logs(sender, event))
        assert list(play.workers()) == ["codex abc"]
        assert usage(play.workers()["codex abc"]).output == 400.0
        play.push(logs(sender, event | {"conversation.id": "def"}))
        point.time_unix_nano += SECOND
        play.push(metrics(sender, histogram("codex.turn.token_usage", [point], DELTA)))
        outputs = {name: usage(each).output for name, each in play.workers().items()}
        assert outputs == {"codex abc": 400.0, "codex def": None}  # whose they are nobody knows

    def test_copilot_is_told_by_the_conventions_for_models(self) -> None:
        sender = {"service.name": "copilot-chat", "session.id": "window"}
        play = Play()
        start = play.nanos
        play.wait(5)
        labels = {"gen_ai.request.model": "gpt-4o", "gen_ai.operation.name": "chat"}
        points = [
            observed(labels | {"gen_ai.token.type": kind}, numbers, [100.0], start, play.nanos)
            for kind, numbers in (("input", [1500.0, 2000.0]), ("output", [250.0]))
        ]
        play.push(metrics(sender, histogram("gen_ai.client.token.usage", points, CUMULATIVE, "tokens")))
        details = {
            "event.name": "gen_ai.client.inference.operation.details", "gen_ai.request.model": "gpt-4o",
            "gen_ai.usage.input_tokens": 2000, "gen_ai.usage.output_tokens": 250, "gen_ai.conversation.id": "c",
        }  # fmt: skip
        play.push(logs(sender, details))
        (session,) = play.workers().values()
        used = usage(session)
        assert (session.word, used.input, used.output, used.context) == ("inference", 3500.0, 250.0, 2000 / 128_000)
        row = "engine=copilot-chat, model=gpt-4o"
        assert play.values()[f"ai.tokens.generation{{{row}}}"].number == pytest.approx(250 / 5)

    def test_opencode_may_use_the_prefix_of_claude_code(self) -> None:
        play = Play()
        point = number({"session.id": "o1", "type": "output"}, 70)
        play.push(metrics({"service.name": "opencode"}, counter("claude_code.token.usage", [point], DELTA)))
        assert usage(play.workers()["opencode o1"]).output == 70.0

    def test_a_service_of_another_name_is_known_by_the_scope(self) -> None:
        play = Play()
        request = logs({"service.name": "our-agents"}, CALL)
        play.push(request)
        assert play.workers() == {}
        request.resource_logs[0].scope_logs[0].scope.name = "com.anthropic.claude_code.events"
        play.push(request)
        assert list(play.workers()) == ["claude s1"]

    def test_windows_of_models(self) -> None:
        assert window_of("claude-sonnet-4-5") == 200_000
        assert window_of("claude-sonnet-4-5[1m]") == 1_000_000
        assert window_of("somebody-elses-model") is None


EVENTS: list[tuple[str, dict[str, Any], dict[str, Any], str, State, str]] = [
    # agent, sender, event, word, state, task
    ("claude", CLAUDE, {"event.name": "user_prompt"}, "user_prompt", State.PROCESSING, "model"),
    (
        "claude", CLAUDE, {"event.name": "tool_decision", "tool_name": "Bash", "decision": "accept"},
        "tool_decision", State.PROCESSING, "Bash",
    ),
    (
        "claude", CLAUDE, {"event.name": "tool_decision", "tool_name": "Bash", "decision": "reject"},
        "rejected", State.WAITING, "",
    ),
    (
        "claude", CLAUDE, {"event.name": "tool_result", "tool_name": "Bash", "success": "true", "duration_ms": "12"},
        "tool_result", State.PROCESSING, "model",
    ),
    ("claude", CLAUDE, CALL, "api_request", State.ACTIVE, ""),
    ("claude", CLAUDE, {"event.name": "api_error", "error": "overloaded"}, "api_error", State.ERROR, ""),
    ("claude", CLAUDE, {"event.name": "api_retries_exhausted"}, "api_retries_exhausted", State.ERROR, ""),
    (
        "codex", {"service.name": "codex_exec"}, {"event.name": "codex.conversation_starts"},
        "conversation_starts", State.ACTIVE, "",
    ),
    (
        "codex", {"service.name": "codex_exec"},
        {"event.name": "codex.sse_event", "event.kind": "response.output_text.delta"},
        "sse_event", State.PROCESSING, "model",
    ),
    (
        "codex", {"service.name": "codex_exec"},
        {"event.name": "codex.api_request", "http.response.status_code": "429"}, "failed", State.ERROR, "",
    ),
    (
        "gemini", {"service.name": "gemini-cli"}, {"event.name": "gemini_cli.api_request"},
        "api_request", State.PROCESSING, "model",
    ),
    (
        "gemini", {"service.name": "gemini-cli"},
        {"event.name": "gemini_cli.api_response", "input_token_count": 5, "output_token_count": 1, "status_code": 200},
        "api_response", State.ACTIVE, "",
    ),
    (
        "gemini", {"service.name": "gemini-cli"}, {"event.name": "gemini_cli.api_error", "status_code": 500},
        "api_error", State.ERROR, "",
    ),
    (
        "gemini", {"service.name": "gemini-cli"}, {"event.name": "gemini_cli.conversation_finished"},
        "conversation_finished", State.WAITING, "",
    ),
    (
        "opencode", {"service.name": "opencode"}, {"event.name": "session.idle"}, "session.idle", State.WAITING, "",
    ),
    (
        "opencode", {"service.name": "opencode"}, {"event.name": "session.error"}, "session.error", State.ERROR, "",
    ),
    (
        "copilot", {"service.name": "copilot-chat"},
        {"event.name": "copilot_chat.tool.call", "gen_ai.tool.name": "readFile", "success": True},
        "tool.call", State.PROCESSING, "model",
    ),
    (
        "copilot", {"service.name": "copilot-chat"},
        {"event.name": "gen_ai.client.inference.operation.details", "error.type": "TimeoutError"},
        "failed", State.ERROR, "",
    ),
]  # fmt: skip


class TestStates:
    @pytest.mark.parametrize(
        ("kind", "sender", "event", "word", "state", "task"), EVENTS, ids=[f"{each[0]} {each[3]}" for each in EVENTS]
    )
    def test_an_event_says_it(
        self, kind: str, sender: dict[str, Any], event: dict[str, Any], word: str, state: State, task: str
    ) -> None:
        play = Play()
        ids = {"session.id": "s1", "conversation.id": "s1"}
        play.push(logs(sender, event | ids))
        session = play.workers()[f"{kind} s1"]
        assert session.work is not None
        assert (session.word, session.state, session.work.task) == (word, state, task)
        # From every state there is a way back.
        play.wait(1)
        back = {"event.name": f"{agent_of(str(sender['service.name']), '').prefix}user_prompt"}  # type: ignore[union-attr]
        if kind != "copilot":
            play.push(logs(sender, back | ids))
            assert play.workers()[f"{kind} s1"].state is State.PROCESSING

    def test_all_words_are_reached(self) -> None:
        """Each state of each agent has at least one word that a test above, or time, leads to."""
        told = {(each[0], each[4]) for each in EVENTS} | {(agent.kind, State.WAITING) for agent in AGENTS}
        told |= {(agent.kind, State.ACTIVE) for agent in AGENTS}  # reporting
        told |= {(agent.kind, State.STALE) for agent in AGENTS}  # ended
        told |= {("opencode", State.PROCESSING)}  # the way back
        for agent in AGENTS:
            states = set(VOCABULARY[agent.kind].values())
            assert {state for state in states if (agent.kind, state) not in told} == set(), agent.kind
            assert agent.kind in SYSTEMS

    def test_time_ends_a_turn(self) -> None:
        play = Play()
        play.push(logs(CLAUDE, CALL))
        assert play.workers()["claude s1"].state is State.ACTIVE
        play.wait(20)
        session = play.workers()["claude s1"]
        assert (session.word, session.state) == ("idle", State.WAITING)

    def test_a_tool_may_take_its_time_but_not_forever(self) -> None:
        play = Play()
        play.push(logs(CLAUDE, {"event.name": "tool_decision", "tool_name": "Bash", "session.id": "s1"}))
        play.wait(300)
        assert play.workers()["claude s1"].state is State.PROCESSING
        play.wait(400)
        assert play.workers()["claude s1"].state is State.WAITING

    def test_events_that_are_late_do_not_turn_it_back(self) -> None:
        play = Play()
        now = play.nanos
        play.push(logs(CLAUDE, {"event.name": "user_prompt", "session.id": "s1"}, time=now))
        play.push(logs(CLAUDE, CALL, time=now - 5 * SECOND))
        assert play.workers()["claude s1"].word == "user_prompt"

    def test_one_that_is_silent_is_stale(self) -> None:
        play = Play()
        play.push(logs(CLAUDE, CALL))
        play.wait(301)
        session = play.workers()["claude s1"]
        assert verdict([session], play.at, 2.0).state is State.STALE

    def test_what_an_agent_never_says_changes_nothing(self) -> None:
        play = Play()
        play.push(logs(CLAUDE, CALL))
        play.push(logs(CLAUDE, {"event.name": "something_new", "session.id": "s1"}))
        assert play.workers()["claude s1"].word == "api_request"

    def test_tools_and_errors_are_told(self) -> None:
        play = Play()
        tool = {"event.name": "tool_result", "session.id": "s1", "tool_name": "Bash", "duration_ms": 1500}
        for success in ("true", "false"):
            play.push(logs(CLAUDE, tool | {"success": success}))
            play.wait(1)
        failure = {"event.name": "api_error", "session.id": "s1", "status_code": "529", "error": "busy"}
        play.push(logs(CLAUDE, failure | {"model": "claude-x"}))
        session = play.workers()["claude s1"]
        assert [(event.words, event.error) for event in session.events] == [
            ("Bash done", False), ("Bash failed", True), ("api_error 529 busy", True),
        ]  # fmt: skip
        assert dict(session.facts)["last tool"] == "Bash"
        assert session.work is not None
        assert session.work.failed == 1.0
        assert play.values()["ai.requests.failed{engine=Claude Code, model=claude-x}"].number == pytest.approx(1 / 60)


class TestWhoItIs:
    def process(self, pid: int, kind: str = "claude") -> Sighting:
        return Sighting(
            "process", "worker processes", f"{kind}:{pid}", kind, "idle", state_of("process", "idle"), 1000.0,
            host=HERE, pid=pid,
        )  # fmt: skip

    def test_the_process_at_the_other_end_is_the_same_worker(self) -> None:
        play = Play()
        read = play.intake.read(Signal.LOGS, logs(CLAUDE, CALL), Peer(77, "/usr/bin/claude"))
        play.intake.take(read, play.at, play.wall)
        session = play.workers()["claude s1"]
        assert (session.host, session.pid) == (HERE, 77)
        (one,) = grouped([self.process(77), session], {HERE})
        assert [each.system for each in one] == ["claude", "process"]

    def test_what_only_passes_it_on_is_not(self) -> None:
        play = Play()
        read = play.intake.read(Signal.LOGS, logs(CLAUDE, CALL), Peer(77, "/usr/bin/copilot"))
        play.intake.take(read, play.at, play.wall)
        assert play.workers()["claude s1"].pid is None

    def test_a_pid_that_the_sender_tells(self) -> None:
        play = Play()
        play.push(logs({"service.name": "gemini-cli", "process.pid": 4121, "host.name": "web-1"}, CALL))
        session = play.workers()["gemini s1"]
        assert len(grouped([self.process(4121, "gemini"), session], {HERE, "web-1"})) == 1
        assert len(grouped([self.process(4121, "gemini"), session], {HERE, "elsewhere"})) == 2


def test_no_more_sessions_than_are_allowed() -> None:
    play = Play(most_sessions=10)
    for place in range(25):
        play.push(logs(CLAUDE, CALL | {"session.id": f"s{place}"}))
    assert set(play.workers()) == {f"claude s{place}" for place in range(15, 25)}
    play.push(logs(CLAUDE, CALL | {"session.id": "s15"}))  # heard of again: it stays
    play.push(logs(CLAUDE, CALL | {"session.id": "new"}))
    assert "claude s15" in play.workers()
    play.wait(3601)
    assert play.workers() == {}
    assert play.intake.sizes()[1] == 0
