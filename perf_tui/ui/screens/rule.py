"""The editor of an alert rule: its fields, what it would have done, and where it is saved."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from math import inf

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.timer import Timer
from textual.widgets import Input, Static

from perf_tui.config.edit_rules import Edit, rule_from
from perf_tui.config.errors import ConfigError
from perf_tui.config.limits import measure_of
from perf_tui.config.schema import AlertRule
from perf_tui.engine.alerts.model import Level, Rule
from perf_tui.engine.alerts.rules import rule_of
from perf_tui.measures.catalogue import CATALOGUE, SHORT_NAMES
from perf_tui.text import clean
from perf_tui.ui import rulefile
from perf_tui.ui.panes.trial import Trial, Tried, tried
from perf_tui.ui.screens.dialog import Dialog
from perf_tui.ui.screens.rule_fields import CHOICES, HINTS, ROWS, applies, said, texts
from perf_tui.ui.view import View
from perf_tui.ui.widgets.choice import Choice

PAUSE = 0.15
"""Seconds without a key after which a rule is tried."""
_LABEL = 11
"""Cells of a field's name; a longer one takes what it needs."""


class RuleEditor(Dialog):
    """A new rule, or one that there is. Nothing changes until it is saved."""

    DEFAULT_CSS = f"""
    RuleEditor > Vertical {{ width: 120; height: 100%; max-height: 44; }}
    RuleEditor .name {{ width: {_LABEL}; color: $secondary; }}
    RuleEditor .name.wrong {{ color: $error; text-style: bold; }}
    RuleEditor #name-keep_firing_for {{ width: 17; }}
    RuleEditor Input, RuleEditor Choice {{ width: 1fr; margin-right: 1; }}
    RuleEditor .line {{ height: 1; }}
    RuleEditor #said, RuleEditor #where {{ min-height: 1; max-height: 2; }}
    """
    BINDINGS = [Binding("enter,ctrl+s", "save", show=False, priority=True)]  # noqa: RUF012

    class Tested(Message):
        """A trial has ended."""

        def __init__(self, number: int, tried: Tried, where: str) -> None:
            super().__init__()
            self.number, self.tried, self.where = number, tried, where

    def __init__(self, view: View, name: str | None) -> None:
        """`name` is that of the rule to edit; without one it is a new rule. `view` is what it is tried on."""
        super().__init__()
        self._view = view
        self._before = next((rule for rule in view.config.alerts if rule.name == name), None)
        self._texts = texts(self._before)
        self._rule: AlertRule | None = None
        """The rule in the fields, where it is valid."""
        self._problem = ""
        self._left = False
        self._trials = 0
        self._timer: Timer | None = None

    # -- building

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            title = f"rule {self._before.name}" if self._before is not None else "a new rule"
            box.border_title = Content(clean(title)).plain
            for keys in ROWS:
                with Horizontal(id=f"row-{keys[0]}", classes="plain"):
                    for key in keys:
                        yield Static(key, classes="name", id=f"name-{key}")
                        yield self._field(key)
            yield Static(id="hint", classes="line")
            yield Static(id="said")
            yield Trial("trial")
            yield Static(id="where")
            dot = f" {self.perf.glyphs.dot} "
            yield Static(
                Content(dot.join(("Enter saves", "Esc leaves", "Tab next field", "right arrow completes a measure"))),
                classes="line",
            )

    def _field(self, key: str) -> Input | Choice:
        if key in CHOICES:
            return Choice(CHOICES[key], self._texts[key], f"field-{key}")
        suggester = SuggestFromList(self._measures(), case_sensitive=False) if key == "metric" else None
        # In brackets: where there is no colour, nothing else tells a hint from what was typed.
        hint = f"({HINTS[key]})" if key in HINTS else ""
        field = Input(self._texts[key], hint, id=f"field-{key}", suggester=suggester)
        field.cursor_blink = False
        return field

    def _measures(self) -> list[str]:
        """Ids and short names, those of what there is now first."""
        index = self._view.snapshot.index
        return sorted((*CATALOGUE, *SHORT_NAMES), key=lambda name: name not in index)

    def on_mount(self) -> None:
        self.query_one("#field-name" if self._before is None else "#field-warning", Input).focus()
        self.query_one("#trial", Trial).put(None, self._view)
        self._changed()

    # -- while one types

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._took()

    def on_choice_changed(self, event: Choice.Changed) -> None:
        event.stop()
        self._took()

    def _took(self) -> None:
        now = {key: self._text_of(key) for row in ROWS for key in row}
        if now != self._texts:
            self._texts, self._left = now, False
            self._changed()

    def _text_of(self, key: str) -> str:
        field = self.query_one(f"#field-{key}")
        assert isinstance(field, (Input, Choice))
        return field.value

    def _changed(self) -> None:
        """Say what is wrong, or try the rule."""
        for keys in ROWS:
            shown = [self._show(key) for key in keys]
            self.query_one(f"#row-{keys[0]}").display = any(shown)
        where, self._problem, self._rule = "", "", None
        try:
            self._rule = rule_from(said(self._texts, self._before), self._others())
        except ConfigError as error:
            where, self._problem = error.where.partition(".")[0].partition("[")[0], clean(str(error))
        except ValueError as error:
            where, self._problem = str(error).partition(":")[0], clean(str(error))
        for row in ROWS:
            for key in row:
                self.query_one(f"#name-{key}").set_class(key == where, "wrong")
        self.query_one("#said", Static).update(Content.styled(self._problem, "$error"))
        self.query_one("#hint", Static).update(Content.styled(self._hint(), "$secondary"))
        self._trials += 1
        if self._timer is not None:
            self._timer.stop()
        judged = rule_of(self._rule) if self._rule is not None else self._without_limits()
        if judged is not None:
            self._timer = self.set_timer(PAUSE, partial(self._start, judged, self._rule, self._trials))
        else:
            self.query_one("#trial", Trial).put(None, self._view)

    def _without_limits(self) -> Rule | None:
        """While there is no valid rule: one that only looks at the measure, so that limits can be chosen by it."""
        fields = {key: value for key, value in self._texts.items() if key in ("metric", "labels")}
        try:
            looks = rule_from(said({**fields, "name": "x", "kind": "threshold", "info": "1"}, None), ())
        except (ConfigError, ValueError):
            return None
        return replace(rule_of(looks), thresholds=((Level.INFO, inf),))

    def _show(self, key: str) -> bool:
        shown = applies(key, self._texts["kind"]) and not (key == "by" and self._texts["aggregate"] == "each")
        self.query_one(f"#name-{key}").display = self.query_one(f"#field-{key}").display = shown
        return shown

    def _others(self) -> list[str]:
        own = self._before.name if self._before is not None else None
        return [rule.name for rule in self.perf.config.alerts if rule.name != own]

    def _hint(self) -> str:
        """What the measure is; while its name is being typed, those that it may become."""
        typed = self._texts["metric"].strip()
        try:
            measure, implied, percent = measure_of(typed)
        except ValueError:
            near = [name for name in self._measures() if typed.lower() in name]
            more = f" and {len(near) - 4} more" if len(near) > 4 else ""
            return f"measures: {'  '.join(near[:4])}{more}" if near else "no measure is called that"
        labels = ", ".join(measure.labels) or "none"
        there = len(self._view.snapshot.index.get(measure.id, ()))
        unit = "percent" if percent else measure.unit
        now = f"{there} series now" if there else "nothing gives it now"
        of = f" of {', '.join(implied.values())}" if implied else ""
        return clean(f"{measure.meaning}{of}; unit {unit}; labels: {labels}; {now}")

    # -- trying it

    def _start(self, judged: Rule, rule: AlertRule | None, number: int) -> None:
        self.run_worker(partial(self._try, judged, rule, number), thread=True, exclusive=True, group="trial")

    def _try(self, judged: Rule, rule: AlertRule | None, number: int) -> None:
        """On a thread of its own."""
        found = tried(judged, self._view.snapshot, lambda: number == self._trials)
        where = rulefile.words(self.perf.file, self._edit(rule)) if rule is not None else ""
        self.post_message(self.Tested(number, found, where))

    def on_rule_editor_tested(self, event: Tested) -> None:
        if event.number == self._trials:
            self.query_one("#trial", Trial).put(event.tried, self._view)
            self.query_one("#where", Static).update(Content.styled(event.where, "$secondary"))

    # -- ending it

    def _edit(self, rule: AlertRule) -> Edit:
        return Edit(self._before.name if self._before is not None else None, rule)

    def action_save(self) -> None:
        """Put it into force, and into the file."""
        if self._rule is None:
            self.app.bell()
            return
        self.dismiss()
        self.perf.edit_rules(self._edit(self._rule), f"{self._rule.name}: in force")

    def action_leave(self) -> None:
        """Leave at once where nothing has changed, else when asked again."""
        if self._left or self._texts == texts(self._before):
            self.dismiss()
            return
        self._left = True
        self.query_one("#said", Static).update(Content.styled("Esc again leaves it unsaved", "$warning"))
