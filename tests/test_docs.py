"""Pages that are made from the program say what the program says."""

import pytest

from docs.make import HERE, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_made_page_is_of_today(name: str) -> None:
    assert (HERE / name).read_text(encoding="utf-8") == PAGES[name](), "run: python docs/make.py"
