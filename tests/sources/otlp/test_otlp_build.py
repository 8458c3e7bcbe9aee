"""From the configuration to the receiver, and what is loaded for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from perf_tui.assembly import build_engine, pushed
from perf_tui.config.errors import ConfigError
from perf_tui.config.load import parse
from perf_tui.config.schema import Config
from perf_tui.sources.otlp.build import address, receiver

_LOADED = """
import sys
from perf_tui.assembly import build_engine
from perf_tui.config.load import parse
build_engine(parse({"otlp": {"enabled": %s, "grpc": "127.0.0.1:0"}, "discovery": {"enabled": False}}, "test"))
print(*sorted({"aiohttp", "grpc", "google.protobuf", "opentelemetry"} & set(sys.modules)))
"""


@pytest.mark.parametrize(("enabled", "loaded"), [(False, ""), (True, "aiohttp")])
def test_nothing_is_loaded_before_it_is_used(enabled: bool, loaded: str) -> None:
    done = subprocess.run([sys.executable, "-c", _LOADED % enabled], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == loaded


def test_it_is_a_source_where_it_is_switched_on() -> None:
    assert pushed(Config()) == []
    config = parse({"otlp": {"enabled": True}}, "test")
    assert [source.name for source in pushed(config)] == ["otlp"]
    assert "otlp" in [source.name for source in build_engine(config).store.snapshot.sources]


def test_a_target_may_not_have_its_name() -> None:
    target = {"name": "otlp", "url": "http://127.0.0.1:1/metrics"}
    with pytest.raises(ConfigError, match="own sources"):
        build_engine(parse({"otlp": {"enabled": True}, "targets": [target]}, "test"))


def test_all_settings_arrive() -> None:
    given = {
        "listen": "[::1]:14318", "grpc": "127.0.0.1:14317", "enabled": True, "token_env": "TOKEN", "max_body": "1MiB",
        "max_requests": 7.0, "max_series": 200, "max_sessions": 3, "keep_personal": True,
    }  # fmt: skip
    options = receiver(parse({"otlp": given, "window": 30.0, "board": {"forget": "5m"}}, "test")).options
    assert (options.host, options.port, options.grpc) == ("::1", 14318, ("127.0.0.1", 14317))
    assert (options.window, options.forget, options.personal) == (30.0, 300.0, True)
    limits = options.limits
    assert (limits.body, limits.requests, limits.series, limits.sessions) == (2**20, 7.0, 200, 3)
    assert options.credentials is not None
    assert options.credentials.origin == "the environment variable TOKEN"


def test_addresses() -> None:
    assert address("0.0.0.0:4318") == ("0.0.0.0", 4318)
    assert address("[::]:4318") == ("::", 4318)
