"""Whether what is named as having moved is what was broken: real faults on real parts, one after the other.

`kinds` says what is broken and what its true cause is, `stress` and the demo's levers break it, `scene`
watches with the program's own engine, `recording` keeps what it saw, `rankers` order that, `score` counts.
"""
