"""The help: keys from the table of commands, and what the marks mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from perf_tui.measures.model import Status
from perf_tui.measures.units import ASCII_MARKS, MARKS
from perf_tui.ui.commands import COMMANDS

if TYPE_CHECKING:
    from perf_tui.ui.app import PerfApp

_STATUS = {
    Status.IDLE: "idle: nothing to measure in the window",
    Status.PENDING: "pending: a rate needs a second reading",
    Status.ABSENT: "absent: this source does not have it",
    Status.DENIED: "denied: no permission; perf-tui doctor says what gives it",
    Status.ERROR: "error: the source failed; the header and doctor say why",
}

_FILTERS = {
    "timeout": "rows that hold the word; several words: all of them",
    '"no space"': "a word with blanks in it",
    "state:error": "a column that holds it; state:error,stale: either",
    "kind=rq": "a column that is this and no more",
    "cpu>50": "percent; also >= < <= = !=",
    "memory>1GiB": "bytes; age>30s, rate<0.5, failed>=1",
    "-kind:rq": "rows for which it does not hold",
}


class Help(ModalScreen[None]):
    """Made from the same table as the keys themselves."""

    DEFAULT_CSS = """
    Help { align: center middle; }
    Help > VerticalScroll {
        width: 76; max-width: 100%; height: 90%; background: $surface; border: round $primary; padding: 0 2;
        scrollbar-size-vertical: 1;
    }
    Help Static { width: 100%; height: auto; }
    """
    BINDINGS = [  # noqa: RUF012
        Binding("escape,q,question_mark,f1", "dismiss", show=False),
        *(
            Binding(key, f"scroll('{how}')", show=False)
            for key, how in (("j", "down"), ("k", "up"), ("g", "home"), ("G", "end"), ("space", "page_down"))
        ),
    ]

    def compose(self) -> ComposeResult:
        with VerticalScroll() as scroll:
            scroll.border_title = f"help {self.perf.glyphs.dot} Esc closes"
            yield Static(self._text())

    def action_scroll(self, how: str) -> None:
        """What the arrows and their like do by themselves, for the letters."""
        getattr(self.query_one(VerticalScroll), f"action_scroll_{how}")()

    @property
    def perf(self) -> PerfApp:
        """The application, with its own type."""
        return self.app  # type: ignore[return-value]

    def _text(self) -> Content:
        app = self.perf
        lines: list[Content] = []
        group = ""
        for command in sorted(COMMANDS, key=lambda command: _GROUPS.index(command.group)):
            if command.group != group:
                group = command.group
                lines.append(Content.styled(f"\n{group}", "bold $primary"))
            keys = command.shown_as(app.config.keys.get(command.id, command.keys))
            keys = keys.translate(_ARROWS) if app.glyphs.ascii_only else keys
            lines.append(Content.assemble((f"  {keys:<16}", "bold"), command.help))
        glyphs = app.glyphs
        lines.append(Content.styled("\nWhat stands where a number is missing", "bold $primary"))
        marks = ASCII_MARKS if glyphs.ascii_only else MARKS
        lines += [Content.assemble((f"  {marks[status]:<16}", "bold"), words) for status, words in _STATUS.items()]
        stale, bound = "~1.2s", (">=1s" if glyphs.ascii_only else "≥1s")
        lines.append(
            Content.assemble((f"  {stale:<16}", "bold"), "stale: the last value; its source failed or is late")
        )
        lines.append(
            Content.assemble((f"  {bound:<16}", "bold"), "at least this: beyond the last bucket of a histogram")
        )
        lines.append(Content.styled("\nFilters", "bold $primary"))
        lines += [Content.assemble((f"  {term:<16}", "bold"), words) for term, words in _FILTERS.items()]
        lines.append(Content.styled("\nMarks", "bold $primary"))
        lines += [Content.assemble((f"  {mark:<16}", "bold"), name) for name, mark in glyphs.marks.items()]
        lines.append(Content.assemble((f"  {glyphs.limit:<16}", "bold"), "on a meter: where its warning begins"))
        lines.append(
            Content.assemble((f"  {glyphs.alert:<16}", "bold"), "on the time axis: an alert was raised or got worse")
        )
        return Content("\n").join(lines)


_ARROWS = str.maketrans({"↑": "Up", "↓": "Down", "←": "Left", "→": "Right"})
_GROUPS = ("Screens", "Everywhere", "Tables", "Moving")
