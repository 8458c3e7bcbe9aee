"""Looking for what can be watched on this machine's loopback: who listens, and who answers with metrics.

`listeners` reads who listens, `probe` asks one of them, `source` does both now and then while the engine
runs and lets new targets appear.
"""
