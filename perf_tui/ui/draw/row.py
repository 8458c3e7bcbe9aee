"""One row of the screen as runs of text with a role each. The palette of a theme gives roles their colours."""

from __future__ import annotations

from unicodedata import normalize

from perf_tui.text import clean, fit
from perf_tui.text import width as cells_of

Span = tuple[str, str]
"""Clean text and its role: text, dim, accent, title, ok, info, warning, critical, chart1.., track, select, key."""

Spans = tuple[Span, ...]


class Row:
    """Builds a row from the left; `done` pads or cuts it to its width."""

    __slots__ = ("_cells", "_spans", "width")

    def __init__(self, width: int) -> None:
        self.width = width
        self._spans: list[Span] = []
        self._cells = 0

    @property
    def left(self) -> int:
        """Cells that are still free."""
        return self.width - self._cells

    def put(self, text: str, role: str = "text") -> Row:
        """Append text; what does not fit any more is cut."""
        text = _printable(text)
        cells = len(text) if text.isascii() else cells_of(text)
        if cells > self.left:
            text = fit(text, max(0, self.left))
            cells = self.left
        if cells > 0:
            self._spans.append((text, role))
            self._cells += cells
        return self

    def cell(self, text: str, cells: int, role: str = "text", align: str = "<") -> Row:
        """Append text in exactly `cells` cells."""
        return self.put(fit(_printable(text), max(0, cells), align), role)

    def gap(self, cells: int = 1) -> Row:
        """Append blanks."""
        return self.put(" " * min(cells, max(0, self.left)))

    def to(self, column: int) -> Row:
        """Append blanks up to a column."""
        return self.gap(column - self._cells)

    def extend(self, spans: Spans) -> Row:
        """Append finished runs."""
        for text, role in spans:
            self.put(text, role)
        return self

    def whole(self, *spans: Span) -> Row:
        """Append runs if all of them fit, else none: half a number is a wrong number."""
        return self.extend(spans) if sum(cells_of(text) for text, _ in spans) <= self.left else self

    def done(self) -> Spans:
        """The row in exactly its width, neighbouring runs of one role joined."""
        self.gap(self.left)
        joined: list[Span] = []
        for text, role in self._spans:
            if (
                joined
                and (joined[-1][1] == role or not text.strip(" "))
                and joined[-1][1] not in SOLID
                and role not in SOLID
            ):
                joined[-1] = (joined[-1][0] + text, joined[-1][1])
            else:
                joined.append((text, role))
        return tuple(joined)


def _printable(text: str) -> str:
    # Sources clean what they give. This is for settings, for dialogs, and for the source that forgets.
    return text if text.isprintable() else clean(text)


SOLID = frozenset(("select", "focus", "key", "badge_critical", "badge_warning", "badge"))
"""Roles with a background of their own: blanks beside them must not take it over."""


def blank(width: int) -> Spans:
    """An empty row."""
    return ((" " * width, "text"),) if width > 0 else ()


def rule(title: str, width: int, glyphs_rule: str, role: str = "title", right: str = "") -> Spans:
    """A pane's head: a title in a rule, and what stands at its right end."""
    row = Row(width)
    row.put(glyphs_rule, "rule")
    if title:
        row.put(f" {title} ", role)
    end = f" {right} " if right and width - cells_of(title) - 6 > cells_of(right) else ""
    row.put(glyphs_rule * max(0, row.left - cells_of(end) - (1 if end else 0)), "rule")
    if end:
        row.put(end, "dim").put(glyphs_rule, "rule")
    return row.done()


_ASCII = {"…": "~", "·": ".", "–": "-", "—": "-", "−": "-", "“": '"', "”": '"', "≥": ">", "≤": "<", "×": "x"}


def plain(spans: Spans) -> Spans:
    """The same cells in ASCII: what it lacks becomes the letter below the accent, a stand-in, or `?`."""
    if all(text.isascii() for text, _ in spans):
        return spans
    from wcwidth import iter_graphemes  # 25 ms that a screen of its own characters never needs

    return tuple((text if text.isascii() else "".join(map(_plain, iter_graphemes(text))), role) for text, role in spans)


def _plain(char: str) -> str:
    cells = cells_of(char)
    letter = _ASCII.get(char) or normalize("NFKD", char)[0]
    return letter if cells == 1 and letter.isascii() else "?" * cells
