"""The container that places panes where a plain function says, for every size of terminal."""

from __future__ import annotations

from collections.abc import Callable

from textual.containers import Container
from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

Plan = dict[str, Region]
"""Where each pane stands, by id. Panes that it does not name are not shown."""


class _PlanLayout(Layout):
    name = "plan"

    def __init__(self, plan: Callable[[Size], Plan]) -> None:
        self._plan = plan

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:
        parent.pre_layout(self)
        plan = self._plan(size)
        return [
            WidgetPlacement(plan[child.id], NULL_OFFSET, NULL_SPACING, child) for child in children if child.id in plan
        ]


class Board(Container):
    """Shows those of its panes that the plan has room for."""

    DEFAULT_CSS = "Board { width: 100%; height: 100%; overflow: hidden; }"

    def __init__(self, plan: Callable[[Size], Plan], *panes: Widget) -> None:
        super().__init__(*panes)
        self._plan_layout = _PlanLayout(plan)

    @property
    def layout(self) -> Layout:
        """Textual's question for how to arrange the children."""
        return self._plan_layout

    def rearrange(self) -> None:
        """Place the panes anew. Through a child: a widget's own refresh keeps what it knows of its children."""
        self.children[0].refresh(layout=True)


def stack(top: int, height: int, wishes: list[tuple[str, int, int, int]]) -> dict[str, tuple[int, int]]:
    """Rows one below the other: (id, least, most, importance) → (y, height) for those that fit.

    Where there is no room for all, the least important go; what is left over is given out by
    importance, up to the most that each can use.
    """
    kept = list(wishes)
    while kept and sum(least for _, least, _, _ in kept) > height:
        kept.remove(min(kept, key=lambda wish: wish[3]))
    heights = {id: least for id, least, _, _ in kept}
    spare = height - sum(heights.values())
    for id, least, most, _ in sorted(kept, key=lambda wish: -wish[3]):
        extra = min(spare, most - least)
        heights[id] += extra
        spare -= extra
    placed, y = {}, top
    for id, *_ in kept:
        placed[id] = (y, heights[id])
        y += heights[id]
    return placed
