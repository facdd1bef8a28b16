"""Signs of life: every configured channel of a host, asked at the same time (H16)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from drivers.contracts.compute import Service
from drivers.contracts.errors import Refused
from drivers.contracts.life import LifeDriver, fill
from recovery import plugins
from recovery.intake.beside import Beside
from recovery.policy.inputs import Missing, OwnMarks, Sign
from recovery.site import Site

LIFE = 'recovery.life'  #: entry points, by the scheme of the target
NOVA = 'nova'
#: Two looks at Nova's record must lie so far apart that a live agent has reported between them
#: (its default interval is 10 s), and not so far that it may have died since it did.
APART_SECONDS, OLD_SECONDS = 20.0, 45.0
#: Nova's time of a report moves with our own requests: this close to one it is no growth (H3).
SLACK_SECONDS = 3.0


@dataclass(frozen=True)
class Read:
    """Nova's record of a host, as this process found it."""

    updated_at: float
    first: float  #: when it was first read so, and
    last: float  #: when last, on the clock's elapsed time
    wall: float  #: the last time on the wall clock, to compare with requests of ours

    def growth(self, updated: float, now: float, ours: float | None) -> tuple[bool | None, str]:
        """Whether another time in the record, read now, is life, and why.

        :param ours: when a request of ours last moved the record, by the wall clock.
        """
        if updated <= self.updated_at:
            still = now - self.first
            dead = False if still >= APART_SECONDS else None
            return dead, f'its record has stood still for {still:.0f} s'
        if now - self.last > OLD_SECONDS:
            return None, f'its record moved within the last {now - self.last:.0f} s'
        if ours is not None and min(self.wall, updated) <= ours + SLACK_SECONDS:
            return None, 'a request of ours may have moved its record'
        return True, 'its agent reported to Nova between two looks'


class Channels:
    """Drivers, and what was read before, of one process."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._beside: Beside[Sign] = Beside(site.clock)
        self._drivers: dict[str, LifeDriver] = {}
        self._reads: dict[str, Read] = {}
        self._lock = threading.Lock()

    def signs(
        self, host: str, services: Iterable[Service] | Missing, own: OwnMarks
    ) -> tuple[Sign, ...]:
        """What every channel says.

        :raises Refused: a channel cannot be used as configured.
        """
        options = self._site.conf.life
        found: dict[str, Sign] = {}
        questions: dict[str, Callable[[], Sign]] = {}
        for line in options.channel or ():
            answer, target = line.split(None, 1)
            if target == NOVA:
                found[target] = self._growth(host, services, own, answer)
                continue
            driver, kind = self._driver(target), target.partition(':')[0]
            try:
                named = fill(target, host)
            except Refused as error:  # of this host alone: the others have usable names
                found[target] = Sign(target, kind, None, str(error), answer=answer)
                continue
            found[named] = Sign(named, kind, None, _late(options), answer=answer)
            questions[f'{target} of {host}'] = self._question(driver, found[named], host)
        for said in self._beside.ask(questions, float(options.timeout_seconds)).values():
            found[said.name] = said
        return tuple(found.values())

    def check(self) -> None:
        """Raises Refused when a channel cannot be used as configured."""
        for line in self._site.conf.life.channel or ():
            target = line.split(None, 1)[1]
            if target != NOVA:
                self._driver(target)

    def _question(self, driver: LifeDriver, blank: Sign, host: str) -> Callable[[], Sign]:
        clock = self._site.clock
        timeout = float(self._site.conf.life.timeout_seconds)

        def ask() -> Sign:
            seen = driver.look(host, timeout=timeout)
            return Sign(blank.name, blank.kind, seen.alive, seen.said, clock.now(), blank.answer)

        return ask

    def _driver(self, target: str) -> LifeDriver:
        with self._lock:
            if target not in self._drivers:
                try:
                    made: LifeDriver = plugins.load(LIFE, target.partition(':')[0]).build(target)
                except (LookupError, Refused) as error:
                    raise Refused(f'[life] channel cannot be used: {target}: {error}') from error
                self._drivers[target] = made
            return self._drivers[target]

    def _growth(
        self, host: str, services: Iterable[Service] | Missing, own: OwnMarks, answer: str
    ) -> Sign:
        def sign(alive: bool | None, said: str, at: float | None = None) -> Sign:
            return Sign(NOVA, NOVA, alive, said, at, answer)

        if isinstance(services, Missing):
            return sign(None, services.why)
        mine = [one for one in services if one.host == host and one.updated_at is not None]
        if len(mine) != 1:
            return sign(None, 'Nova has no record of a report')
        updated, clock = mine[0].updated_at, self._site.clock
        assert updated is not None
        now = clock.elapsed()
        with self._lock:
            before = self._reads.get(host)
            first = before.first if before and updated <= before.updated_at else now
            self._reads[host] = Read(updated, first, now, clock.now())
        if before is None:
            return sign(None, 'its record was looked at once: a second look tells')
        alive, said = before.growth(updated, now, own.changed_at)
        return sign(alive, said, updated if alive else None)


def problem(site: Site) -> str:
    """Why a channel cannot be used as configured; '' when all can. Asks no host."""
    try:
        site.one(Channels, lambda: Channels(site)).check()
    except Refused as error:
        return str(error)
    return ''


def _late(options: Any) -> str:
    return f'no answer within {options.timeout_seconds:g} s'


def signs(
    site: Site, host: str, services: Iterable[Service] | Missing, own: OwnMarks
) -> tuple[Sign, ...] | Missing:
    """What gates may look at."""
    if not site.conf.life.channel:
        return ()
    try:
        return site.one(Channels, lambda: Channels(site)).signs(host, services, own)
    except Refused as error:
        return Missing(str(error))
