"""The characters that screens are drawn with: one set for terminals with Unicode, one for plain ASCII."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Glyphs:
    """A set of characters; every one is a single cell wide."""

    ascii_only: bool
    bar: str
    """Parts of a cell filled from the left, from none to all."""
    column: str
    """Parts of a cell filled from below, from none to all."""
    shades: str
    """From light to dark, for heat maps."""
    rule: str
    track: str
    limit: str
    """The tick on a meter where its warning begins."""
    alert: str
    """The tick on a time axis where an alert was raised."""
    more: str
    dot: str
    up: str
    down: str
    live: str
    arrow: str
    paused: str
    marks: dict[str, str] = field(default_factory=dict)
    """The shape of each level; never colour alone."""
    states: dict[str, str] = field(default_factory=dict)
    """The shape of each worker state."""


UNICODE = Glyphs(
    ascii_only=False,
    bar=" ▏▎▍▌▋▊▉█",
    column=" ▁▂▃▄▅▆▇█",
    shades=" ░▒▓█",
    rule="─",
    track="·",
    limit="|",
    alert="▲",
    more="…",
    dot="·",
    up="▲",
    down="▼",
    live="●",
    arrow="→",
    paused="‖",
    marks={"critical": "✖", "warning": "▲", "info": "◆", "ok": "●", "pending": "◌"},
    states={"processing": "▶", "active": "●", "waiting": "○", "error": "✖", "stale": "◌", "unknown": "?"},
)

ASCII = Glyphs(
    ascii_only=True,
    bar=" #",
    column=" .:-=+*#@",
    shades=" .:*#",
    rule="-",
    track=".",
    limit="|",
    alert="^",
    more="~",
    dot=".",
    up="^",
    down="v",
    live="o",
    arrow="->",
    paused="=",
    marks={"critical": "!", "warning": "^", "info": "i", "ok": ".", "pending": "?"},
    states={"processing": ">", "active": "*", "waiting": "o", "error": "x", "stale": "~", "unknown": "?"},
)
