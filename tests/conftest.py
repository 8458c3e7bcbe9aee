"""Fixtures for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import Clock, Tree


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still until it is moved."""
    return Clock()


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """An empty /proc and /sys."""
    return Tree(tmp_path)
