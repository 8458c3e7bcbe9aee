"""Every key of the table of commands, pressed in the running app."""

from __future__ import annotations

import pytest
from textual.events import AppBlur, AppFocus
from ui_scene import Driver, Scene, running

from perf_tui.config.errors import ConfigError
from perf_tui.ui.app import INTERVALS, PerfApp
from perf_tui.ui.commands import BY_ID, COMMANDS, SCREENS, check_keys, key_names
from perf_tui.ui.palette import PALETTES
from perf_tui.ui.screens.help import Help


def cursor(driver: Driver, id: str = "processes") -> int:
    """The pid under the cursor."""
    pid: int = driver.pane(id).current.pid
    return pid


async def on_system(driver: Driver) -> None:
    await driver.press("3")
    assert driver.app.current_mode == "system"


# -- screens


async def test_digits_show_the_screens_and_the_key_bar_marks_them(scene: Scene) -> None:
    async with running(scene, (132, 40)) as driver:
        for number, (name, title, _) in enumerate(SCREENS, 1):
            await driver.press(str(number))
            assert driver.app.current_mode == name
            assert driver.live.name_of == name
            assert f"{number} {title}" in driver.rows[-1]
            marked = [text for text, role in driver.pane("keybar")._rows[0] if role == "badge"]
            assert marked == [title]
        await driver.press("1")
        assert driver.app.current_mode == "overview"


async def test_a_digit_closes_a_screen_above(scene: Scene) -> None:
    async with running(scene) as driver:
        await driver.press("2", "enter")
        assert len(driver.app.screen_stack) == 2
        await driver.press("3")
        assert (driver.app.current_mode, len(driver.app.screen_stack)) == ("system", 1)
        await driver.press("2")
        assert len(driver.app.screen_stack) == 1


async def test_enter_opens_and_escape_goes_back_but_never_quits(scene: Scene) -> None:
    async with running(scene) as driver:
        for _ in range(4):
            await driver.press("tab")
            if driver.app.focused is not None and driver.app.focused.id == "machine":
                break
        await driver.press("enter")
        assert driver.app.current_mode == "system"
        await driver.press("2", "enter")
        screen = driver.app.screen
        assert len(driver.app.screen_stack) == 2
        assert screen.service in driver.text  # type: ignore[attr-defined]
        await driver.press("escape")
        assert driver.app.screen is not screen
        for _ in range(5):
            await driver.press("escape")
        assert driver.app.is_running
        assert driver.app.current_mode == "app"


async def test_n_goes_to_the_next_service_and_capital_n_back(scene: Scene) -> None:
    async with running(scene) as driver:
        await driver.press("2", "enter")
        screen = driver.app.screen
        seen = [screen.service]  # type: ignore[attr-defined]
        for key in ("n", "n", "N", "N"):
            await driver.press(key)
            seen.append(screen.service)  # type: ignore[attr-defined]
        assert seen[0] != seen[1]
        assert seen == [seen[0], seen[1], seen[0], seen[1], seen[0]]
        assert seen[0] in driver.pane_text("facts")[0]


# -- moving


async def test_tab_goes_round_the_panes_that_take_keys(scene: Scene) -> None:
    async with running(scene) as driver:
        for mode in PerfApp.MODES:
            await driver.app.action_show(mode)
            await driver.settle()
            panes = [pane for pane in driver.live._shown() if pane.focusable]
            focused = []
            for _ in range(len(panes)):
                await driver.press("tab")
                focused.append(driver.app.focused)
            assert set(focused) == set(panes)
            for pane in [*reversed(focused[:-1]), focused[-1]]:
                await driver.press("shift+tab")
                assert driver.app.focused is pane
            for pane in panes:
                title = driver.pane(str(pane.id))._rows[0]
                assert ("focus" in {role for _, role in title}) == (pane is driver.app.focused)


@pytest.mark.parametrize(("down", "up", "last", "first"), [("down", "up", "end", "home"), ("j", "k", "G", "g")])
async def test_the_cursor_moves(scene: Scene, down: str, up: str, last: str, first: str) -> None:
    async with running(scene) as driver:
        await on_system(driver)
        page = driver.pane("processes").size.height - 2
        assert cursor(driver) == 100
        await driver.press(down, down, down)
        assert cursor(driver) == 103
        await driver.press(up)
        assert cursor(driver) == 102
        await driver.press("pagedown")
        assert cursor(driver) == 102 + page
        await driver.press("pageup", "pageup")
        assert cursor(driver) == 100
        await driver.press(up)
        assert cursor(driver) == 100
        await driver.press(last)
        assert cursor(driver) in range(100, 160)
        assert driver.pane("processes")._index == 59
        assert str(cursor(driver)) in driver.pane_text("processes")[-1]
        await driver.press(down)
        assert driver.pane("processes")._index == 59
        await driver.press(first)
        assert cursor(driver) == 100


@pytest.mark.parametrize(("left", "right"), [("left", "right"), ("h", "l")])
async def test_sideways_sorts_by_the_neighbouring_column(scene: Scene, left: str, right: str) -> None:
    async with running(scene) as driver:
        await on_system(driver)
        assert "CPU▼" in driver.pane_text("processes")[1]
        await driver.press(right)
        assert "memory▼" in driver.pane_text("processes")[1]
        await driver.press(left, left)
        assert " ▲" in driver.pane_text("processes")[1]  # the state, a column of one cell
        await driver.press(left, left)
        assert "pid▲" in driver.pane_text("processes")[1]
        assert "100" in driver.pane_text("processes")[2]
        await driver.press(left)
        assert "command▲" in driver.pane_text("processes")[1]


async def test_sort_and_reverse(scene: Scene) -> None:
    async with running(scene) as driver:
        await on_system(driver)
        await driver.press("s")
        head, *rows = driver.pane_text("processes")[1:]
        assert "memory▼" in head
        sizes = [row.memory for row in driver.pane("processes")._shown]
        assert sizes == sorted(sizes, reverse=True)
        await driver.press("r")
        assert "memory▲" in driver.pane_text("processes")[1]
        assert [row.memory for row in driver.pane("processes")._shown] == sorted(sizes)
        await driver.press("r")
        assert driver.pane_text("processes")[2:] == rows


# -- the filter


async def test_typing_narrows_and_enter_keeps(scene: Scene) -> None:
    async with running(scene) as driver:
        await on_system(driver)
        await driver.press("slash")
        assert "filter: a word" in driver.rows[-1]
        await driver.type("er-12")
        assert [row.pid for row in driver.pane("processes")._shown] == list(range(120, 130))
        assert "er-12" in driver.rows[-1]
        await driver.press("enter")
        assert "help" in driver.rows[-1]
        assert driver.app.focused is driver.pane("processes")
        assert "filter “er-12”" in driver.pane_text("processes")[0]
        await driver.publish()
        assert len(driver.pane("processes")._shown) == 10
        await driver.press("slash", "backspace", "3", "enter")
        assert {row.pid for row in driver.pane("processes")._shown} == set(range(130, 140))
        await driver.press("escape")
        assert len(driver.pane("processes")._shown) == 60
        assert "filter" not in driver.pane_text("processes")[0]


async def test_escape_drops_the_filter_while_typing(scene: Scene) -> None:
    async with running(scene) as driver:
        await on_system(driver)
        await driver.press("slash", *"zzz")
        assert "no row holds “zzz”" in driver.text
        assert driver.pane("processes").current is None
        await driver.press("escape")
        assert len(driver.pane("processes")._shown) == 60
        assert "help" in driver.rows[-1]
        assert driver.app.focused is driver.pane("processes")


async def test_every_command_key_is_text_in_a_filter(scene: Scene) -> None:
    """Among them q, which must not end the program."""
    keys = [key for command in COMMANDS for key in key_names(command.keys) if len(key) == 1]
    async with running(scene) as driver:
        await on_system(driver)
        await driver.press("slash", *keys, "space", "slash")
        assert driver.app.is_running
        assert driver.pane("processes").needle == "".join(keys) + " /"
        assert driver.app.current_mode == "system"


async def test_a_filter_is_left_by_tab_and_by_the_mouse(scene: Scene) -> None:
    async with running(scene) as driver:
        await on_system(driver)
        for leave in ("tab", "click"):
            await driver.press("slash", *"er-12")
            if leave == "tab":
                await driver.press("tab")
            else:
                await driver.pilot.click("#processes", offset=(5, 3))
                await driver.settle()
            assert "help" in driver.rows[-1]
            assert len(driver.pane("processes")._shown) == 10
            await driver.press("1")
            assert driver.app.current_mode == "overview"
            await driver.press("3")
            driver.pane("processes").focus()
            await driver.press("escape")
            assert len(driver.pane("processes")._shown) == 60


async def test_a_screen_without_a_table_says_so(scene: Scene) -> None:
    async with running(Scene(), notifications=True) as driver:
        await driver.press("5", "slash")
        await driver.until(lambda: "no table to filter" in driver.text)
        await driver.press("s", "r", "j", "enter", "left")
        assert driver.app.is_running


# -- pause


@pytest.mark.parametrize("key", ["p", "space"])
async def test_a_paused_picture_stands_still_and_goes_on(scene: Scene, key: str) -> None:
    async with running(scene) as driver:
        await on_system(driver)
        await driver.press(key)
        assert "‖ paused" in driver.rows[0]
        before = driver.text
        history = [list(driver.app.view.snapshot.past(each, 50)) for each in list(scene.given)[:3]]
        for _ in range(5):
            await driver.publish(7)
        assert driver.text == before
        assert [list(driver.app.view.snapshot.past(each, 50)) for each in list(scene.given)[:3]] == history
        await driver.press("1", "3")
        assert driver.text == before
        # The frozen picture can be looked through.
        await driver.press("s")
        assert "memory▼" in driver.text
        await driver.press(key)
        assert "● live" in driver.rows[0]
        assert driver.rows[0] != before.splitlines()[0]


# -- settings


async def test_plus_and_minus_change_the_interval_and_show_it(scene: Scene) -> None:
    async with running(scene, notifications=True) as driver:
        engine = driver.app.engine
        assert engine.interval == 2.0
        await driver.press("plus")
        assert engine.interval == 5.0
        await driver.until(lambda: "every 5 s" in driver.text)
        await driver.press("equals_sign")
        assert engine.interval == 10.0
        for _ in range(10):
            await driver.press("minus")
        assert engine.interval == INTERVALS[0]
        for _ in range(10):
            await driver.press("plus")
        assert engine.interval == INTERVALS[-1]
        await driver.publish(interval=engine.interval)
        assert "every 60s" in driver.rows[0]


async def test_an_interval_between_the_steps_goes_to_the_next(scene: Scene) -> None:
    async with running(scene) as driver:
        driver.app.engine.set_interval(3.0)
        await driver.press("minus")
        assert driver.app.engine.interval == 2.0
        driver.app.engine.set_interval(3.0)
        await driver.press("plus")
        assert driver.app.engine.interval == 5.0


async def test_capital_a_hides_the_alert_log_everywhere(scene: Scene) -> None:
    async with running(scene) as driver:
        assert any("─ alerts ─" in row for row in driver.rows)
        tall = driver.pane("clock").size.height
        await driver.press("A")
        assert not any("─ alerts ─" in row for row in driver.rows)
        assert driver.pane("clock").size.height >= tall
        await driver.press("3")
        assert not any("─ alerts ─" in row for row in driver.rows)
        await driver.press("A")
        assert any("─ alerts ─" in row for row in driver.rows)
        await driver.press("1")
        assert any("─ alerts ─" in row for row in driver.rows)


async def test_keys_do_not_go_to_a_log_that_was_hidden(scene: Scene) -> None:
    async with running(scene) as driver:
        await on_system(driver)
        await driver.press("shift+tab")
        assert driver.app.focused is driver.pane("log")
        await driver.press("A", "j", "j")
        assert driver.app.focused is driver.pane("processes")
        assert cursor(driver) == 102


async def test_t_goes_through_all_themes(scene: Scene) -> None:
    async with running(scene, notifications=True) as driver:
        await on_system(driver)
        text = driver.rows[1:24]
        seen = []
        for _ in PALETTES:
            await driver.press("t")
            seen.append(driver.app.palette.name)
            assert driver.app.theme == driver.app.palette.name
            title = driver.app.palette.title.split(":")[0]
            await driver.until(lambda title=title: title in driver.text)
            strip = driver.pane("header").render_lines(driver.pane("header").size.region)[0]
            badge = next(segment for segment in strip if "perf-tui" in segment.text)
            assert badge.style == driver.app.palette.style("badge")
        assert sorted(seen) == sorted(PALETTES)
        assert driver.app.palette.name == "dark"
        assert driver.rows[1:24] == text


async def test_screens_that_were_hidden_take_on_the_new_theme(scene: Scene) -> None:
    async with running(scene) as driver:
        await driver.press("3", "1", "t", "t", "3")
        pane = driver.pane("memory")
        strips = pane.render_lines(pane.size.region)
        styles = {segment.style for strip in strips for segment in strip}
        assert styles <= {driver.app.palette.style(role) for role in driver.app.palette.looks}


async def test_without_colour_there_is_one_theme(scene: Scene) -> None:
    async with running(scene, colour=False, notifications=True) as driver:
        await driver.press("t")
        assert driver.app.palette.name == "monochrome"
        await driver.until(lambda: "NO_COLOR" in driver.text)


# -- help and palette


@pytest.mark.parametrize("key", ["question_mark", "f1"])
async def test_help_lists_every_command_and_scrolls(scene: Scene, key: str) -> None:
    async with running(scene, (100, 30)) as driver:
        await driver.press(key)
        assert isinstance(driver.app.screen, Help)
        seen = driver.text
        for _ in range(4):
            await driver.press("pagedown")
            seen += driver.text
        for command in COMMANDS:
            assert command.help in seen, command.id
            for part in command.shown.split():
                assert part in seen, command.id
        for mark in ("idle:", "pending:", "absent:", "denied:", "error:", "stale:", "at least this:"):
            assert mark in seen
        await driver.press("escape")
        assert driver.app.current_mode == "overview"
        assert not isinstance(driver.app.screen, Help)


async def test_help_moves_with_all_moving_keys(scene: Scene) -> None:
    async with running(scene, (80, 24)) as driver:
        await driver.press("question_mark")
        scroll = driver.app.screen.query_one("VerticalScroll")
        for forth, back in (("down", "up"), ("j", "k"), ("pagedown", "pageup"), ("end", "home"), ("G", "g")):
            await driver.press(forth)
            await driver.until(lambda: scroll.scroll_y > 0)
            await driver.press(back)
            await driver.until(lambda: scroll.scroll_y == 0)
        await driver.press("q")
        assert driver.app.is_running
        assert not isinstance(driver.app.screen, Help)


async def test_help_is_opened_once_and_shuts_out_other_keys(scene: Scene) -> None:
    async with running(scene) as driver:
        await driver.press("f1", "3", "p", "s")
        assert driver.app.current_mode == "overview"
        assert len(driver.app.screen_stack) == 2
        await driver.press("f1")
        assert len(driver.app.screen_stack) == 1
        assert "live" in driver.rows[0]


async def test_the_screen_below_help_goes_on(scene: Scene) -> None:
    async with running(scene) as driver:
        await driver.press("f1")
        before = driver.pane("header")._rows
        await driver.publish(5)
        assert driver.pane("header")._rows != before


async def test_the_palette_lists_the_commands_and_runs_one(scene: Scene) -> None:
    async with running(scene, (120, 80)) as driver:
        await driver.press("ctrl+p")
        await driver.until(lambda: "overview (1)" in driver.text)
        listed = driver.text
        for command in COMMANDS:
            if command.group != "Moving" and command.id not in ("palette",):
                assert f"{command.title} (" in listed, command.id
        await driver.type("system")
        await driver.until(lambda: "overview (1)" not in driver.text and "system (3)" in driver.text)
        await driver.press("enter")
        await driver.until(lambda: driver.app.current_mode == "system")
        await driver.press("ctrl+p", "escape")
        await driver.until(lambda: len(driver.app.screen_stack) == 1)
        assert driver.app.current_mode == "system"


# -- quitting


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
async def test_quit(scene: Scene, key: str) -> None:
    async with running(scene) as driver:
        await driver.leave(key)


@pytest.mark.parametrize("before", [("3", "slash", "x"), ("e",), ("question_mark",)])
async def test_ctrl_c_quits_from_everywhere(scene: Scene, before: tuple[str, ...]) -> None:
    async with running(scene) as driver:
        await driver.press(*before)
        await driver.leave("ctrl+c")


async def test_unknown_keys_do_nothing(scene: Scene) -> None:
    async with running(scene) as driver:
        before = driver.text
        await driver.press("x", "Z", "f9", "ctrl+l", "delete", "7", "dollar_sign", "ctrl+q")
        assert driver.text.splitlines()[1:] == before.splitlines()[1:]


# -- [keys]


async def test_remapped_keys_work_and_are_shown(scene: Scene) -> None:
    keys = {"pause": "f5, x", "sort": "r", "reverse": "s", "help": "comma,!", "quit": "Q", "next_pane": "ctrl+n"}
    check_keys(keys)
    async with running(scene, (132, 40), keys=keys) as driver:
        await on_system(driver)
        assert "F5 pause" in driver.rows[-1]
        assert "r sort" in driver.rows[-1]
        assert "Q quit" in driver.rows[-1]
        await driver.press("p")
        assert "live" in driver.rows[0]
        await driver.press("f5")
        assert "paused" in driver.rows[0]
        await driver.press("x")
        assert "live" in driver.rows[0]
        await driver.press("r")
        assert "memory▼" in driver.text
        await driver.press("s")
        assert "memory▲" in driver.text
        await driver.press("ctrl+n")
        assert driver.app.focused is driver.pane("log")
        await driver.press("tab", "question_mark")
        assert driver.app.focused is driver.pane("log")
        await driver.press("exclamation_mark")
        assert isinstance(driver.app.screen, Help)
        assert "F5 x" in driver.text
        assert "Q Ctrl+C" in driver.text
        assert ", !" in driver.text
        await driver.press("escape", "q")
        assert driver.app.is_running
        assert not driver.app._exit
        await driver.leave("Q")


async def test_ctrl_c_quits_whatever_quit_is_remapped_to(scene: Scene) -> None:
    async with running(scene, keys={"quit": "Q"}) as driver:
        await driver.leave("ctrl+c")


@pytest.mark.parametrize(
    ("keys", "where", "said"),
    [
        ({"nope": "x"}, "keys.nope", "no such command"),
        ({"pause": "s"}, "keys.pause", '"s" belongs to sort'),
        ({"pause": "x", "sort": "x"}, "keys.sort", '"x" belongs to pause'),
        ({"export": "?"}, "keys.export", '"question_mark" belongs to help'),
        ({"pause": "ctrl+c"}, "keys.pause", '"ctrl+c" belongs to quit'),
        ({"quit": "Q", "pause": "ctrl+c"}, "keys.pause", '"ctrl+c" belongs to quit'),
        ({"pause": "banana"}, "keys.pause", 'no key "banana"'),
        ({"pause": "shift+a"}, "keys.pause", 'no key "shift+a"'),
        ({"pause": "ctrl+"}, "keys.pause", "no key"),
        ({"pause": " , "}, "keys.pause", "there is no key in it"),
        ({"pause": "x\x1b[31m"}, "keys.pause", "no key"),
    ],
)
def test_wrong_keys_are_errors_of_the_configuration(keys: dict[str, str], where: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_keys(keys, "here.toml")
    assert str(caught.value).startswith(f"here.toml: {where}: ")
    assert said in str(caught.value)
    assert str(caught.value).isprintable()


def test_keys_that_are_allowed() -> None:
    check_keys({})
    check_keys({"sort": "r", "reverse": "s"})
    check_keys({"pause": "p,space"})
    check_keys({"pause": "ctrl+x, alt+p, shift+f3, f12, comma, £, ü, >"})
    check_keys({"quit": "Q, ctrl+c"})


def test_keys_are_named_as_textual_names_them() -> None:
    from string import digits, punctuation

    from textual.keys import _character_to_key

    for char in punctuation.replace(",", "") + digits + "aZ":
        assert key_names(char) == [_character_to_key(char)]
    assert all(check in BY_ID for check in ("overview", "quit"))


def test_no_key_has_two_commands() -> None:
    keys = [key for command in COMMANDS for key in key_names(f"{command.keys},{command.always}")]
    assert len(keys) == len(set(keys))
    check_keys({command.id: command.keys for command in COMMANDS})


async def test_a_filter_survives_another_window(scene: Scene) -> None:
    """The terminal tells when its window loses the focus: that is no reason to leave the filter."""
    async with running(scene) as driver:
        await on_system(driver)
        await driver.press("slash", *"er-1")
        driver.app.post_message(AppBlur())
        await driver.settle()
        await driver.publish()
        assert "er-1" in driver.rows[-1]
        driver.app.post_message(AppFocus())
        await driver.settle()
        await driver.press("2")
        assert driver.pane("processes").needle == "er-12"
