"""A table whose rows come and go: sorted, filtered, scrolled, with a selection that stays on its row."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from textual.events import Click, MouseScrollDown, MouseScrollUp

from perf_tui.text import cut
from perf_tui.ui.draw.row import Row, Spans
from perf_tui.ui.filter import Field, compiled
from perf_tui.ui.view import Rows, View
from perf_tui.ui.widgets.pane import Pane

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """A column: its width, how a row's cell reads, and what it sorts by."""

    title: str
    width: int
    """Cells; the last column takes what is left."""
    text: Callable[[T, View], str]
    sort: Callable[[T], Any]
    role: Callable[[T], str] = lambda row: "text"
    align: str = ">"
    descending: bool = True
    """Whether the natural order begins with the highest."""
    importance: int = 0
    """Columns of the least importance go first where there is no room."""
    optional: bool = False
    """Whether it stands only where any row has a value for it."""
    unit: str = ""
    """The unit of the number that it sorts by, as in the catalogue: filters compare in it. Empty: it is no number."""
    names: str = ""
    """What filters call it, separated by blanks; without any, its title."""


class TablePane(Pane, Generic[T]):
    """Subclasses give the columns, the rows, and what identifies a row."""

    focusable = True
    columns: Sequence[Column[T]] = ()
    sorted_by = 0
    holds_first = True
    """Whether the cursor stays on the row that came first of all, or on the first place until it is moved."""
    leads = False
    """Whether other panes of the screen show more about the selected row."""

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self.sort_column = self.sorted_by
        self.reversed = False
        self.needle = ""
        self.problem = ""
        """What is wrong with the filter; empty where all is well."""
        self.selected: Hashable | None = None
        self._index = 0
        self._top = 0
        self._shown: list[T] = []
        self._page = 1
        self._offered: list[Column[T]] = list(self.columns)

    # -- for subclasses

    def rows(self, view: View) -> Sequence[T]:
        """All rows, in any order."""
        raise NotImplementedError

    def identity(self, row: T) -> Hashable:
        """What stays the same of a row from tick to tick."""
        raise NotImplementedError

    def haystack(self, row: T) -> str:
        """The text that the filter looks into."""
        raise NotImplementedError

    def more_fields(self, view: View) -> Mapping[str, Field[T]]:
        """What filters can ask for beyond the columns."""
        return {}

    def empty(self, view: View) -> str:
        """What is said when there is no row."""
        return "nothing here yet"

    # -- drawing

    def draw(self, view: View, width: int, height: int) -> Rows:
        rows = self._arranged(view)
        self._offered = self._offering(view)
        columns = self._fitting(width)
        self._shown, self._page = rows, max(1, height - 1)
        self._follow(rows)
        drawn = [self._header(columns, width, view)]
        if self.problem:
            drawn.append(Row(width).gap().put(f"{view.glyphs.marks['warning']} {self.problem}", "warning").done())
            self._page = max(1, height - 2)
        if not rows:
            words = f"no row holds “{self.needle}” · Esc clears the filter" if self.needle else self.empty(view)
            return [*drawn, Row(width).gap().put(words, "dim").done()]
        for at, row in enumerate(rows[self._top : self._top + self._page], self._top):
            drawn.append(self._line(row, columns, width, view, self.has_focus and at == self._index))
        return drawn

    def _offering(self, view: View) -> list[Column[T]]:
        """The columns that there is something for."""
        rows, sorted_by = self.rows(view), self.columns[self.sort_column]
        return [
            column
            for column in self.columns
            if not column.optional or column is sorted_by or any(column.sort(row) is not None for row in rows)
        ]

    def _fitting(self, width: int) -> list[Column[T]]:
        """Those of them that there is room for, with the one that rows are sorted by."""
        sorted_by, columns = self.columns[self.sort_column], list(self._offered)
        while len(columns) > 1 and sum(column.width + 1 for column in columns) >= width:
            others = [column for column in columns[:-1] if column is not sorted_by]
            if not others:
                break
            columns.remove(min(others, key=lambda column: column.importance))
        return columns

    def _arranged(self, view: View) -> list[T]:
        column = self.columns[self.sort_column]
        rows, self.problem = self.rows(view), ""
        if self.needle.strip():
            holds, self.problem = compiled(self.needle, self.fields(view), self.haystack)
            rows = [row for row in rows if holds(row)]
        # What has no value goes last in either order.
        known = [(column.sort(row), row) for row in rows]
        having = [pair for pair in known if pair[0] is not None]
        having.sort(key=lambda pair: pair[0], reverse=column.descending != self.reversed)
        return [row for _, row in having] + [row for key, row in known if key is None]

    def fields(self, view: View) -> dict[str, Field[T]]:
        """What filters can ask for: the columns by their names, and more."""
        found: dict[str, Field[T]] = {}
        for column in self.columns:
            field = Field(partial(_text, column, view), partial(_number, column) if column.unit else None, column.unit)
            for name in (column.names or column.title.replace(" ", "")).lower().split():
                found.setdefault(name, field)
        return {**found, **self.more_fields(view)}

    def _follow(self, rows: list[T]) -> None:
        """Keep the cursor on its row; where that is gone, on its place."""
        if self.selected is not None:
            place = next((at for at, row in enumerate(rows) if self.identity(row) == self.selected), None)
            if place is not None:
                self._index = place
        self._index = max(0, min(self._index, len(rows) - 1))
        if rows and (self.selected is not None or (self.has_focus and self.holds_first)):
            self.selected = self.identity(rows[self._index])
        self._top = max(0, min(self._top, len(rows) - self._page))
        if self.has_focus:
            self._top = min(self._top, self._index)
            self._top = max(self._top, self._index - self._page + 1)

    def _header(self, columns: list[Column[T]], width: int, view: View) -> Spans:
        row = Row(width).gap()
        for column in columns:
            title, role = column.title, "dim"
            if column is self.columns[self.sort_column]:
                down = column.descending != self.reversed
                # The arrow says more than the title's last letter.
                title = cut(title, column.width - 1, "") + (view.glyphs.down if down else view.glyphs.up)
                role = "title"
            cells = row.left if column is columns[-1] else column.width
            row.cell(title, cells, role, column.align).gap()
        return row.done()

    def _line(self, item: T, columns: list[Column[T]], width: int, view: View, selected: bool) -> Spans:
        row = Row(width).put(" ", "select" if selected else "text")
        for column in columns:
            cells = row.left if column is columns[-1] else column.width
            row.cell(column.text(item, view), cells, "select" if selected else column.role(item), column.align)
            if row.left:
                row.put(" ", "select" if selected else "text")
        return row.done()

    # -- what keys and the mouse do

    @property
    def shown(self) -> Sequence[T]:
        """The rows as they were drawn last: those that the filter lets through, in their order."""
        return self._shown

    @property
    def current(self) -> T | None:
        """The selected row."""
        return self._shown[self._index] if self._shown else None

    def move(self, how: str) -> None:
        """up, down, page_up, page_down, top, bottom; left and right change the sorted column."""
        if how in ("left", "right"):
            self.sort(1 if how == "right" else -1)
            return
        last = len(self._shown) - 1
        steps = {
            "up": -1,
            "down": 1,
            "page_up": -self._page,
            "page_down": self._page,
            "top": -last - 1,
            "bottom": last + 1,
        }
        self._select(self._index + steps[how])

    def _select(self, index: int) -> None:
        if self._shown:
            self._index = max(0, min(index, len(self._shown) - 1))
            self.selected = self.identity(self._shown[self._index])
            self._turned()

    def sort(self, step: int) -> None:
        """Sort by the next column, or the one before, of those for which there is something."""
        at = self._offered.index(self.columns[self.sort_column]) + step
        self.sort_column = self.columns.index(self._offered[at % len(self._offered)])
        self.reversed = False
        self._top = 0
        self._turned()

    def reverse(self) -> None:
        """Turn the order around."""
        self.reversed = not self.reversed
        self._turned()

    def release(self) -> None:
        """Take the cursor off its row and back to the first place, where it began there."""
        if not self.holds_first:
            self.selected = None
            self._index = self._top = 0
            self._turned()

    def filter(self, needle: str) -> None:
        """Show only rows for which an expression of ui/filter.py holds; an empty one shows all."""
        self.needle = needle
        self._top = 0
        self._turned()

    def _turned(self) -> None:
        if self.leads:
            self.perf.paint()
        else:
            self.redraw()

    def on_unmount(self) -> None:
        self._shown = []

    def on_click(self, event: Click) -> None:
        self.focus()
        head = 1 if self.view is not None and self.head(self.view)[0] else 0
        at = event.y - head - 1
        if at >= 0:
            self._select(self._top + at)
        elif at == -1:
            self._sort_at(event.x)

    def _sort_at(self, x: int) -> None:
        edge = 1
        columns = self._fitting(self.size.width)
        for column in columns:
            edge += column.width + 1
            if x < edge or column is columns[-1]:
                place = self.columns.index(column)
                if place == self.sort_column:
                    self.reverse()
                else:
                    self.sort(place - self.sort_column)
                return

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        self._select(self._index + 3)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        self._select(self._index - 3)


def _text(column: Column[T], view: View, row: T) -> str:
    return column.text(row, view)


def _number(column: Column[T], row: T) -> float | None:
    amount = column.sort(row)
    first = amount[0] if isinstance(amount, tuple) else amount
    return None if first is None else float(first)
