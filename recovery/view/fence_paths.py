"""Whether the power of a host could be cut, and given back, if it had to be: asked now.

Read-only: devices are asked for their power state and their identity, and nothing is switched.
Off should work when all devices of at least one level are well, and none says that it is another
machine: that would hold the recovery (H4). On should work when a device that may switch the host
on is well: power-on asks them all, and one that answers is enough. A human who is the last level
is not counted: a path is no better, and no worse, for that.
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from drivers.contracts.errors import DriverError, Unreachable
from drivers.contracts.fencing import FenceDevice, PowerOn, PowerState
from drivers.contracts.inventory import InventoryError
from recovery.db import hosts as remembered

if TYPE_CHECKING:
    from drivers.contracts.clock import Clock
    from recovery.site import Site

AT_ONCE = 8  #: hosts that are asked side by side


class Health(enum.StrEnum):
    """How a device is."""

    OK = 'ok'
    NOT_ENROLLED = 'not enrolled'
    UNCLEAR = 'unclear'  #: it answers, and says neither on nor off
    BY_HAND = 'by hand'  #: a human is the device; nobody is asked
    CHANGED = 'changed'  #: it is not the one that was enrolled
    REFUSED = 'refused'
    UNREACHABLE = 'unreachable'

    @property
    def well(self) -> bool | None:
        """Whether it could be used; None: nobody can tell."""
        if self in (Health.UNCLEAR, Health.BY_HAND):
            return None
        return self in (Health.OK, Health.NOT_ENROLLED)


class Grade(enum.StrEnum):
    """How a fence path is."""

    WELL = 'well'
    DEGRADED = 'degraded'  #: off and on should work, but not every device is well
    BROKEN = 'broken'  #: off, or on, should not work
    UNCLEAR = 'unclear'


@dataclass(frozen=True)
class Checked:
    """One device, as it answered."""

    level: int
    name: str
    kind: str  #: the name of its driver
    address: str
    power: str
    identity: str | None
    enrolled: str | None
    health: Health
    may_power_on: bool = True
    error: str = ''

    def as_json(self) -> dict[str, Any]:
        """The form in which the table keeps it."""
        return {key: getattr(self, key) for key in self.__dataclass_fields__} | {
            'health': self.health.value
        }

    def sentence(self) -> str:
        """What is wrong with it: 'bmc at 10.0.0.1: no answer'."""
        said = {
            Health.CHANGED: f'says it is {self.identity or "nothing"}, and was {self.enrolled}',
            Health.UNCLEAR: f'reads {self.power}',
            Health.BY_HAND: 'a human switches it',
            Health.NOT_ENROLLED: 'is not enrolled',
        }
        return f'{self.name} at {self.address}: {self.error or said.get(self.health, self.health)}'


@dataclass(frozen=True)
class Path:
    """The fence path of one host, as its devices answered."""

    host: str
    devices: tuple[Checked, ...]
    error: str = ''  #: why there is no device to ask

    @property
    def off_works(self) -> bool | None:
        """Whether a fence should succeed; None: nobody can tell."""
        if any(one.health is Health.CHANGED for one in self.devices):
            return False
        humans = {one.level for one in self.devices if one.health is Health.BY_HAND}
        levels: dict[int, list[bool | None]] = {}
        for one in self.devices:
            if one.level not in humans:
                levels.setdefault(one.level, []).append(one.health.well)
        return _any(_all(level) for level in levels.values()) if levels or not humans else None

    @property
    def on_works(self) -> bool | None:
        """Whether switching on should succeed; None: nobody can tell, or a human does it."""
        may = [one.health.well for one in self._switching]
        return _any(may) if may or not self.devices else None

    @property
    def _switching(self) -> list[Checked]:
        """Devices through which we may switch the host on."""
        return [one for one in self.devices
                if one.may_power_on and one.health is not Health.BY_HAND]  # fmt: skip

    @property
    def ill(self) -> list[Checked]:
        """Devices that are not well; a human is one only where there is nothing else to ask."""
        asked = [one for one in self.devices if one.health is not Health.BY_HAND]
        return [one for one in asked or self.devices if not one.health.well]

    @property
    def grade(self) -> Grade:
        """All of it in a word."""
        by_hand = bool(self.devices) and not self._switching
        works = (self.off_works, True if by_hand else self.on_works)
        if False in works:
            return Grade.BROKEN
        if None in works:
            return Grade.UNCLEAR
        return Grade.DEGRADED if self.ill else Grade.WELL

    @property
    def verdict(self) -> str:
        """The grade and its reason, for people."""
        works = [
            f'{word} {_SHOULD[value]}'
            for word, value in (('off', self.off_works), ('on', self.on_works))
        ]
        trouble = [one.sentence() for one in self.ill]
        trouble += [self.error] if self.error else []
        return f'{self.grade}: {"; ".join([", ".join(works), *trouble])}'


_SHOULD: Mapping[bool | None, str] = {
    True: 'should work',
    False: 'should not work',
    None: 'cannot be told',
}


def _all(values: Iterable[bool | None]) -> bool | None:
    found = list(values)
    return False if False in found else None if None in found else True


def _any(values: Iterable[bool | None]) -> bool | None:
    found = list(values)
    return True if True in found else None if None in found else False


def ask(site: Site, host: str) -> Path:
    """Ask every device of a host. Raises StoreAway.

    :raises InventoryError: the inventory as a whole cannot be used.
    """
    inventory = site.inventory
    try:
        path = inventory.path(host)
    except KeyError:
        return Path(host, (), 'the inventory has no device for it')
    except (InventoryError, DriverError) as error:
        return Path(host, (), str(error))
    with site.store.read() as connection:
        enrolled = remembered.get(connection, host).identities
    return Path(
        host,
        tuple(
            _checked(level.number, device, enrolled.get(device.name))
            for level in path.levels
            for device in level.devices
        ),
    )


def ask_all(site: Site, hosts: Sequence[str], at_once: int = AT_ONCE) -> Iterator[Path]:
    """Ask the devices of many hosts, some side by side; in the order of the hosts.

    :raises InventoryError: the inventory as a whole cannot be used.
    """
    site.inventory  # noqa: B018 - its error here, and not once for each host
    for start in range(0, len(hosts), at_once):
        some = hosts[start : start + at_once]
        yield from _beside(site.clock, {host: functools.partial(ask, site, host) for host in some})


def _beside(clock: Clock, questions: Mapping[str, Callable[[], Path]]) -> list[Path]:
    """Run the questions as actors of their own; the first error of one is raised here."""
    answers: dict[str, Path] = {}
    errors: list[Exception] = []

    def run(host: str) -> None:
        try:
            answers[host] = questions[host]()
        except Exception as error:
            errors.append(error)

    ended = [clock.spawn(f'asks {host}', functools.partial(run, host)) for host in questions]
    for event in ended:
        clock.wait(event)
    if errors:
        raise errors[0]
    return [answers[host] for host in questions]


def _checked(level: int, device: FenceDevice, enrolled: str | None) -> Checked:
    if device.by_hand:
        answers: tuple[PowerState, str | None, Health, str] = (
            PowerState.UNKNOWN,
            None,
            Health.BY_HAND,
            '',
        )
    else:
        answers = _asked(device, enrolled)
    power, identity, health, error = answers
    return Checked(
        level,
        device.name,
        device.kind,
        device.address,
        power.value,
        identity,
        enrolled,
        health,
        device.power_on is not PowerOn.NEVER,
        error,
    )


def _asked(device: FenceDevice, enrolled: str | None) -> tuple[PowerState, str | None, Health, str]:
    """Asked once more when it did not answer: one lost packet is no broken path."""
    power, identity, health, error = PowerState.UNKNOWN, None, Health.UNREACHABLE, ''
    for _try in range(2):
        try:
            power = device.driver.power_state(timeout=device.request_timeout)
            identity = device.driver.identity(timeout=device.request_timeout)
        except Unreachable as failure:
            health, error = Health.UNREACHABLE, str(failure)
            continue
        except DriverError as failure:
            health, error = Health.REFUSED, str(failure)
        except Exception as failure:  # a driver that breaks its promise cannot be relied on
            health, error = Health.REFUSED, f'{type(failure).__name__}: {failure}'
        else:
            health, error = _health(power, identity, enrolled), ''
        break
    return power, identity, health, error


def _health(power: PowerState, identity: str | None, enrolled: str | None) -> Health:
    if enrolled is not None and identity != enrolled:
        return Health.CHANGED
    if power is PowerState.UNKNOWN:
        return Health.UNCLEAR
    return Health.NOT_ENROLLED if enrolled is None and identity else Health.OK
