"""Metrics that other programs offer over HTTP, read and turned into measures."""
