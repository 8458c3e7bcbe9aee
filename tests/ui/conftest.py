"""Fixtures for tests of the interface: see ui_scene for what they are made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from ui_scene import Scene


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the tester's terminal wishes for must not change what is drawn."""
    for name in ("NO_COLOR", "COLORTERM", "TEXTUAL_THEME", "TEXTUAL_FPS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def scene() -> Scene:
    """An ordinary machine of eight cores, with two services."""
    return Scene(services=("checkout", "search"))


@pytest.fixture(autouse=True, scope="session")
def _styles_are_parsed_once() -> Iterator[None]:
    """Most of what it takes to start an app is the parsing of style sheets, the same for each of them."""
    parse = Stylesheet._parse_rules
    known: dict[tuple[Any, ...], list[RuleSet]] = {}

    def once(self: Stylesheet, *what: Any, **how: Any) -> list[RuleSet]:
        key = (*what, *how.items(), *self._variables.items())
        if key not in known:
            known[key] = parse(self, *what, **how)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", once)
        yield
