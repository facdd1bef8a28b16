"""The bus is away."""

from __future__ import annotations


class BusAway(Exception):
    """The broker did not take a message, as far as we know. Says why, without a password."""
