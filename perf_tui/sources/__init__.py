"""Readers of the outside world: one folder or module for each thing that can be watched."""
