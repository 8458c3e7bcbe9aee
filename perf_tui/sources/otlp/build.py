"""From the configuration to the receiver."""

from __future__ import annotations

from perf_tui.config.quantities import duration, size
from perf_tui.config.schema import Config
from perf_tui.sources.otlp.limits import Limits
from perf_tui.sources.otlp.source import Options, OtlpSource
from perf_tui.sources.scrape.credentials import Credentials


def receiver(config: Config) -> OtlpSource:
    """The receiver that [otlp] describes; whether it is enabled is for the caller to ask."""
    otlp = config.otlp
    credentials = None if otlp.token_env is None else Credentials(bearer_token_env=otlp.token_env)
    host, port = address(otlp.listen)
    return OtlpSource(
        Options(
            host=host,
            port=port,
            grpc=None if otlp.grpc is None else address(otlp.grpc),
            window=config.window,
            forget=duration(config.board.forget),
            limits=Limits(
                body=int(size(otlp.max_body)),
                requests=otlp.max_requests,
                series=otlp.max_series,
                sessions=otlp.max_sessions,
            ),
            credentials=credentials,
            personal=otlp.keep_personal,
        )
    )


def address(listen: str) -> tuple[str, int]:
    """The host and the port of an address as the configuration has it."""
    host, _, port = listen.rpartition(":")
    return host.strip("[]"), int(port)
