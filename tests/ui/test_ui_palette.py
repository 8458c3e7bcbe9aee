"""Themes: every role exists, text can be read, levels differ in more than colour, NO_COLOR has none."""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from rich.color import ColorType
from ui_scene import Scene, running

import perf_tui.ui as ui
from perf_tui.config.schema import Theme
from perf_tui.ui.draw.glyphs import ASCII, UNICODE, Glyphs
from perf_tui.ui.draw.row import SOLID
from perf_tui.ui.palette import MONOCHROME, PALETTES, Palette

ALL = [*PALETTES.values(), MONOCHROME]


@lru_cache
def roles_in_use() -> set[str]:
    """Every string constant of the interface that is the name of a role, as the source has them."""
    known = set(PALETTES["dark"].looks)
    used = set()
    for path in Path(ui.__file__).parent.rglob("*.py"):
        if path.name != "palette.py":
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in known:
                    used.add(node.value)
    return used


# -- the oracle: xterm's 256 colours, and contrast as WCAG 2 defines it


def rgb(number: int) -> tuple[int, int, int]:
    """The colour cube and the grey ramp of xterm; the first 16 are the terminal's own."""
    assert 16 <= number <= 255
    if number >= 232:
        grey = 8 + 10 * (number - 232)
        return grey, grey, grey
    steps = (0, 95, 135, 175, 215, 255)
    number -= 16
    return steps[number // 36], steps[number // 6 % 6], steps[number % 6]


def luminance(colour: tuple[int, int, int]) -> float:
    linear = [c / 255 / 12.92 if c / 255 <= 0.03928 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: int, two: int) -> float:
    high, low = sorted((luminance(rgb(one)), luminance(rgb(two))), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_oracle() -> None:
    assert contrast(16, 231) == pytest.approx(21.0)
    assert rgb(214) == (255, 175, 0)
    assert rgb(234) == (28, 28, 28)


# -- themes


def test_there_is_a_palette_for_each_theme_of_the_configuration() -> None:
    assert set(PALETTES) == set(Theme.__args__)  # type: ignore[attr-defined]
    assert all(name == palette.name for name, palette in PALETTES.items())
    assert any(not palette.dark for palette in PALETTES.values())
    assert any(palette.ansi for palette in PALETTES.values())


@pytest.mark.parametrize("palette", ALL, ids=lambda palette: palette.name)
def test_every_role_exists_in_every_theme(palette: Palette) -> None:
    assert set(palette.looks) == set(PALETTES["dark"].looks)
    assert roles_in_use() <= set(palette.looks)
    assert set(palette.looks) >= SOLID
    assert {"text", "warning", "critical", "select", "chart1"} <= roles_in_use()


FIXED = [palette for palette in PALETTES.values() if palette.background is not None]


@pytest.mark.parametrize("palette", FIXED, ids=lambda palette: palette.name)
@pytest.mark.parametrize(
    ("role", "least"),
    [
        ("text", 4.5), ("strong", 4.5), ("warning", 4.5), ("critical", 4.5), ("ok", 3.0), ("info", 3.0),
        ("accent", 4.5), ("title", 4.5), ("focus", 4.5), ("key", 4.5), ("select", 4.5), ("badge", 4.5),
        ("badge_warning", 4.5), ("badge_critical", 4.5), ("dim", 3.0), ("chart1", 3.0), ("chart2", 3.0),
        ("chart3", 3.0), ("chart4", 3.0),
    ],
)  # fmt: skip
def test_text_can_be_read(palette: Palette, role: str, least: float) -> None:
    fore, back, _ = palette.looks[role]
    assert fore is not None
    assert palette.background is not None
    assert contrast(fore, palette.background if back is None else back) >= least


@pytest.mark.parametrize("palette", PALETTES.values(), ids=lambda palette: palette.name)
def test_levels_look_unlike_each_other(palette: Palette) -> None:
    looks = [palette.looks[role] for role in ("text", "warning", "critical")]
    assert len(set(looks)) == 3


def test_the_theme_for_colour_blind_eyes_is_blue_and_orange() -> None:
    looks = PALETTES["blue-orange"].looks
    for role in ("ok", "info", "warning", "critical", "chart1", "chart2", "chart3", "chart4"):
        red, green, blue = rgb(looks[role][0] or 0)
        # Neither pure red nor pure green: blue leads, or red and green go together.
        assert blue >= max(red, green) or (red >= green >= red * 0.5), role
    assert rgb(looks["ok"][0] or 0)[2] > rgb(looks["critical"][0] or 0)[2]


@pytest.mark.parametrize(
    "palette", [palette for palette in PALETTES.values() if palette.ansi], ids=lambda each: each.name
)
def test_the_terminals_own_theme_uses_its_sixteen_colours(palette: Palette) -> None:
    for role in palette.looks:
        style = palette.style(role)
        for colour in (style.color, style.bgcolor):
            assert colour is None or colour.type in (ColorType.STANDARD, ColorType.DEFAULT)


@pytest.mark.parametrize(
    "palette", [palette for palette in PALETTES.values() if not palette.ansi], ids=lambda each: each.name
)
def test_other_themes_use_the_256_colours(palette: Palette) -> None:
    for role in palette.looks:
        style = palette.style(role)
        assert {colour.type for colour in (style.color, style.bgcolor) if colour} <= {ColorType.EIGHT_BIT}


def test_no_colour_has_no_colour() -> None:
    for role in MONOCHROME.looks:
        style = MONOCHROME.style(role)
        assert style.color is None
        assert style.bgcolor is None
    marks = [MONOCHROME.looks[role] for role in ("text", "critical", "select")]
    assert len(set(marks)) == 3


def test_an_unknown_role_looks_like_text() -> None:
    assert PALETTES["dark"].style("no such role") == PALETTES["dark"].style("text")


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_levels_and_states_differ_in_shape(glyphs: Glyphs) -> None:
    assert len({glyphs.marks[level] for level in ("critical", "warning", "info", "ok", "pending")}) == 5
    assert len(set(glyphs.states.values())) == len(glyphs.states)
    every = [glyphs.rule, glyphs.track, glyphs.limit, glyphs.alert, glyphs.more, glyphs.dot, glyphs.up, glyphs.down]
    every += [glyphs.live, glyphs.paused, *glyphs.marks.values(), *glyphs.states.values()]
    from perf_tui.text import width

    assert all(width(each) == 1 for each in every)
    for run in (glyphs.bar, glyphs.column, glyphs.shades):
        assert run[0] == " "
        assert width(run) == len(run) == len(set(run))
    if glyphs.ascii_only:
        assert all(each.isascii() for each in (*every, glyphs.bar, glyphs.column, glyphs.shades))


# -- what is drawn


@pytest.mark.parametrize(
    ("options", "allowed"),
    [
        ({"colour": False}, {ColorType.DEFAULT}),
        ({"theme": "terminal"}, {ColorType.DEFAULT, ColorType.STANDARD}),
    ],
    ids=["NO_COLOR", "terminal"],
)
async def test_no_colour_of_our_own(scene: Scene, options: dict[str, Any], allowed: set[ColorType]) -> None:
    """Nor from Textual's own widgets, nor in the cells between panes."""
    async with running(scene, (100, 30), notifications=True, **options) as driver:
        seen = set()
        for keys in (("1",), ("3",), ("slash", "x"), ("escape", "question_mark"), ("escape", "e"), ("escape", "plus")):
            await driver.press(*keys)
            if keys[-1] == "plus":
                await driver.until(lambda: "every 5 s" in driver.text)
            for strip in driver.app.screen._compositor.render_strips():
                for segment in strip:
                    style = segment.style
                    seen |= {colour.type for colour in (style.color, style.bgcolor) if colour} if style else set()
        assert seen <= allowed


async def test_the_selected_row_can_be_told_without_colour(scene: Scene) -> None:
    async with running(scene, colour=False) as driver:
        await driver.press("3", "j")
        pane = driver.pane("processes")
        strips = pane.render_lines(pane.size.region)
        reversed_rows = [
            y for y, strip in enumerate(strips) if all(part.style and part.style.reverse for part in strip)
        ]
        assert reversed_rows == [3]
