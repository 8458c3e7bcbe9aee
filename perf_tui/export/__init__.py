"""A snapshot as a file: for people (text, Markdown, HTML) and for programs (JSON, CSV, Prometheus)."""
