"""What each coding agent calls its sessions, tokens and events: one entry for each agent.

The words for states are in measures/workers.py, under the agent's kind. An event whose word is not
there changes no state. Most agents tell the same tokens twice, by metrics and by events.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Tokens(NamedTuple):
    """Where an event has the tokens of one call."""

    input: str
    output: str
    cached: str = ""
    created: str = ""
    thought: str = ""


class Agent(NamedTuple):
    """One agent."""

    kind: str
    """As its processes are called; the key of its words."""
    title: str
    services: frozenset[str]
    """What `service.name` may be."""
    prefix: str
    """Of its metrics, and of its events where they have one."""
    session: tuple[str, ...]
    """Attributes that tell the session or conversation, of the point or event and then of the sender."""
    calls: Mapping[str, Tokens]
    """Event → where it has the tokens of one finished call of a model."""
    token_metric: str
    """The sum, or histogram, of tokens."""
    token_types: Mapping[str, str]
    """Values of the attribute `type_name` → input, output, cached, created or thought."""
    type_name: str = "type"
    cost_metric: str = ""
    apart: bool = False
    """Its input tokens are without those from a cache, or written into one."""
    feeds: bool = True
    """Its calls are not told by gen_ai metrics as well: the AI layer has them from its events."""
    tool_done: str = "tool_result"
    """The event that tells of a tool that has finished."""
    library: str = ""
    """How the scope of its events begins, where these have no prefix and the service another name."""
    versioned: bool = True
    """Its `service.version` is its own."""
    life: tuple[str, ...] = ("session.count",)
    """Further metrics, without the prefix, that are signs of life of a session."""


INFERENCE = "inference"
"""The word for the event `gen_ai.client.inference.operation.details`."""
_USED = Tokens("input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens")
_CAMEL = {"input": "input", "output": "output", "cacheRead": "cached", "cacheCreation": "created"}

AGENTS = (
    Agent(
        kind="claude",
        title="Claude Code",
        services=frozenset(("claude-code",)),
        prefix="claude_code.",
        session=("session.id",),
        calls={"api_request": _USED},
        token_metric="claude_code.token.usage",
        token_types=_CAMEL,
        cost_metric="claude_code.cost.usage",
        apart=True,
        life=("session.count", "active_time.total"),
        library="com.anthropic.claude_code",
    ),
    Agent(
        kind="codex",
        title="Codex CLI",
        services=frozenset(("codex_exec", "codex_cli_rs", "codex")),
        prefix="codex.",
        session=("conversation.id",),
        calls={"sse_event": Tokens("input_token_count", "output_token_count", "cached_token_count")},
        token_metric="codex.turn.token_usage",
        token_types={"input": "input", "output": "output", "cached_input": "cached"},
        type_name="token_type",
        life=("thread.started", "conversation.turn.count"),
    ),
    Agent(
        kind="gemini",
        title="Gemini CLI",
        services=frozenset(("gemini-cli",)),
        prefix="gemini_cli.",
        session=("session.id",),
        calls={
            "api_response": Tokens(
                "input_token_count", "output_token_count", "cached_content_token_count", thought="thoughts_token_count"
            )
        },
        token_metric="gemini_cli.token.usage",
        token_types={"input": "input", "output": "output", "cache": "cached", "thought": "thought"},
        feeds=False,
        versioned=False,  # it gives that of Node.js
        tool_done="tool_call",
    ),
    Agent(
        kind="opencode",
        title="opencode",
        services=frozenset(("opencode",)),
        prefix="opencode.",
        session=("session.id",),
        calls={"api_request": _USED},
        token_metric="opencode.token.usage",
        token_types=_CAMEL,
        cost_metric="opencode.cost.usage",
        apart=True,
    ),
    Agent(
        kind="copilot",
        title="GitHub Copilot",
        services=frozenset(("copilot-chat", "github-copilot", "copilot-cli", "copilot")),
        prefix="copilot_chat.",
        # Its metrics have the session alone, which is a window of the editor.
        session=("session.id", "gen_ai.conversation.id"),
        calls={
            INFERENCE: Tokens(
                "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "gen_ai.usage.cache_read.input_tokens"
            )
        },
        token_metric="gen_ai.client.token.usage",
        token_types={"input": "input", "output": "output"},
        type_name="gen_ai.token.type",
        feeds=False,
        tool_done="tool.call",
    ),
)

_BY_SERVICE = {service: agent for agent in AGENTS for service in agent.services}
METRICS = frozenset(
    name
    for agent in AGENTS
    for name in (agent.token_metric, agent.cost_metric, *(agent.prefix + each for each in agent.life))
    if name.startswith(agent.prefix)
)
"""Metrics of agents that something is made of, besides those that they share with others."""

WINDOWS = (
    ("claude-", 200_000.0),
    ("anthropic/claude-", 200_000.0),
    ("gemini-", 1_048_576.0),
    ("gpt-5", 400_000.0),
    ("gpt-4.1", 1_047_576.0),
    ("gpt-4o", 128_000.0),
    ("o3", 200_000.0),
    ("o4-mini", 200_000.0),
)
"""The context windows of models, in tokens, by how their names begin; of others it is not known."""
_LONG, _LONG_WINDOW = "[1m]", 1_000_000.0
"""How Claude Code marks, in metrics alone, that a model has its long window."""


def agent_of(service: str, name: str, library: str = "") -> Agent | None:
    """The agent with this `service.name`, or else the one whose metrics or events have such names or scopes."""
    found = _BY_SERVICE.get(service)
    if found is None:
        found = next((agent for agent in AGENTS if name.startswith(agent.prefix)), None)
    if found is None and library:
        found = next((agent for agent in AGENTS if agent.library and library.startswith(agent.library)), None)
    return found


def word_of(agent: Agent, event: str) -> str:
    """The word for an event: its name without the agent's prefix."""
    if event == "gen_ai.client.inference.operation.details":
        return INFERENCE
    word = event.removeprefix(agent.prefix)
    # The prefix of opencode can be set to that of Claude Code.
    return word.removeprefix(AGENTS[0].prefix)


def window_of(model: str) -> float | None:
    """The size of a model's context window in tokens; None where it is not known."""
    if model.endswith(_LONG):
        return _LONG_WINDOW
    return next((size for start, size in WINDOWS if model.startswith(start)), None)
