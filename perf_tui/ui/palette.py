"""The themes: what colour each role has.

Colours are of the 256-colour table, whatever the terminal can do: plain SSH sessions have no more,
the picture is the same everywhere, and an escape sequence of theirs is half as long as one of 24 bits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.color import Color
    from rich.style import Style
    from textual.theme import Theme

Look = tuple[int | None, int | None, str]
"""Foreground, background (None: the theme's own), and attributes: bold, dim, reverse, underline."""


@dataclass(frozen=True, slots=True)
class Palette:
    """A theme: colours by number of the 256-colour table, or of the terminal's own 16 where `ansi`."""

    name: str
    title: str
    dark: bool
    background: int | None
    looks: dict[str, Look]
    ansi: bool = False
    _styles: dict[str, Style] = field(default_factory=dict)

    def style(self, role: str) -> Style:
        """The Rich style of a role; an unknown role looks like text."""
        style = self._styles.get(role)
        if style is None:
            from rich.style import Style

            fore, back, attributes = self.looks.get(role, self.looks["text"])
            style = self._styles[role] = Style(
                color=_colour(fore),
                bgcolor=_colour(self.background if back is None else back),
                **dict.fromkeys(attributes.split(), True),  # type: ignore[arg-type]
            )
        return style

    def theme(self) -> Theme:
        """The Textual theme for dialogs and the command palette, in the same colours."""
        from rich.color import Color
        from textual.theme import Theme

        def named(number: int | None) -> str:
            if not self.ansi:
                return str(Color.from_ansi(number or 0).get_truecolor().hex)
            return "ansi_default" if number is None else f"ansi_{'bright_' * (number > 7)}{_ANSI[number % 8]}"

        def colour(role: str) -> str:
            return named(self.looks[role][0])

        surface = named(self.background)
        return Theme(
            name=self.name,
            primary=colour("accent"),
            secondary=colour("title"),
            warning=colour("warning"),
            error=colour("critical"),
            success=colour("ok"),
            accent=colour("accent"),
            foreground=colour("text"),
            background=surface,
            surface=surface,
            panel=surface,
            boost=surface if self.ansi else None,
            dark=self.dark,
            ansi=self.ansi,
            variables=_OWN_COLOURS | {"input-selection-background": named(self.looks["select"][1])}
            if self.ansi
            else {},
        )


_ANSI = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_OWN_COLOURS = {
    "block-cursor-text-style": "reverse",
    "block-cursor-blurred-text-style": "reverse",
    **dict.fromkeys(
        (
            "block-cursor-background", "border", "border-blurred", "ansi-background", "ansi-foreground", "scrollbar",
            "scrollbar-hover", "scrollbar-active", "scrollbar-background", "scrollbar-background-hover",
            "scrollbar-background-active",
        ),
        "ansi_default",
    ),
}  # fmt: skip
"""Where Textual would set a colour that the terminal's theme may not bear: reverse video, or none."""


def _colour(number: int | None) -> Color | None:
    from rich.color import Color

    return None if number is None else Color.from_ansi(number)


def _looks(
    text: int | None, dim: int, accent: int, rule: int, track: int, ok: int, info: int, warning: int, critical: int,
    charts: tuple[int, int, int, int], select: tuple[int | None, int], key: int,
) -> dict[str, Look]:  # fmt: skip
    one, two, three, four = charts
    return {
        "text": (text, None, ""),
        "strong": (text, None, "bold"),
        "dim": (dim, None, ""),
        "accent": (accent, None, "bold"),
        "title": (accent, None, ""),
        "focus": (accent, None, "bold reverse"),
        "rule": (rule, None, ""),
        "track": (track, None, ""),
        "ok": (ok, None, ""),
        "info": (info, None, ""),
        "warning": (warning, None, ""),
        "critical": (critical, None, "bold"),
        "chart1": (one, None, ""),
        "chart2": (two, None, ""),
        "chart3": (three, None, ""),
        "chart4": (four, None, ""),
        "select": (select[0], select[1], ""),
        "key": (key, None, "bold"),
        "badge": (accent, None, "reverse"),
        "badge_warning": (warning, None, "bold reverse"),
        "badge_critical": (critical, None, "bold reverse"),
    }


PALETTES = {
    palette.name: palette
    for palette in (
        Palette(
            "dark", "Dark", True, 234,
            _looks(252, 245, 80, 240, 239, 114, 110, 214, 203, (80, 111, 176, 179), (255, 24), 80),
        ),
        Palette(
            "night", "Night: black, for dark rooms", True, 16,
            _looks(248, 242, 108, 237, 236, 65, 67, 172, 167, (108, 67, 132, 136), (252, 236), 108),
        ),
        Palette(
            "light", "Light", False, 255,
            _looks(235, 242, 24, 250, 251, 28, 25, 94, 124, (24, 61, 90, 58), (16, 153), 24),
        ),
        Palette(
            "blue-orange", "Blue and orange, for colour-blind eyes", True, 233,
            _looks(252, 245, 75, 240, 239, 75, 153, 215, 208, (75, 153, 223, 215), (16, 75), 153),
        ),
        Palette(
            "terminal", "The terminal's own colours", True, None,
            _looks(None, 8, 6, 8, 8, 2, 4, 3, 1, (6, 4, 5, 3), (None, 8), 6), ansi=True,
        ),
    )
}  # fmt: skip

_PLAIN: dict[str, Look] = {
    role: (None, None, attributes)
    for role, attributes in {
        "text": "", "strong": "bold", "dim": "dim", "accent": "bold", "title": "", "focus": "bold reverse",
        "rule": "dim",
        "track": "dim", "ok": "", "info": "", "warning": "bold", "critical": "bold", "chart1": "", "chart2": "dim",
        "chart3": "bold", "chart4": "", "select": "reverse", "key": "bold", "badge": "reverse",
        "badge_warning": "bold reverse", "badge_critical": "bold reverse",
    }.items()
}  # fmt: skip

MONOCHROME = Palette("monochrome", "No colour", True, None, _PLAIN, ansi=True)
"""What NO_COLOR gives: weight and reverse video, no colour code at all."""


def chosen(theme: str, colour: bool) -> Palette:
    """The palette of a theme; without colour there is one."""
    return PALETTES[theme] if colour else MONOCHROME
