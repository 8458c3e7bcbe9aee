"""What applications, exporters and inference servers export, as data: one TOML file each.

`schema` says what a profile may hold, `load` reads and checks them, `detect` finds the one that fits
a scrape. A person's own profiles are read as well; one of the same name takes the place of ours.
"""
