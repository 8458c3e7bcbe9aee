"""Fixtures for tests of the interface: see ui_scene for what they are made of."""

from __future__ import annotations

import pytest
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
