"""Witnesses: one file per way of asking."""
