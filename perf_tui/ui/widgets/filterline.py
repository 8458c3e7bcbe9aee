"""The line in which a filter is typed, in the place of the key bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.widgets import Input

from perf_tui.ui.widgets.table import TablePane

if TYPE_CHECKING:
    from perf_tui.ui.screens.live import LiveScreen


class FilterLine(Input):
    """Narrows a table while one types; Enter keeps the filter, Esc drops it."""

    DEFAULT_CSS = """
    FilterLine { width: 100%; height: 1; border: none; padding: 0 1; background: $surface; color: $foreground; }
    FilterLine:focus { border: none; }
    """
    BINDINGS = [("escape", "drop", "drop")]  # noqa: RUF012  (Textual declares it so)

    def __init__(self) -> None:
        super().__init__(
            id="filter",
            placeholder="filter: a word, state:error, cpu>50, -kind:rq; Enter keeps, Esc clears",
            select_on_focus=False,
        )
        self.open = False
        self.cursor_blink = False
        self._table: TablePane[Any] | None = None

    @property
    def live(self) -> LiveScreen:
        """The screen, with its own type."""
        return self.screen  # type: ignore[return-value]

    def ask(self, table: TablePane[Any]) -> None:
        """Open for a table."""
        self._table = table
        self.open = True
        self.value = table.needle
        self.cursor_position = len(self.value)
        self.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        if self._table is not None and self.open:
            self._table.filter(event.value)

    def on_input_submitted(self) -> None:
        self._done()

    def on_blur(self) -> None:
        """Someone went elsewhere, with the mouse or Tab: the filter stays, the line goes."""
        if self.open and self.app.app_focus:
            self._table = None
            self.live.close_filter()

    def action_drop(self) -> None:
        """Esc: no filter."""
        if self._table is not None:
            self._table.filter("")
        self._done()

    def _done(self) -> None:
        table, self._table = self._table, None
        self.live.close_filter()
        if table is not None:
            table.focus()
