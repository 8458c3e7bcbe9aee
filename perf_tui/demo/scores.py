"""Scores of answers, by checks that need no judge."""

from __future__ import annotations


def scores(answer: str) -> dict[str, float]:
    """What is known of an answer that is not empty: each score is 0..1, and more is better.

    `readable` is the share of characters that can be read, `variety` that of different ones among them.
    """
    read = [character for character in answer if character.isprintable() and character != "\ufffd"]
    return {"readable": len(read) / len(answer), "variety": len(set(read)) / len(read) if read else 0.0}
