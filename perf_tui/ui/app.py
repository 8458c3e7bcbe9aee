"""The Textual application: modes for the screens, and the commands that work everywhere."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from msgspec import structs
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from perf_tui.config.errors import ConfigError
from perf_tui.config.schema import Config
from perf_tui.engine.alerts.model import Alert
from perf_tui.engine.alerts.rules import rules
from perf_tui.engine.engine import Engine
from perf_tui.engine.snapshot import Snapshot
from perf_tui.text import clean
from perf_tui.ui.bridge import Bridge
from perf_tui.ui.commands import COMMANDS, key_names
from perf_tui.ui.draw.glyphs import ASCII, UNICODE
from perf_tui.ui.palette import MONOCHROME, PALETTES, Palette, chosen
from perf_tui.ui.screens.live import LiveScreen
from perf_tui.ui.toasts import Toasts
from perf_tui.ui.view import View

if TYPE_CHECKING:
    from perf_tui.config.edit_rules import Edit
    from perf_tui.sources.workers.closeup import CloseupSource, Target

INTERVALS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


def _screen(module: str, name: str) -> Screen[None]:
    """A screen of the folder screens/, imported when it is shown for the first time."""
    screen: Screen[None] = getattr(import_module(f"perf_tui.ui.screens.{module}"), name)()
    return screen


class PerfApp(App[None]):
    """Shows what an engine publishes. It starts and stops nothing but itself."""

    MODES: ClassVar[dict[str, Callable[[], Screen[None]]]] = {  # type: ignore[assignment]
        "overview": partial(_screen, "overview", "Overview"),
        "app": partial(_screen, "application", "Application"),
        "system": partial(_screen, "system", "System"),
        "ai": partial(_screen, "ai", "Ai"),
        "workers": partial(_screen, "workers", "Workers"),
        "alerts": partial(_screen, "alerts", "Alerts"),
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(command.keys, command.action or command.id, command.title, show=False, id=command.id)
            for command in COMMANDS
        ),
        *(Binding(command.always, command.action, show=False, priority=True) for command in COMMANDS if command.always),
    ]
    CSS = """
    Screen { background: $background; overflow: hidden; scrollbar-size: 0 0; }
    ModalScreen { background: $background 60%; }
    Input:ansi > .input--cursor { color: ansi_default; background: ansi_default; text-style: reverse; }
    PerfApp.-ascii Toast { border-left: ascii $primary !important; }
    PerfApp.-ascii ModalScreen * { border: ascii $primary; scrollbar-size: 0 0; }
    PerfApp.-ascii ModalScreen Static, PerfApp.-ascii ModalScreen Input, PerfApp.-ascii ModalScreen .plain {
        border: none;
    }
    """
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = ""

    def __init__(
        self,
        engine: Engine,
        config: Config,
        *,
        colour: bool = True,
        badge: str = "",
        notice: str = "",
        file: Path | None = None,
    ) -> None:
        """`badge` is a word for the header, `notice` a line that is shown once, `file` where edits are saved."""
        self.DEFAULT_MODE = config.ui.screen  # type: ignore[misc]  # Textual reads it from the instance
        # Without colour Textual's own widgets keep to the terminal's as well.
        super().__init__(ansi_color=None if colour else True)
        self.engine = engine
        self.config = config
        self.glyphs = ASCII if config.ui.ascii else UNICODE
        self.palette: Palette = chosen(config.ui.theme, colour)
        self._colour = colour
        self._badge, self._notice = badge, notice
        self.log_shown = True
        self.keys = {
            command.id: command.shown_as(config.keys.get(command.id, command.keys)).split()[0] for command in COMMANDS
        }
        self.file = file
        """The configuration file that edits of rules go to; None where they are not to outlast the program."""
        self._toasts = Toasts(self)
        self._frozen: Snapshot | None = None
        self._bridge: Bridge | None = None
        self._closeup: CloseupSource | None = None
        for palette in PALETTES.values():
            self.register_theme(palette.theme())
        self.register_theme(MONOCHROME.theme())
        self._wear(self.palette)
        self.set_class(config.ui.ascii, "-ascii")
        self.set_keymap({id: ",".join(key_names(keys)) for id, keys in config.keys.items()})

    # -- life

    def on_mount(self) -> None:
        self.animation_level = "none"
        self._bridge = Bridge(self, self.engine.store)
        self._toasts.follow(self.view)

    def on_ready(self) -> None:
        # What is there now stays: the collector need not look at it again at each of its rounds, which is most of
        # what it would do all day.
        gc.collect()
        gc.freeze()
        # Short rounds: with thousands of workers a middle one of the usual length would hold up a key for 100 ms.
        gc.set_threshold(10_000, 4, 100)
        if self._notice:
            self.notify(self._notice, timeout=15, markup=False)

    def on_unmount(self) -> None:
        if self._bridge is not None:
            self._bridge.close()

    def on_collected(self) -> None:
        if self._bridge is not None:
            self._bridge.taken()
        self._toasts.follow(self.view)
        self.paint()

    @property
    def view(self) -> View:
        """What panes are drawn from now."""
        return View(
            self._frozen or self.engine.store.snapshot,
            self.config,
            self.glyphs,
            paused=self._frozen is not None,
            alive=self.engine.failure is None,
            badge=self._badge,
        )

    @property
    def live(self) -> LiveScreen | None:
        """The live screen that is on show, also below a dialog."""
        return next((screen for screen in reversed(self.screen_stack) if isinstance(screen, LiveScreen)), None)

    def paint(self) -> None:
        """Draw the newest view on the screen that is on show."""
        if self.live is not None and self.live.is_mounted:
            self.live.paint()

    def look_closer(self, target: Target) -> None:
        """Have the engine read more of one worker than of all, from now on."""
        if self._closeup is None:
            from perf_tui.sources.workers.closeup import CloseupSource

            self._closeup = CloseupSource()
            self.engine.add_source(self._closeup)
        self._closeup.target = target
        self.engine.hurry(self._closeup.name)

    def look_away(self, target: Target) -> None:
        """Enough of that worker, unless another is looked at already."""
        if self._closeup is not None and self._closeup.target == target:
            self._closeup.target = target._replace(worker="", pid=None, log="")

    def _wear(self, palette: Palette) -> None:
        self.palette = palette
        self.ansi_color = palette.ansi
        self.theme = palette.name

    # -- commands

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        for command in COMMANDS:
            if command.group != "Moving" and command.id != "palette":
                action = command.action or command.id
                yield SystemCommand(
                    f"{command.title} ({self.keys[command.id]})",
                    command.help,
                    lambda action=action: self.run_later(action),
                )

    def run_later(self, action: str) -> None:
        """Run an action once the dialog that asked for it is gone."""
        self.call_after_refresh(self.run_action, action)

    async def action_show(self, name: str) -> None:
        """Switch to a screen."""
        if not isinstance(self.screen, LiveScreen):
            return  # a dialog is open
        while len(self.screen_stack) > 1:
            await self.pop_screen()
        if self.current_mode != name:
            await self.switch_mode(name)

    def action_pane(self, step: int) -> None:
        if self.live is not None:
            self.live.next_pane(step)

    def action_move(self, how: str) -> None:
        if self.live is not None:
            self.live.move(how)

    async def action_open(self) -> None:
        """Enter: what the focused pane opens, else what its selected row is about."""
        opens = getattr(self.focused, "opens", "")
        opened = opens or (self.live.opened() if self.live is not None else None)
        if isinstance(opened, str):
            await self.action_show(opened)
        elif opened is not None:
            self.push_screen(opened)

    async def action_back(self) -> None:
        if len(self.screen_stack) > 1:
            self.pop_screen()
        elif self.live is not None:
            self.live.back()

    def action_neighbour(self, step: int) -> None:
        """The next thing of the kind that the screen is about."""
        if isinstance(self.screen, LiveScreen):
            self.screen.neighbour(step)

    def action_filter(self) -> None:
        if self.live is not None:
            self.live.open_filter()

    def action_sort(self) -> None:
        if self.live is not None and self.live.table is not None:
            self.live.table.sort(1)

    def action_reverse(self) -> None:
        if self.live is not None and self.live.table is not None:
            self.live.table.reverse()

    def action_pause(self) -> None:
        """Freeze a copy; the engine does not notice."""
        self._frozen = None if self._frozen is not None else self.engine.store.snapshot.frozen()
        self.paint()

    def action_interval(self, step: int) -> None:
        """The next longer or shorter interval; the new value is shown."""
        now = self.engine.interval
        if step > 0:
            chosen = next((each for each in INTERVALS if each > now), INTERVALS[-1])
        else:
            chosen = next((each for each in reversed(INTERVALS) if each < now), INTERVALS[0])
        self.engine.set_interval(chosen)
        self._say(f"every {chosen:g} s", "interval")

    def action_log(self) -> None:
        self.log_shown = not self.log_shown
        self.paint()

    def action_theme(self) -> None:
        """The next theme."""
        if not self._colour:
            self.notify("NO_COLOR is set: there is one theme without colour.", timeout=3)
            return
        names = list(PALETTES)
        self._wear(PALETTES[names[(names.index(self.palette.name) + 1) % len(names)]])
        self._say(self.palette.title, "theme")
        self.paint()

    def _say(self, words: str, about: str) -> None:
        """Show what a key has set, in the place of what the last one had."""
        self.clear_notifications()
        self.notify(words, title=about, timeout=2)

    def action_command_palette(self) -> None:
        """All commands by name; the help where the palette's characters cannot be shown."""
        if self.glyphs.ascii_only:
            self.action_help()
        else:
            super().action_command_palette()

    def action_help(self) -> None:
        from perf_tui.ui.screens.help import Help

        if not isinstance(self.screen, Help):
            self.push_screen(Help())

    def action_acknowledge(self) -> None:
        """The alert that is selected on the alert screen; elsewhere the one that the verdict names."""
        chosen = self.live.alert() if self.live is not None else None
        firing = [alert for alert in self.engine.store.snapshot.alerts if alert.firing]
        alert = chosen or next(iter(firing), None)
        if alert is None:
            self.notify("No alert is firing.", timeout=3)
            return
        self.engine.acknowledge(alert)
        self.notify(f"acknowledged: {alert.rule.name}", timeout=3, markup=False)

    def action_silence(self) -> None:
        """The rule or alert that is selected, else the alert that the verdict names; lifts a silence that it has."""
        from perf_tui.ui.screens.silence import SilenceDialog

        if self.live is None or self.screen is not self.live:
            return
        rule, alert = self.live.rule(), self.live.alert()
        if rule is None:
            alert = alert or next((alert for alert in self.engine.store.snapshot.alerts if alert.firing), None)
        if alert is not None:
            rule = alert.rule.name
        if rule is None:
            self.notify("No alert is firing.", timeout=3)
        elif self._silenced(rule, alert):
            self.engine.lift(rule, alert.series if alert is not None else None)
            self.notify(f"{rule}: told again", timeout=3, markup=False)
        else:
            self.push_screen(SilenceDialog(rule, alert.series if alert is not None else None))

    def _silenced(self, rule: str, alert: Alert | None) -> bool:
        silences = self.engine.alerts.silences()
        if alert is not None:
            return any(silence.covers(alert.rule, alert.series) for silence in silences)
        return any(silence.rule == rule for silence in silences)

    def action_remove(self) -> None:
        """Ask whether the selected rule is to be switched off, or deleted."""
        from perf_tui.ui.screens.remove import RemoveDialog

        name = self.live.rule() if self.live is not None and self.screen is self.live else None
        rule = next((rule for rule in self.config.alerts if rule.name == name), None)
        if rule is None:
            self.notify("Select a rule on the screen of alerts first.", timeout=3)
        else:
            self.push_screen(RemoveDialog(rule))

    def edit_rules(self, edit: Edit, done: str) -> None:
        """Put an edit of the rules into force at once, and into the file; says `done`, and where it could not be."""
        from perf_tui.ui import rulefile

        self.config = structs.replace(self.config, alerts=edit.applied(self.config.alerts))
        self.engine.change_rules(rules(self.config))
        self.paint()
        if self.file is None:
            self.notify(f"{done}, until perf-tui ends", timeout=4, markup=False)
            return
        try:
            plan = rulefile.plan(self.file, edit)
            plan.save()
        except (ConfigError, OSError) as error:
            words = f"{done}, until perf-tui ends; not saved: {clean(str(error))}"
            self.notify(words, severity="warning", timeout=10, markup=False)
        else:
            self.file = plan.path
            self.notify(f"{done}; saved in {clean(str(plan.path))}", timeout=4, markup=False)

    def action_export(self) -> None:
        from perf_tui.ui.screens.export import Export

        if not isinstance(self.screen, Export):
            self.push_screen(Export(self.view.snapshot))
