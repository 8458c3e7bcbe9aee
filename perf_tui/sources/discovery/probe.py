"""Asks one listener for metrics: GET on a few paths, on loopback alone, each with a short deadline."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf

from perf_tui.config.schema import Target
from perf_tui.engine.source import SourceDenied, SourceError
from perf_tui.sources.discovery.knock import knock
from perf_tui.sources.discovery.listeners import Listener
from perf_tui.sources.inference.instead import as_metrics, switched_off
from perf_tui.sources.profiles.detect import choose, describe
from perf_tui.sources.profiles.schema import Profile
from perf_tui.sources.scrape.fetch import Fetcher, Response, TargetOptions, Unreachable, judge

SHORT = 0.5
"""Seconds for one answer."""
AT_ONCE = 8
"""Listeners that are asked at the same time."""
LARGEST = 8 * 1024 * 1024
"""Bytes of an answer; what exports more is named in the configuration."""
OTHERS = frozenset((
    22, 23, 25, 53, 110, 111, 139, 143, 389, 445, 465, 587, 636, 993, 995,  # ssh, telnet, mail, names, files
    1433, 1521, 1883, 2049, 2181, 3306, 3389, 5432, 5433, 5671, 5672, 5900, 6379, 6380, 8883, 9042, 9092, 9093,
    11211, 25672, 26379, 27017,
))  # fmt: skip
"""Ports of protocols that are not HTTP and whose servers may log a request as an attack: they are not asked."""
OTHER_PROGRAMS = frozenset((
    "sshd", "redis-server", "valkey-server", "keydb-server", "memcached", "postgres", "mysqld", "mariadbd", "mongod",
    "named", "dnsmasq", "systemd-resolve", "smbd", "rpcbind", "exim4", "master", "dovecot", "slapd", "Xorg", "Xvnc",
))  # fmt: skip
"""Names of such servers, wherever they listen."""
_WANTS_TLS = re.compile(rb"HTTPS|SSL-enabled server port")


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one listener."""

    listener: Listener
    reason: str
    """How it was recognised, or why it cannot be watched; clean."""
    url: str | None = None
    """Where it gives metrics; None where it does not."""
    profiles: tuple[str, ...] = ()
    """Titles of the profiles that fit; without one there are metrics, and no measure is made of them."""
    metrics: int = 0
    """Names that it exports."""
    again: bool = False
    """It answers, but had nothing to say yet: worth another try."""

    @property
    def watchable(self) -> bool:
        """Whether measures can be made of it."""
        return self.url is not None and bool(self.profiles)

    @property
    def target(self) -> Target:
        """It as a target, named after its process and port. Only for one with a URL."""
        assert self.url is not None
        # A certificate for 127.0.0.1 by a known CA hardly exists: that of a listener here is not checked.
        verify = not self.url.startswith("https:")
        return Target(name=f"{self.listener.process or 'port'}:{self.listener.port}", url=self.url, verify=verify)


def paths(profiles: Iterable[Profile]) -> list[str]:
    """The paths that are tried: /metrics, then what profiles name."""
    return list(dict.fromkeys(["/metrics", *(path for profile in profiles for path in profile.paths)]))


def ports(profiles: Iterable[Profile]) -> frozenset[int]:
    """The ports on which what profiles describe usually listens."""
    return frozenset(port for profile in profiles for port in profile.ports)


async def probe_all(
    fetcher: Fetcher,
    listeners: Iterable[Listener],
    profiles: Sequence[Profile],
    within: float = SHORT,
    budget: float = inf,
) -> list[Finding]:
    """Ask some listeners, several at a time; after `budget` seconds no other one is asked."""
    left, found = deque(listeners), []
    end = asyncio.get_running_loop().time() + budget

    async def work() -> None:
        while left and asyncio.get_running_loop().time() < end:
            found.append(await probe(fetcher, left.popleft(), profiles, within))

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return sorted(found, key=lambda finding: (finding.listener.port, finding.listener.address))


async def probe(fetcher: Fetcher, listener: Listener, profiles: Sequence[Profile], within: float = SHORT) -> Finding:
    """Ask one listener; `within` is the time for each answer. Never raises for what the listener does."""
    if listener.port in OTHERS:
        return Finding(listener, "not asked: its port is that of another protocol")
    if listener.process in OTHER_PROGRAMS:
        return Finding(listener, "not asked: this program speaks another protocol")
    scheme, first = "http", ""
    for path in _order(listener.port, profiles):
        try:
            response, scheme = await _ask(fetcher, listener, scheme, path, within)
            finding = await _read(listener, _url(scheme, listener, path), response, profiles)
        except (Unreachable, SourceDenied) as error:  # other paths would fare no better
            return Finding(listener, str(error))
        except SourceError as error:
            first = first or str(error)
            continue
        return finding
    return Finding(listener, first)


def _order(port: int, profiles: Sequence[Profile]) -> list[str]:
    """What usually listens on this port comes first: fewer requests that find nothing."""
    usual = [path for profile in profiles if port in profile.ports for path in profile.paths]
    return list(dict.fromkeys([*usual, *paths(profiles)]))


def _url(scheme: str, listener: Listener, path: str) -> str:
    host = f"[{listener.address}]" if ":" in listener.address else listener.address
    return f"{scheme}://{host}:{listener.port}{path}"


async def _ask(fetcher: Fetcher, listener: Listener, scheme: str, path: str, within: float) -> tuple[Response, str]:
    """The answer, and the scheme that it came by: over TLS where plain HTTP is answered with the wish for it."""
    options = TargetOptions(_url(scheme, listener, path), timeout=within, max_body=LARGEST, verify=False)
    response = await knock(listener.address, listener.port, path, within, LARGEST) if scheme == "http" else None
    if response is None:
        response = await fetcher.request(options)
    if scheme == "http" and response.status >= 400 and _WANTS_TLS.search(response.body[:2000]):
        return await _ask(fetcher, listener, "https", path, within)
    # A 404 is what most servers answer to most paths: nobody is asked once more for that.
    if response.status in (501, 503) and (reason := await switched_off(fetcher, options, response.status)):
        raise SourceError(reason)
    response = as_metrics(path, response)
    judge(response, options)
    return response, scheme


async def _read(listener: Listener, url: str, response: Response, profiles: Sequence[Profile]) -> Finding:
    """What the answer exports. Raises SourceError where it holds no metrics."""
    # Most of what listens here has no metrics: what makes measures of them (2 MiB) is loaded with the first that may.
    from perf_tui.sources.scrape.model import Model
    from perf_tui.sources.scrape.reader import STEP, Pass

    model = Model(url, profiles, 60.0)
    reading = Pass(model.reader, response.text, response.openmetrics)
    while reading.step(STEP):  # noqa: ASYNC110  (nothing is waited for)
        await asyncio.sleep(0)  # others get their turn
    metrics = len(model.survey.samples)
    if reading.scrape.bad > metrics or (not metrics and response.body.strip()):
        raise SourceError("it answers with text that holds no metrics")
    if not metrics:
        return Finding(listener, "it answers, and has no metrics yet", again=True)
    model.settle()
    titles = tuple(each.profile.title for each in choose(model.fits))
    return Finding(listener, describe(model.fits), url, titles, metrics)
