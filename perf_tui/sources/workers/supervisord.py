"""The programs of a supervisord, by XML-RPC over its Unix socket."""

from __future__ import annotations

import os
import time
import xmlrpc.client
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from xml.parsers.expat import ExpatError

from perf_tui.engine.source import Derived, Source, SourceDenied, SourceError
from perf_tui.measures.workers import HERE, SIGHTINGS, Body, Event, Sighting, state_of
from perf_tui.sources.scrape.credentials import Credentials
from perf_tui.sources.workers.unixsocket import LARGEST, connected
from perf_tui.text import clean, cut

ENDED_AS_IT_SHOULD = frozenset(("STOPPED",))
"""Somebody stopped it, or it is not to be started by itself: it is no worker now."""


class Reading(NamedTuple):
    """One answer."""

    programs: list[Mapping[str, Any]]
    wall: float


class SupervisordSource(Source[Reading]):
    """Asks for all programs at once: about a millisecond."""

    kind = "workers"

    def __init__(
        self, group: str, path: str, credentials: Credentials, *, wall: Callable[[], float] = time.time
    ) -> None:
        """`group` is the name in the configuration, `path` the socket's."""
        self._group = clean(group)
        self.name = f"workers {self._group}"
        self._path, self._credentials, self._wall = os.path.expanduser(path), credentials, wall

    async def read(self) -> Reading:
        body = xmlrpc.client.dumps((), "supervisor.getAllProcessInfo").encode()
        lines = ["POST /RPC2 HTTP/1.0", "Host: localhost", "Content-Type: text/xml", f"Content-Length: {len(body)}"]
        if header := self._credentials.header():
            lines.append(f"Authorization: {header}")
        async with connected(self._path, "supervisord") as (reader, writer):
            writer.write("\r\n".join((*lines, "", "")).encode() + body)
            await writer.drain()
            answer = await reader.read(LARGEST)
            while more := await reader.read(LARGEST):
                answer += more
                if len(answer) > LARGEST:
                    raise SourceError("the answer of supervisord is too large")
        return Reading(self._programs(answer), self._wall())

    def _programs(self, answer: bytes) -> list[Mapping[str, Any]]:
        head, _, body = answer.partition(b"\r\n\r\n")
        status = head.split(None, 2)[1:2]
        if status == [b"401"]:
            raise SourceDenied("supervisord wants a user and a password: username and password_env name them")
        if status != [b"200"]:
            raise SourceError(f"supervisord answers {clean(head[:40].decode('latin-1'))}")
        try:
            (programs,), _ = xmlrpc.client.loads(body)
        except xmlrpc.client.Fault as fault:
            raise SourceError(f"supervisord refuses: {clean(fault.faultString)}") from None
        except (ExpatError, xmlrpc.client.Error, ValueError, TypeError, LookupError):
            raise SourceError("what answers is no supervisord") from None
        return [each for each in programs if isinstance(each, dict)] if isinstance(programs, list) else []

    def derive(self, reading: Reading, at: float) -> Derived:
        given = (self._sighting(program, reading.wall, at) for program in reading.programs)
        return Derived((), {SIGHTINGS: tuple(each for each in given if each is not None)})

    def _sighting(self, program: Mapping[str, Any], wall: float, at: float) -> Sighting | None:
        word = _text(program, "statename")
        if word in ENDED_AS_IT_SHOULD or (word == "EXITED" and not program.get("exitstatus")):
            return None
        name, group = _text(program, "name"), _text(program, "group")
        pid, start = program.get("pid"), program.get("start")
        alive = isinstance(pid, int) and pid > 0
        uptime = max(0.0, wall - start) if alive and isinstance(start, int) and start > 0 else None
        # Its exit status is 0 even for programs that never started: what it says of the error is right.
        error = _text(program, "spawnerr")
        stop = program.get("stop")
        when = float(stop) if isinstance(stop, int) and stop > 0 else wall
        return Sighting(
            system="supervisord",
            source=self.name,
            name=name if group in ("", name) else f"{group}:{name}",
            kind=name,
            word=word,
            state=state_of("supervisord", word),
            heard=at,
            group=self._group,
            host=HERE if alive else "",
            pid=pid if alive else None,
            body=Body(uptime=uptime),
            events=(Event(when, error, True),) if error else (),
            log=_text(program, "stdout_logfile") or _text(program, "logfile"),
            facts=(("supervised", _text(program, "description")),) if program.get("description") else (),
        )


def _text(program: Mapping[str, Any], key: str) -> str:
    return cut(clean(str(program.get(key) or "")), 300)
