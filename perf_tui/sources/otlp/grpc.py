"""OTLP over gRPC, with the extra `otlp-grpc`: the Export method of the services for metrics, logs and traces."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from math import ceil
from typing import Any, NoReturn

from perf_tui.engine.source import SourceDenied, SourceError
from perf_tui.sources.otlp.decode import BadBody, Encoding, Signal, protobuf_there
from perf_tui.sources.otlp.door import Door, Refused
from perf_tui.sources.otlp.replies import done

_SERVICES = {
    "opentelemetry.proto.collector.metrics.v1.MetricsService": Signal.METRICS,
    "opentelemetry.proto.collector.logs.v1.LogsService": Signal.LOGS,
    "opentelemetry.proto.collector.trace.v1.TraceService": Signal.TRACES,
}
MISSING = "gRPC is not installed here: pip install perf-tui[otlp-grpc]"


def grpc_there() -> bool:
    """Whether the extra is installed. Imports it, which takes 100 ms."""
    try:
        import grpc.aio  # noqa: F401
    except ImportError:
        return False
    return protobuf_there()


class GrpcReceiver:
    """Listens from `open` to `close`. Messages are bytes here: decoding them is bounded and done elsewhere."""

    def __init__(self, door: Door, host: str, port: int) -> None:
        self._door = door
        self._address = (host, port)
        self._server: Any = None
        self.port = port
        """The port that it listens on, while it is open."""

    async def open(self) -> None:
        """Begin to listen. Raises SourceError."""
        if not await asyncio.to_thread(grpc_there):
            raise SourceError(MISSING)
        import grpc
        from grpc import aio

        limits = self._door.limits
        options = [("grpc.max_receive_message_length", limits.body), ("grpc.so_reuseport", 0)]
        server = aio.server(options=options)
        server.add_generic_rpc_handlers(
            [
                grpc.method_handlers_generic_handler(
                    service, {"Export": grpc.unary_unary_rpc_method_handler(self._method(signal, grpc))}
                )
                for service, signal in _SERVICES.items()
            ]
        )
        host, port = self._address
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        try:
            self.port = server.add_insecure_port(place)
        except RuntimeError:
            raise SourceError(f"it cannot listen on {place} for gRPC: is the port taken?") from None
        await server.start()
        self._server = server

    async def close(self) -> None:
        """Stop listening."""
        server, self._server = self._server, None
        if server is not None:
            await server.stop(0.5)

    def _method(self, signal: Signal, grpc: Any) -> Callable[[bytes, Any], Awaitable[bytes]]:
        async def export(body: bytes, context: Any) -> bytes:
            async def refuse(code: Any, why: str) -> NoReturn:
                await context.abort(code, why)
                raise AssertionError  # abort never returns

            metadata = dict(context.invocation_metadata() or ())
            permitted = True
            try:
                permitted = self._door.permit(metadata.get("authorization"))
            except SourceDenied as why:
                await refuse(grpc.StatusCode.UNAVAILABLE, f"nobody can be let in: {why}")
            if not permitted:
                await refuse(grpc.StatusCode.UNAUTHENTICATED, "a bearer token is needed")
            try:
                with self._door:
                    outcome = await self._door.take(signal, Encoding.PROTOBUF, body)
            except Refused as refused:
                # RESOURCE_EXHAUSTED without RetryInfo would mean that it is of no use to try again.
                await refuse(grpc.StatusCode.UNAVAILABLE, f"{refused}; try again in {max(1, ceil(refused.retry))} s")
            except BadBody as problem:
                await refuse(grpc.StatusCode.INVALID_ARGUMENT, str(problem))
            except Exception as error:  # of this program's own making
                self._door.broke(error)
                await refuse(grpc.StatusCode.INTERNAL, "the request could not be taken in")
            return done(signal, Encoding.PROTOBUF, outcome)

        return export
