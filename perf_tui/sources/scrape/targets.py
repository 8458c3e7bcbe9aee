"""The targets of the configuration as sources."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from perf_tui.config.errors import ConfigError
from perf_tui.config.explain import nearest, shown
from perf_tui.config.schema import Config
from perf_tui.engine.source import Source
from perf_tui.sources.profiles.load import load_all
from perf_tui.sources.profiles.schema import Profile
from perf_tui.sources.scrape.fetch import Fetcher
from perf_tui.sources.scrape.source import ScrapeSource


def check_profiles(config: Config, profiles: list[Profile], file: str) -> None:
    """Raises ConfigError where a target of `file` names a profile that there is not."""
    names = [profile.name for profile in profiles]
    for number, target in enumerate(config.targets):
        if target.profile is not None and target.profile not in names:
            problem = f"there is no profile {shown(target.profile)}; {nearest(target.profile, names)}"
            raise ConfigError(file, f"targets[{number}].profile", problem)


def scrape_sources(config: Config, profiles_folder: Path) -> list[Source[Any]]:
    """A source for each target; they share their connections.

    `profiles_folder` is where a person's own profiles lie, if it exists. Raises ConfigError.
    """
    profiles = load_all(profiles_folder)
    check_profiles(config, profiles, "configuration")
    fetcher = Fetcher()
    return [ScrapeSource(target, profiles, fetcher, config.window, config.interval) for target in config.targets]
