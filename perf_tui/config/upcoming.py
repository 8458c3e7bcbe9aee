"""What the schema accepts and this version does not act on yet: the one list, which shrinks over time."""

from __future__ import annotations

from perf_tui.config.schema import Config

NOT_YET = {
    "history": "nothing is recorded to disk",
    "prometheus": "no other machine is read",
}
"""Section → what does not happen, whatever the section says."""


def ignored(config: Config) -> dict[str, str]:
    """The sections of NOT_YET that this configuration sets to something."""
    defaults = Config()
    return {
        section: what for section, what in NOT_YET.items() if getattr(config, section) != getattr(defaults, section)
    }
