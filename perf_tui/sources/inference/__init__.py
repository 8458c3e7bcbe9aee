"""What inference servers tell in JSON, beside their metrics or instead of them.

`told` is what comes of it: series in the text format, under names that begin with `probe:`, so that
profiles use them like any other. `adapters` says which endpoints there are and reads their answers,
`probes` asks them.
"""
