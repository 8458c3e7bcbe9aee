"""config.toml: its schema, how it is found, read, checked and written."""
