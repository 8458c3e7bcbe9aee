"""Targets as sources, and what they share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from perf_tui.config.errors import ConfigError
from perf_tui.config.explain import nearest, shown
from perf_tui.config.schema import Config, Target
from perf_tui.sources.profiles.load import load_all
from perf_tui.sources.profiles.schema import Profile
from perf_tui.sources.scrape.fetch import Fetcher

if TYPE_CHECKING:
    from perf_tui.sources.scrape.source import ScrapeSource


def check_profiles(config: Config, profiles: list[Profile], file: str) -> None:
    """Raises ConfigError where a target of `file` names a profile that there is not."""
    names = [profile.name for profile in profiles]
    for number, target in enumerate(config.targets):
        if target.profile is not None and target.profile not in names:
            problem = f"there is no profile {shown(target.profile)}; {nearest(target.profile, names)}"
            raise ConfigError(file, f"targets[{number}].profile", problem)


class Scraping:
    """What the sources of targets share: profiles, connections, the engine's window and interval."""

    def __init__(self, config: Config, profiles_folder: Path) -> None:
        """`profiles_folder` is where a person's own profiles lie, if it exists. Raises ConfigError."""
        self.profiles = load_all(profiles_folder)
        self.fetcher = Fetcher()
        self._window, self._interval = config.window, config.interval
        check_profiles(config, self.profiles, "configuration")

    def source(self, target: Target) -> ScrapeSource:
        """The source that watches a target."""
        from perf_tui.sources.scrape.source import ScrapeSource  # with the first target, which there may never be

        return ScrapeSource(target, self.profiles, self.fetcher, self._window, self._interval)
