"""`perf-tui demo`: real services, a real model server and real workers on loopback, and incidents that befall them.

Each part is a process of its own, which can be started alone: `python -m perf_tui.demo.PART --help`.
"""
