"""What we see of the witnesses: are we the side that is cut off?"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from drivers.contracts.errors import DriverError, Refused
from drivers.contracts.witness import WitnessDriver
from flows.stop import StoreAway
from recovery import plugins
from recovery.db import witnesses
from recovery.intake.beside import Beside
from recovery.policy.inputs import Missing, Surroundings, Witness
from recovery.site import Site

WITNESSES = 'recovery.witnesses'  #: entry points, by the scheme of the URL
DATABASE, WORKERS = 'database', 'workers'


@dataclass(frozen=True)
class Look:
    """One look from this process."""

    witnesses: tuple[Witness, ...]
    arbitrator: Witness | None
    at: float  #: on the clock's elapsed time

    @property
    def majority(self) -> bool:
        """Whether more than half are reached; with a tie, whether the arbitrator is."""
        if not self.witnesses:
            return self.arbitrator is None or self.arbitrator.reached
        reached = sum(one.reached for one in self.witnesses)
        if 2 * reached != len(self.witnesses):
            return 2 * reached > len(self.witnesses)
        return self.arbitrator is not None and self.arbitrator.reached

    def answers(self) -> dict[str, str]:
        """What each of them said, for people."""
        every = (*self.witnesses, *((self.arbitrator,) if self.arbitrator else ()))
        return {one.name: one.said for one in every}


class Lookout:
    """Looks for a process, at most once per ``[isolation] keep_seconds``, whoever wants to know."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._beside: Beside[Witness] = Beside(site.clock)
        self._lock = threading.Lock()
        self._kept: Look | None = None
        self._looking: threading.Event | None = None

    def look(self) -> Look | Missing:
        """The newest look, or a new one; Missing when the options cannot be used."""
        clock, options = self._site.clock, self._site.conf.isolation
        with self._lock:
            kept, looking = self._kept, self._looking
            if kept is not None and clock.elapsed() - kept.at < options.keep_seconds:
                return kept
            mine = looking is None
            if looking is None:
                looking = self._looking = threading.Event()
        if not mine:  # somebody asks right now: his answer is ours, too
            clock.wait(looking, 2 * options.timeout_seconds)
            return self._kept or Missing('the witnesses have not been asked yet')
        try:
            found = self._ask()
        except Refused as error:
            return Missing(str(error))
        else:
            with self._lock:
                self._kept = found
            return found
        finally:
            with self._lock:
                self._looking = None
            looking.set()

    @property
    def newest(self) -> Look | None:
        """What was seen last, however long ago."""
        return self._kept

    def _ask(self) -> Look:
        options = self._site.conf.isolation
        names = [name for name in options.witnesses if name != WORKERS]
        asked = [*names, *([options.arbitrator] if options.arbitrator else [])]
        questions = {name: self._question(name) for name in asked}
        seconds = float(options.timeout_seconds)
        said = self._beside.ask(questions, seconds)
        late = f'no answer within {seconds:g} s'
        found = {name: said.get(name, Witness(name, False, late)) for name in asked}
        arbitrator = found.get(options.arbitrator) if options.arbitrator else None
        return Look(tuple(found[name] for name in names), arbitrator, self._site.clock.elapsed())

    def _question(self, name: str) -> Callable[[], Witness]:
        if name == DATABASE:
            return self._database()
        scheme = name.partition(':')[0]
        try:
            driver: WitnessDriver = plugins.load(WITNESSES, scheme).build(name)
        except (LookupError, Refused) as error:
            raise Refused(f'[isolation] cannot be used: {name}: {error}') from error
        timeout = float(self._site.conf.isolation.timeout_seconds)

        def ask() -> Witness:
            try:
                return Witness(name, True, driver.ask(timeout=timeout))
            except DriverError as error:
                return Witness(name, False, str(error))

        return ask

    def _database(self) -> Callable[[], Witness]:
        store = self._site.store
        if store.url.get_backend_name() == 'sqlite':
            raise Refused(
                '[isolation] cannot be used: a database that is a file of this machine witnesses '
                'nothing; take "database" out of witnesses'
            )

        def ask() -> Witness:
            try:
                with store.read() as connection:
                    connection.execute(sa.select(1))
            except StoreAway as away:
                return Witness(DATABASE, False, away.reason)
            return Witness(DATABASE, True, 'answered')

        return ask


def cut_off(site: Site) -> bool:
    """Whether this machine saw no majority when it last looked, while another one of ours does:
    then that one is to act. Asks nobody outside. Raises StoreAway."""
    if not configured(site):
        return False
    newest = site.one(Lookout, lambda: Lookout(site)).newest
    if newest is None or newest.majority:
        return False
    return any(_others(site, always=True).values())


def cut_off_others(site: Site) -> frozenset[str]:
    """Other machines that last saw no majority while ours, or another one, did: their workers
    stand back, and are not to be waited for. Asks nobody outside. Raises StoreAway."""
    if not configured(site):
        return frozenset()
    newest, others = site.one(Lookout, lambda: Lookout(site)).newest, _others(site, always=True)
    if not ((newest is not None and newest.majority) or any(others.values())):
        return frozenset()
    return frozenset(machine for machine, reached in others.items() if not reached)


def configured(site: Site) -> bool:
    """Whether anybody is asked."""
    return bool(site.conf.isolation.witnesses or site.conf.isolation.arbitrator)


def look(site: Site) -> Look | Missing:
    """What this process sees now, or has seen a moment ago."""
    return site.one(Lookout, lambda: Lookout(site)).look()


def surroundings(site: Site) -> Surroundings | Missing | None:
    """What gates may look at; None when no witness is configured. Raises StoreAway."""
    if not configured(site):
        return None
    found = look(site)
    if isinstance(found, Missing):
        return found
    return Surroundings(found.witnesses, _others(site), found.arbitrator)


def _others(site: Site, *, always: bool = False) -> dict[str, bool]:
    if WORKERS not in site.conf.isolation.witnesses and not always:
        return {}
    since = site.clock.now() - site.conf.isolation.fresh_seconds
    with site.store.read() as connection:
        return dict(witnesses.others(connection, site.identity.host, since))


def tell(site: Site) -> None:
    """Look, and leave for the other processes what was seen. Raises StoreAway."""
    found = look(site)
    if isinstance(found, Missing):
        return
    site.store.transact(
        lambda connection: witnesses.saw(
            connection, site.identity, found.answers(), found.majority, site.clock.now()
        )
    )
