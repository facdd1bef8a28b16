"""How the simulated services say no."""

from __future__ import annotations


class ApiError(Exception):
    """An answer other than success, in the words of the service that gives it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Dropped(Exception):
    """The connection was closed without an answer."""


class ClientGone(Exception):
    """Nobody waits for the answer any more: the client's time-out has passed."""


class Silent(Exception):
    """The device is without current: nobody answers."""
