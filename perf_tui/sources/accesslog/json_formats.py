"""Access logs with a JSON object on each line: only the fields that are needed are decoded."""

from __future__ import annotations

import re
from typing import Annotated, Generic, TypeVar

import msgspec

from perf_tui.sources.accesslog.formats import Format, Rows

_QUERY = re.compile(rb"\?[^\n]*")
_NO_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_MISSING = -1

_Status = Annotated[int, msgspec.Meta(ge=0, le=999)]
# 115 days in each unit: what claims to have taken longer, or less than nothing, is a broken line.
_Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e7)]
_Nanoseconds = Annotated[int, msgspec.Meta(ge=0, le=10**16)]


class _CaddyRequest(msgspec.Struct, frozen=True, gc=False):
    method: str = ""
    uri: str = ""


class _CaddyLine(msgspec.Struct, frozen=True, gc=False):
    status: _Status = _MISSING
    time: _Seconds | None = msgspec.field(default=None, name="duration")
    request: _CaddyRequest = _CaddyRequest()

    @property
    def target(self) -> str:
        return f"{self.request.method} {self.request.uri}"


class _TraefikLine(msgspec.Struct, frozen=True, gc=False):
    status: _Status = msgspec.field(default=_MISSING, name="DownstreamStatus")
    time: _Nanoseconds | None = msgspec.field(default=None, name="Duration")
    method: str = msgspec.field(default="", name="RequestMethod")
    path: str = msgspec.field(default="", name="RequestPath")

    @property
    def target(self) -> str:
        return f"{self.method} {self.path}"


_L = TypeVar("_L", _CaddyLine, _TraefikLine)


class JsonFormat(Format, Generic[_L]):
    """Lines by a typed struct; fields that it does not name are skipped unread."""

    def __init__(self, title: str, line: type[_L], unit: float) -> None:
        self.title, self.timed, self._unit = title, True, unit
        self._decode: msgspec.json.Decoder[_L] = msgspec.json.Decoder(line)

    def parse(self, block: bytes) -> Rows:
        bad = 0
        try:
            lines = self._decode.decode_lines(block)
        except _NO_JSON:
            lines = []
            for text in filter(None, block.split(b"\n")):
                try:
                    lines.append(self._decode.decode(text))
                except _NO_JSON:
                    bad += 1
        found = [line for line in lines if line.status != _MISSING]
        return Rows(
            _without_query([line.target for line in found]),
            [line.status for line in found],
            [None if line.time is None else line.time * self._unit for line in found],
            bad,
            len(lines) - len(found),
        )

    def understands(self, line: bytes) -> bool:
        try:
            self._decode.decode(line)
        except _NO_JSON:
            return False
        return True


def _without_query(targets: list[str]) -> list[bytes]:
    if not targets:
        return []
    joined = _QUERY.sub(b"", "\n".join(targets).encode("utf-8", "replace"))
    found = joined.split(b"\n")
    if len(found) == len(targets):
        return found
    # Some target has a line feed inside: no server writes that, but a file may hold anything.
    return [target.encode("utf-8", "replace").partition(b"?")[0].replace(b"\n", b" ") for target in targets]


CADDY = JsonFormat("Caddy's JSON log", _CaddyLine, 1.0)
TRAEFIK_JSON = JsonFormat("Traefik's JSON log", _TraefikLine, 1e-9)
