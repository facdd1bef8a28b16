"""Cutting the power of one host, level by level, and reading it back."""
