"""Contract for fencing: cut a host's power, and say truthfully whether it is cut."""

from __future__ import annotations

import abc
import enum
from dataclasses import dataclass
from typing import ClassVar


class PowerState(enum.Enum):
    """A host's power as its controller reports it."""

    ON = 'on'
    OFF = 'off'  #: Fully off. The only state that permits evacuation.
    UNKNOWN = 'unknown'  #: Everything else, transitions ("powering off") included.


class FencingDriver(abc.ABC):
    """One outlet or controller of one host. Cheap to build; connects on first use.

    Every method blocks for at most ``timeout`` seconds in all, retries included, even when the
    library below hangs, and raises only :class:`drivers.contracts.errors.DriverError`:
    ``Unreachable`` when no usable answer came (the outcome is unknown), ``Refused`` (or
    ``AccessDenied``, ``NotFound``) when the controller said no. Safe to call from several
    threads. A request is sent at most once per call.
    """

    #: Whether the controller answers from a record that may be older than the question, and looks
    #: at the host itself when it is asked to switch it. Its OFF counts only after such a request.
    FROM_RECORD: ClassVar[bool] = False

    #: Whether a human is the device: nothing that a program asks of it is ever answered.
    BY_HAND: ClassVar[bool] = False

    #: What its devices speak, where other drivers speak it too: an address is then one device,
    #: whichever of them asks it (hazard H4).
    PROTOCOL: ClassVar[str] = ''

    @abc.abstractmethod
    def power_state(self, *, timeout: float) -> PowerState:
        """Ask the controller, never a cache. An answer that is not understood is UNKNOWN."""

    @abc.abstractmethod
    def power_off(self, *, timeout: float) -> None:
        """Request an immediate, forced power-off; does not wait for it.

        Accepted is not off: only :meth:`power_state` tells. Asking a host that is off already
        is no error.
        """

    @abc.abstractmethod
    def power_on(self, *, timeout: float) -> None:
        """Request power on; does not wait for it. Asking a host that is on is no error."""

    @abc.abstractmethod
    def identity(self, *, timeout: float) -> str | None:
        """What the device says it is: a UUID, GUID or serial number that stays the same.

        None when the device has nothing of the kind. Compared with what was recorded at
        enrolment, because BMC addresses get swapped (hazard H4).
        """


class PowerOn(enum.Enum):
    """Whether we may switch a host on through a device."""

    AUTO = 'auto'
    NEVER = 'never'  #: a human does it


@dataclass(frozen=True)
class FenceDevice:
    """One device of one host, ready to use. All times in seconds."""

    name: str  #: as the inventory calls it, unique within the host
    driver: FencingDriver
    address: str  #: what an operator recognises: host:port, or a URL without credentials
    kind: str = ''  #: the name of its driver
    delay: float = 0.0  #: before it is asked for the first time, counted from its level's start
    off_timeout: float = 60.0  #: in all, from the first request until it must read OFF
    attempts: int = 1  #: requests to cut the power within off_timeout
    off_wait: float = 0.0  #: for which it must go on reading OFF before it counts
    request_timeout: float = 15.0  #: for one question or request
    power_on: PowerOn = PowerOn.AUTO
    feeds: tuple[str, ...] = ()  #: power feeds that it lives on; empty: not declared
    network: str = ''  #: the network that it answers on; empty: not declared
    from_record: bool = False  #: FROM_RECORD of its driver
    by_hand: bool = False  #: BY_HAND of its driver


@dataclass(frozen=True)
class FenceLevel:
    """Devices that must all read OFF for the host to count as off."""

    number: int  #: 1..9; tried in ascending order
    devices: tuple[FenceDevice, ...]


@dataclass(frozen=True)
class FencePath:
    """All ways to cut the power of one host, in the order in which they are tried."""

    host: str
    levels: tuple[FenceLevel, ...]
    feeds: tuple[str, ...] = ()  #: power feeds of the host; it needs one of them
    network: str = ''  #: the network over which the host is seen to be up

    @property
    def devices(self) -> tuple[FenceDevice, ...]:
        """Every device of every level."""
        return tuple(device for level in self.levels for device in level.devices)

    def level(self, number: int) -> FenceLevel:
        """The level of that number. Raises KeyError when the inventory has none."""
        for level in self.levels:
            if level.number == number:
                return level
        raise KeyError(number)
