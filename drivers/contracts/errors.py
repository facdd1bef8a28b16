"""What can go wrong with a driver, told apart by what the caller may do next."""

from __future__ import annotations


class DriverError(Exception):
    """The driver could not do what was asked."""

    def __init__(self, message: str, *, request_id: str | None = None) -> None:
        super().__init__(message)
        self.request_id = request_id  #: the peer's own identifier of the request, when it gave one


class Unreachable(DriverError):
    """No usable answer: the outcome is unknown. Read the state back before anything else."""


class Refused(DriverError):
    """The peer understood and said no: asking the same again is useless."""

    def __init__(
        self, message: str, *, status: int | None = None, request_id: str | None = None
    ) -> None:
        super().__init__(message, request_id=request_id)
        self.status = status  #: the HTTP status, where the peer speaks HTTP


class NotFound(Refused):
    """The peer knows no such thing."""


class AccessDenied(Refused):
    """The peer did not accept our credentials, or our role does not allow the request."""
