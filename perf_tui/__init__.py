"""perf-tui: a server's performance in three layers on one clock."""

__version__ = "0.1.0"
