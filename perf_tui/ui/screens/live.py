"""What all live screens share: header, alert log, key bar, keys of the focused pane, and one way to paint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual._styles_cache import StylesCache
from textual.app import ComposeResult
from textual.geometry import Region, Size
from textual.screen import Screen

from perf_tui.engine.alerts.model import Alert
from perf_tui.ui.panes.alertlog import AlertLog
from perf_tui.ui.panes.frame import Header, KeyBar, TooSmall
from perf_tui.ui.view import SMALLEST, View
from perf_tui.ui.widgets.board import Board, Plan
from perf_tui.ui.widgets.filterline import FilterLine
from perf_tui.ui.widgets.pane import Pane
from perf_tui.ui.widgets.table import TablePane

if TYPE_CHECKING:
    from perf_tui.ui.app import PerfApp


class LiveScreen(Screen[None], inherit_bindings=False):
    """Paints the newest view while it is on top, and again when it comes back.

    Without the bindings of Textual's screens: they would take Tab from the table of commands.
    """

    BINDING_GROUP_TITLE = ""
    AUTO_FOCUS = ""
    name_of = ""
    """The id of the command that shows it."""
    first_focus = ""
    """The pane that has the focus at first."""
    log_pane = "log"
    """The pane that stands where others have the alert log."""
    log_rows = (3, 5, 8)
    """Rows of the alert log: least, usual, most."""

    def panes(self) -> Sequence[Pane]:
        """The screen's own panes."""
        raise NotImplementedError

    def place(self, width: int, top: int, height: int, view: View) -> Plan:
        """Where the screen's own panes stand in `height` rows from row `top`."""
        raise NotImplementedError

    # -- building and placing

    def compose(self) -> ComposeResult:
        self._filter = FilterLine()
        yield Board(
            self.plan,
            Header("header"),
            *self.panes(),
            AlertLog(),
            KeyBar("keybar", self.name_of),
            TooSmall("toosmall"),
            self._filter,
        )

    def plan(self, size: Size) -> Plan:
        """Where every pane stands on a terminal of this size."""
        width, height = size
        if width < SMALLEST[0] or height < SMALLEST[1]:
            return {"toosmall": Region(0, 0, max(1, width), max(1, height))}
        log = 0
        if self.perf.log_shown:
            least, usual, most = self.log_rows
            log = least + 1 if height < 32 else usual + 1 if height < 46 else most + 1
        plan = {
            "header": Region(0, 0, width, 1),
            "keybar": Region(0, height - 1, width, 1),
            **self.place(width, 1, height - 2 - log, self.perf.view),
        }
        if log:
            plan[self.log_pane] = Region(0, height - 1 - log, width, log)
        if self._filter.open:
            plan["keybar"] = Region(0, 0, 0, 0)
            plan["filter"] = Region(0, height - 1, width, 1)
        return plan

    @property
    def perf(self) -> PerfApp:
        """The application, with its own type."""
        return self.app  # type: ignore[return-value]

    def _shown(self) -> list[Pane]:
        plan = self.plan(self.size)
        return [pane for pane in self.query(Pane) if pane.id in plan]

    # -- painting

    def on_mount(self) -> None:
        self._plan: Plan = {}
        view = self.perf.view
        for pane in self.query(Pane):
            pane.view = view
        if self.first_focus:
            self.query_one(f"#{self.first_focus}", Pane).focus()

    def on_unmount(self) -> None:
        # Textual holds on to every line of the last thousand widgets by the key of a cache of two colours.
        StylesCache.get_inner_outer.cache_clear()

    def on_screen_resume(self) -> None:
        self.call_after_refresh(self.paint)

    def on_resize(self) -> None:
        # Panes that were not on show have nothing to draw from until they are given a view.
        self.call_after_refresh(self.paint)

    def paint(self) -> None:
        """Show the newest view, and place the panes anew where it asks for that."""
        plan = self.plan(self.size)
        if plan != self._plan:
            self._plan = plan
            self.query_one(Board).rearrange()
            self._refocus(plan)
        view = self.perf.view
        for pane in self.query(Pane):
            if pane.id in plan:
                pane.show(view)

    def _refocus(self, plan: Plan) -> None:
        """Keys must not go to a pane that is no longer to be seen."""
        hidden = isinstance(self.focused, Pane) and self.focused.id not in plan
        if "toosmall" not in plan and (hidden or self.focused is None) and self.first_focus in plan:
            self.query_one(f"#{self.first_focus}", Pane).focus()
        elif "toosmall" not in plan and hidden:
            self.set_focus(None)

    # -- keys of the focused pane

    @property
    def table(self) -> TablePane | None:  # type: ignore[type-arg]
        """The focused table, or the screen's only one."""
        if isinstance(self.focused, TablePane):
            return self.focused
        tables = [pane for pane in self._shown() if isinstance(pane, TablePane) and pane.focusable]
        return tables[0] if len(tables) == 1 else None

    def next_pane(self, step: int) -> None:
        """Move the focus among the panes that can have it, in reading order."""
        panes = [pane for pane in self._shown() if pane.focusable]
        if not panes:
            return
        at = panes.index(self.focused) if self.focused in panes else (-1 if step > 0 else 0)
        panes[(at + step) % len(panes)].focus()

    def move(self, how: str) -> None:
        """Move within the focused pane; without one, within the screen's table."""
        target = self.focused if isinstance(self.focused, Pane) else self.table
        if target is not None and hasattr(target, "move"):
            target.move(how)

    def opened(self) -> Screen[None] | str | None:
        """The screen of what is selected in the focused pane: its own, or the name of one that all have."""
        return None

    def alert(self) -> Alert | None:
        """The alert that is selected in the focused pane."""
        return None

    def rule(self) -> str | None:
        """The name of the alert rule that is selected in the focused pane."""
        return None

    def neighbour(self, step: int) -> None:
        """Show the next thing of the kind that the screen is about, or the one before."""

    def open_filter(self) -> None:
        """Ask for a text that the table's rows must hold."""
        table = self.table
        if table is None:
            self.notify("This screen has no table to filter.", timeout=3)
            return
        self._filter.ask(table)
        self.paint()

    def close_filter(self) -> None:
        """Take the question away again; the table keeps its filter."""
        self._filter.open = False
        self.paint()

    def back(self) -> None:
        """Esc: clear the filter of the table, else let its cursor go."""
        if self.table is None:
            return
        if self.table.needle:
            self.table.filter("")
        else:
            self.table.release()
