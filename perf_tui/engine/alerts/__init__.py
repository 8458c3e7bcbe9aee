"""Threshold alerts: rules, their instances' life, and the log of transitions."""
