"""The widget that everything live is drawn in: rows of spans, of which only changed ones are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from perf_tui.ui.draw.row import Row, blank, plain, rule
from perf_tui.ui.view import Rows, View

if TYPE_CHECKING:
    from perf_tui.ui.app import PerfApp


class Pane(Widget):
    """A rectangle with a title in a rule. Subclasses draw rows; this class sends what changed of them.

    It paints itself line by line and without Textual's styling of lines: a tick then costs what has
    changed, not what is there.
    """

    DEFAULT_CSS = "Pane { width: 100%; height: 100%; }"
    ALLOW_SELECT = False
    title = ""
    focusable = False
    least = (1, 1)
    """Columns and rows below which the pane is not worth drawing."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.can_focus = self.focusable
        self.view: View | None = None
        self._rows: Rows = []
        self._strips: list[Strip | None] = []
        self._drawn_for: tuple[int, int, str] = (0, 0, "")

    # -- for subclasses

    def draw(self, view: View, width: int, height: int) -> Rows:
        """The rows below the title, at most `height`, each exactly `width` cells."""
        raise NotImplementedError

    def head(self, view: View) -> tuple[str, str]:
        """The title, and what stands at the right end of its rule."""
        return self.title, ""

    # -- painting

    def show(self, view: View) -> None:
        """Draw `view`, and have what differs from the screen sent."""
        self.view = view
        self.redraw()

    def redraw(self) -> None:
        """Draw the last view again, for a new size, focus or selection."""
        width, height = self.size
        if self.view is None or width <= 0 or height <= 0:
            return
        if self._drawn_for != (width, height, self.perf.palette.name):
            self._draw_all(self.view)
            self.refresh()
            return
        rows = self._all_rows(self.view, width, height)
        changed = [y for y, (old, new) in enumerate(zip(self._rows, rows, strict=True)) if old != new]
        for y in changed:
            self._strips[y] = None
        self._rows = rows
        if changed:
            self.refresh(*(_changed_part(y, width) for y in changed))

    def _draw_all(self, view: View) -> None:
        width, height = self.size
        self._drawn_for = (width, height, self.perf.palette.name)
        self._rows, self._strips = self._all_rows(view, width, height), [None] * height

    def _all_rows(self, view: View, width: int, height: int) -> Rows:
        rows: Rows = []
        title, right = self.head(view)
        if title:
            rows.append(rule(title, width, view.glyphs.rule, "focus" if self.has_focus else "title", right))
        rows.extend(self.draw(view, width, height - len(rows))[: height - len(rows)])
        rows.extend([blank(width)] * (height - len(rows)))
        return [plain(row) for row in rows] if view.glyphs.ascii_only else rows

    def render_lines(self, crop: Region) -> list[Strip]:
        """Textual asks for strips; those that have not changed are kept."""
        if self.view is not None and self._drawn_for[:2] != self.size:
            # A size that nobody told of yet: what is drawn for it now need not be shown blank first.
            self._draw_all(self.view)
        palette = self.perf.palette
        width = self.size.width
        strips = []
        for y in range(crop.y, crop.bottom):
            strip = self._strips[y] if y < len(self._strips) else None
            if strip is None:
                spans = self._rows[y] if y < len(self._rows) else blank(width)
                strip = Strip([Segment(text, palette.style(role)) for text, role in spans], width)
                if y < len(self._strips):
                    self._strips[y] = strip
            strips.append(strip)
        if crop.x or crop.width != width:
            return [strip.crop(crop.x, crop.right) for strip in strips]
        return strips

    @property
    def perf(self) -> PerfApp:
        """The application, with its own type."""
        return self.app  # type: ignore[return-value]

    def on_resize(self) -> None:
        self.redraw()

    def on_unmount(self) -> None:
        """Widgets wait long for the garbage collector; what they were drawn from must not wait with them."""
        self.view = None

    def watch_has_focus(self, has_focus: bool) -> None:
        """Not on_focus and on_blur: they come before `has_focus` has changed."""
        super().watch_has_focus(has_focus)
        self.redraw()


def _changed_part(y: int, width: int) -> Region:
    return Region(0, y, width, 1)


class TextPane(Pane):
    """Shows the same few lines until told otherwise."""

    def __init__(self, id: str, title: str, lines: list[str]) -> None:
        super().__init__(id)
        self.title = title
        self.lines = lines

    def draw(self, view: View, width: int, height: int) -> Rows:
        return [Row(width).put(line, "dim").done() for line in self.lines]
