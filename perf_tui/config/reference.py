"""The commented reference: config.toml of the project's root, shipped in the package."""

from __future__ import annotations

from pathlib import Path

_SHIPPED = Path(__file__).with_name("reference.toml")
_CHECKOUT = Path(__file__).parents[2] / "config.toml"


def text() -> str:
    """Its text. An installed package has a copy beside this module; a checkout the one file at its root."""
    return (_SHIPPED if _SHIPPED.is_file() else _CHECKOUT).read_text(encoding="utf-8")
