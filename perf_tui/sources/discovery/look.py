"""One look at everything that listens here, for commands that print and end."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from perf_tui.sources.discovery.listeners import Listener
from perf_tui.sources.discovery.probe import Finding, probe_all
from perf_tui.sources.profiles.schema import Profile
from perf_tui.sources.scrape.fetch import Fetcher


async def look(
    listeners: Sequence[Listener], profiles: Sequence[Profile], taken: Collection[int], within: float
) -> list[Finding]:
    """A finding for each listener; those on ports of `taken` are not asked. `within` seconds are for each answer."""
    fetcher = Fetcher()
    fetcher.open()
    try:
        found = await probe_all(fetcher, [each for each in listeners if each.port not in taken], profiles, within)
    finally:
        await fetcher.close()
    named = [Finding(each, "the configuration names it") for each in listeners if each.port in taken]
    return sorted([*found, *named], key=lambda finding: (finding.listener.port, finding.listener.address))
