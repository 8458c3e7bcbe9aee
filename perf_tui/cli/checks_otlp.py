"""What `doctor` says of the OTLP receiver: where it listens, who may send, and what it can read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from perf_tui.cli.checks import Check, Grade
from perf_tui.config.check import is_loopback
from perf_tui.config.schema import Config


def receiver(config: Config, variables: Mapping[str, str] = os.environ) -> Iterator[Check]:
    """Nothing but one line where it is switched off."""
    otlp = config.otlp
    if not otlp.enabled:
        yield Check(
            "otlp.address", Grade.PASS, "the OTLP receiver is switched off: [otlp] enabled = true switches it on"
        )
        return
    from perf_tui.sources.otlp.decode import protobuf_there

    yield _address("HTTP", otlp.listen, otlp.token_env)
    if otlp.grpc is not None:
        yield _address("gRPC", otlp.grpc, otlp.token_env)
        yield _grpc()
    if otlp.token_env is not None:
        yield _token(otlp.token_env, variables)
    if protobuf_there():
        yield Check("otlp.protobuf", Grade.PASS, "protobuf and JSON are read")
    else:
        mend = "pip install perf-tui[otlp], or let senders use http/json"
        yield Check("otlp.protobuf", Grade.WARN, "protobuf is not installed: only JSON is read", mend)


def _address(kind: str, listen: str, token: str | None) -> Check:
    if is_loopback(listen):
        who = "with a token" if token is not None else "anybody on it may send"
        return Check("otlp.address", Grade.PASS, f"OTLP over {kind} on {listen}: this machine alone reaches it, {who}")
    found = f"OTLP over {kind} on {listen}: other machines reach it; the token of {token} travels without TLS"
    return Check("otlp.address", Grade.WARN, found, "listen on loopback, behind a proxy that speaks TLS")


def _token(name: str, variables: Mapping[str, str]) -> Check:
    if variables.get(name):
        return Check("otlp.token", Grade.PASS, f"{name} is set")
    return Check("otlp.token", Grade.WARN, f"{name} is not set: nobody is let in", "set it before perf-tui starts")


def _grpc() -> Check:
    from perf_tui.sources.otlp.grpc import MISSING, grpc_there

    if grpc_there():
        return Check("otlp.grpc", Grade.PASS, "gRPC is installed")
    what, _, mend = MISSING.partition(": ")
    return Check("otlp.grpc", Grade.WARN, f"{what}: [otlp] grpc is left out", mend)
