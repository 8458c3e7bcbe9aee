"""What makes each agent, and any program with an OpenTelemetry SDK, push to this receiver: texts for people.

`perf-tui discover` prints them with the address that the configuration has, docs/otlp-agents.md with
the default one.
"""

from __future__ import annotations

from typing import NamedTuple


class Setup(NamedTuple):
    """For one sender. `{http}` stands for the address; `token` is added where one is needed."""

    title: str
    where: str
    """Where the lines belong, after the title and a comma."""
    lines: str
    token: str = ""
    """The line that gives the token; `{variable}` stands for the environment variable that holds it."""
    note: str = ""


_HEADERS = 'export OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer ${variable}"'

_ANY = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}
"""Addresses that stand for all of a machine, and how the machine itself reaches them."""

SETUPS = (
    Setup(
        "Claude Code",
        "in the environment",
        """
export CLAUDE_CODE_ENABLE_TELEMETRY=1
export OTEL_METRICS_EXPORTER=otlp
export OTEL_LOGS_EXPORTER=otlp
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
export OTEL_EXPORTER_OTLP_ENDPOINT={http}
""",
        _HEADERS,
    ),
    Setup(
        "Codex CLI",
        "in ~/.codex/config.toml",
        """
[otel]
exporter = {{ otlp-http = {{ endpoint = "{http}/v1/logs", protocol = "binary"{headers} }} }}
metrics_exporter = {{ otlp-http = {{ endpoint = "{http}/v1/metrics", protocol = "binary"{headers} }} }}
""",
        note="It sends most when it ends.",
    ),
    Setup(
        "Gemini CLI",
        "in ~/.gemini/settings.json",
        """
{{
  "telemetry": {{
    "enabled": true,
    "target": "local",
    "otlpEndpoint": "{http}",
    "otlpProtocol": "http",
    "logPrompts": false
  }}
}}
""",
        _HEADERS,
        "Without logPrompts it sends prompts; perf-tui drops them.",
    ),
    Setup(
        "opencode",
        'in the environment, with the plugin "@devtheops/opencode-plugin-otel" in opencode.json',
        """
export OPENCODE_ENABLE_TELEMETRY=1
export OPENCODE_OTLP_PROTOCOL=http/protobuf
export OPENCODE_OTLP_ENDPOINT={http}
""",
        'export OPENCODE_OTLP_HEADERS="Authorization=Bearer ${variable}"',
    ),
    Setup(
        "GitHub Copilot",
        "in the environment of the command line or of the editor",
        """
export COPILOT_OTEL_ENABLED=true
export OTEL_EXPORTER_OTLP_ENDPOINT={http}
""",
        _HEADERS,
        "In VS Code the settings github.copilot.chat.otel.enabled and .otlpEndpoint do the same.",
    ),
    Setup(
        "Any program with an OpenTelemetry SDK",
        "in the environment",
        """
export OTEL_METRICS_EXPORTER=otlp
export OTEL_LOGS_EXPORTER=otlp
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
export OTEL_EXPORTER_OTLP_ENDPOINT={http}
export OTEL_METRIC_EXPORT_INTERVAL=10000
""",
        _HEADERS,
    ),
)


def lines(setup: Setup, listen: str, token: str | None = None, *, protobuf: bool = True) -> list[str]:
    """The lines of a sender for a receiver on `listen`; `token` is the environment variable that holds its token.

    Without `protobuf` they ask for JSON, which any receiver reads.
    """
    headers = ', headers = { "Authorization" = "Bearer …" }' if token is not None else ""
    found = setup.lines.strip("\n").format(http=f"http://{reached(listen)}", headers=headers).split("\n")
    if token is not None and setup.token:
        found.append(setup.token.format(variable=token))
    if not protobuf:
        found = [line.replace("http/protobuf", "http/json").replace('"binary"', '"json"') for line in found]
    return found


def reached(listen: str) -> str:
    """The address at which this machine reaches a receiver on `listen`."""
    host, _, port = listen.rpartition(":")
    return f"{_ANY.get(host, host)}:{port}"
