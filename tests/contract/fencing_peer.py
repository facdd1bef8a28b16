"""What a peer of the fencing contract is: controllers that can be broken, and the truth."""

from __future__ import annotations

import abc
import contextlib
from enum import Enum
from typing import ClassVar

from drivers.clock import SystemClock
from drivers.contracts.clock import Clock
from drivers.contracts.fencing import FencingDriver


class Fault(Enum):
    """What can be wrong with a controller."""

    DEAD = 'dead'  #: nothing is there
    HANG = 'hang'  #: it takes the request and never answers
    DRIP = 'drip'  #: it answers a byte at a time, for ever
    DROP = 'drop'  #: it cuts the connection
    BUSY = 'busy'  #: it says "not now"
    NOISE = 'noise'  #: it answers something else
    REFUSE = 'refuse'  #: it says no to every request to switch
    STUCK = 'stuck'  #: it says yes, and does nothing
    SLOW = 'slow'  #: it says yes, and does it seconds later
    LIE = 'lie'  #: it always reads ON
    ODD = 'odd'  #: it reads a state that is neither on nor off


class Peer(abc.ABC):
    """Controllers of at least two hosts, and the truth about them."""

    name: ClassVar[str]
    faults: ClassVar[frozenset[Fault]]
    from_record: ClassVar[bool] = False  #: its readings are none that could excuse a refusal
    clock: Clock = SystemClock()
    hosts: tuple[str, ...]
    tells_why: ClassVar[bool] = True  #: a no and a wrong password apart from silence
    asks_always: ClassVar[bool] = True  #: also for what reads so already
    has_identity: ClassVar[bool] = True

    def alone(self) -> contextlib.AbstractContextManager[None]:
        """The peer for one test, when another file breaks the whole of it."""
        return contextlib.nullcontext()

    @abc.abstractmethod
    def __init__(self) -> None:
        """Find the peer. Skips the test when it is not there."""

    @abc.abstractmethod
    def driver(self, host: str, *, password: str | None = None) -> FencingDriver:
        """A driver for the controller of a host."""

    @abc.abstractmethod
    def broken(self, host: str, fault: Fault) -> FencingDriver:
        """Break the controller of a host; a driver for it."""

    @abc.abstractmethod
    def restore(self) -> None:
        """Everything whole, every host on."""

    @abc.abstractmethod
    def is_on(self, host: str) -> bool:
        """The truth about a host's power."""

    @abc.abstractmethod
    def switch(self, host: str, on: bool) -> None:
        """Change a host's power behind its controller's back."""

    @abc.abstractmethod
    def contacts(self, host: str) -> int:
        """How many questions and requests the controller of a host received."""

    @abc.abstractmethod
    def requests_to_switch(self, host: str) -> int:
        """How many requests to switch the controller of a host received."""

    @property
    @abc.abstractmethod
    def password(self) -> str:
        """What must never be seen."""
