"""The lines that people are told to use: each is what its reader takes, with the address of the receiver."""

from __future__ import annotations

import json
import tomllib

import pytest

from perf_tui.sources.otlp.agents import AGENTS
from perf_tui.sources.otlp.setup import SETUPS, Setup, lines, reached


@pytest.mark.parametrize("setup", SETUPS, ids=lambda setup: setup.title)
@pytest.mark.parametrize("token", [None, "OTLP_TOKEN"])
def test_each_is_well_formed_and_names_the_address(setup: Setup, token: str | None) -> None:
    found = lines(setup, "127.0.0.1:14318", token)
    assert any("http://127.0.0.1:14318" in line for line in found)
    plain = [line for line in found if not line.startswith("export ")]
    if plain and plain[0].startswith("["):
        table = tomllib.loads("\n".join(plain))["otel"]
        assert table["exporter"]["otlp-http"]["endpoint"] == "http://127.0.0.1:14318/v1/logs"
        assert ("headers" in table["exporter"]["otlp-http"]) is (token is not None)
    elif plain:
        assert json.loads("\n".join(plain))["telemetry"]["otlpEndpoint"] == "http://127.0.0.1:14318"
    if token is not None:
        assert any("OTLP_TOKEN" in line or "Bearer" in line for line in found)


def test_every_agent_has_one() -> None:
    titles = {setup.title for setup in SETUPS}
    assert {agent.title for agent in AGENTS} <= titles


def test_json_where_protobuf_is_not_installed() -> None:
    texts = ["\n".join(lines(setup, "127.0.0.1:1", protobuf=False)) for setup in SETUPS]
    assert not any("protobuf" in text or '"binary"' in text for text in texts)


def test_how_this_machine_reaches_it() -> None:
    assert reached("0.0.0.0:4318") == "127.0.0.1:4318"
    assert reached("[::]:4318") == "[::1]:4318"
    assert reached("192.168.0.5:4318") == "192.168.0.5:4318"
