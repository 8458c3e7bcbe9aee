"""The dialog that silences an alert or a rule for a time."""

from __future__ import annotations

import re
import time

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from perf_tui.config.quantities import duration
from perf_tui.measures.model import Series
from perf_tui.measures.units import seconds
from perf_tui.text import clean
from perf_tui.ui.panes.alertlog import subject
from perf_tui.ui.screens.dialog import Dialog
from perf_tui.ui.widgets.choice import Choice

TIMES = ("10m", "1h", "4h", "1d")
LONGEST = 90 * 86400.0
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


def span(text: str, now: float) -> float:
    """Seconds from `now`, wall time: of a duration such as `90m`, or until a time of day such as `14:30`.

    Raises ValueError.
    """
    if match := _CLOCK.fullmatch(text.strip()):
        then = time.localtime(now)
        day = (then.tm_year, then.tm_mon, then.tm_mday)
        for more in (0, 1):  # mktime knows of days that are longer or shorter than others
            moment = (day[0], day[1], day[2] + more, int(match[1]), int(match[2]), 0, 0, 0, -1)
            if (ends := time.mktime(moment)) > now:
                return ends - now
    found = duration(text.strip())
    if not 0 < found <= LONGEST:
        raise ValueError(f'"{text}" is not allowed; allowed: above 0, and up to 90d')
    return found


class SilenceDialog(Dialog):
    """For how long, and of what. Nothing is told of it meanwhile; it is shown and logged all the same."""

    BINDINGS = [  # noqa: RUF012
        Binding("up", "preset(-1)", show=False, priority=True),
        Binding("down", "preset(1)", show=False, priority=True),
        Binding("enter", "silence", show=False, priority=True),
    ]

    def __init__(self, rule: str, key: Series | None) -> None:
        """`key` is the series of an alert; without it, the whole rule is meant."""
        super().__init__()
        self._rule, self._key = rule, key

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = Content(f"silence {clean(self._rule)}").plain
            if self._key is not None and self._key.labels:
                alone = f"this alert: {clean(subject(self._key))}"
                with Horizontal(classes="plain"):
                    yield Static("of", classes="short")
                    yield Choice([alone, "all alerts of the rule"], alone, "scope")
            with Horizontal(classes="plain"):
                yield Static("for", classes="short")
                field = Input(TIMES[1], id="time")
                field.cursor_blink = False
                yield field
            yield Static(Content(f"{' '.join(TIMES)}: up and down; or 90m, or until a time of day: 14:30"))
            yield Static(Content("Enter silences, Esc leaves; the same key lifts it"), id="said")

    def on_mount(self) -> None:
        self.query_one("#time", Input).focus()

    def action_preset(self, step: int) -> None:
        """The next longer or shorter of the usual times."""
        field = self.query_one("#time", Input)
        at = TIMES.index(field.value) + step if field.value in TIMES else 0
        field.value = TIMES[max(0, min(at, len(TIMES) - 1))]
        field.cursor_position = len(field.value)

    def action_silence(self) -> None:
        """Begin it."""
        try:
            length = span(self.query_one("#time", Input).value, time.time())
        except ValueError as error:
            self.query_one("#said", Static).update(Content.styled(clean(str(error)), "$error"))
            return
        scopes = self.query(Choice)
        alone = bool(scopes) and scopes.first().value.startswith("this")
        labels = self._key.labels if alone and self._key is not None else ()
        self.perf.engine.silence(length, self._rule, labels)
        self.dismiss()
        self.app.notify(f"{self._rule}: silenced for {seconds(length)}", timeout=3, markup=False)
