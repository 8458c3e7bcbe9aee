"""Rows of text made from numbers: pure functions, tested without a terminal."""
