"""Scores of evaluations, from a file of JSON lines: `{"name": …, "score": …, "model": …, "time": …}`."""
