"""Nova's own services as a source of alarms: what the monitors of a site did not say, or what was
lost on the way, is seen here."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from drivers.contracts.alarms import Alarm
from drivers.contracts.compute import Service
from drivers.contracts.errors import DriverError
from recovery.db.duties import Duty
from recovery.intake.receive import receive
from recovery.policy.looks import seconds
from recovery.service.closed_hosts import ClosedHosts
from recovery.site import Site

LOG = logging.getLogger(__name__)

SOURCE = 'nova'  #: by which [sources] authority knows it
READ_SECONDS = 20.0
LEASE_LOOKS = 3  #: looks that the holder of the duty may miss
AWAY_MOST = 300.0  #: seconds at most between two questions to a Nova that does not answer
PASSED_ON = 3  #: misses after which another watcher may try: it may be this one that is cut off
AGAIN_FIRST, AGAIN_MOST = 60.0, 3600.0  #: seconds until a host that stays down is told again


class NovaPoll:
    """One request for all hosts at each look, and of all watchers one looks."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._duty = Duty(site.store, 'nova-poll', site.identity.name, lease_seconds=_lease(site))
        self._closed = ClosedHosts(site)
        self._misses = 0
        self._ask_at = float('-inf')
        self._told: dict[str, tuple[float, float]] = {}  # by alarm: when again, and after how long

    def sweep(self) -> None:
        """Look once, if that is wanted and it is this process who does. Raises StoreAway."""
        site = self._site
        if site.conf.watcher.poll == 'off':
            self._duty.release()
            return
        if site.clock.elapsed() < self._ask_at and self._misses >= PASSED_ON:
            return
        self._duty.lease_seconds = _lease(site)
        if not self._duty.hold() or site.clock.elapsed() < self._ask_at:
            return
        try:
            services = site.compute.services(timeout=READ_SECONDS)
        except DriverError as error:
            self._away(error)
            return
        if self._misses:
            LOG.info('Nova answers again')
            self._misses = 0
        known = self._remember(services)
        silent = [one for one in services if one.host in known and self._silent(one)]
        keys = {_key(one) for one in silent}
        self._told = {key: when for key, when in self._told.items() if key in keys}
        for service in silent:
            why = '' if service.enabled else self._closed.died(service, services)
            if service.enabled or why:
                self._tell(service, why)

    def gone(self) -> None:
        """The process ends in order: another one may go on at once. Raises StoreAway."""
        self._duty.release()

    def _away(self, error: DriverError) -> None:
        pause = self._site.conf.watcher.poll_seconds * 2**self._misses
        self._ask_at = self._site.clock.elapsed() + min(pause, AWAY_MOST)
        if not self._misses:
            LOG.warning('Nova is not polled until it answers: %s', error)
        self._misses = min(self._misses + 1, 10)
        if self._misses >= PASSED_ON:
            self._duty.release()

    def _remember(self, services: Iterable[Service]) -> frozenset[str]:
        """Hosts that were ever seen up. A record that never was may be a leftover of a name that
        nothing bears any more (H4); and a list that lacks a host for once says nothing (H2)."""
        before = frozenset(self._duty.value or ())
        known = before | {one.host for one in services if one.state == 'up'}
        if known != before:
            self._duty.save(sorted(known))
        return known

    def _silent(self, service: Service) -> bool:
        """Whether it does not report although nobody forced it down."""
        if service.forced_down or service.state != 'down':
            return False
        if service.updated_at is None:
            return False
        silence = self._site.clock.now() - service.updated_at
        return bool(silence >= self._site.conf.watcher.poll_down_seconds)

    def _tell(self, service: Service, why: str) -> None:
        key, now = _key(service), self._site.clock.elapsed()
        again_at, pause = self._told.get(key, (now, AGAIN_FIRST))
        if now < again_at:
            return
        assert service.updated_at is not None
        silence = seconds(self._site.clock.now() - service.updated_at)
        alarm = Alarm(
            source=SOURCE,
            key=key,
            kind='host-down',
            subject=service.host,
            at=service.updated_at,
            evidence={'state': service.state, 'silent': silence} | ({'closed': why} if why else {}),
            requested_by=f'{SOURCE}, asked by {self._site.identity.name}',
        )
        outcome = receive(self._site, alarm)
        if not outcome.repeated:
            LOG.warning('%s has not reported to Nova for %s: %s (%s)',
                        service.host, silence, outcome.answer, outcome.reason)  # fmt: skip
        # What was ignored, or has expired, is decided anew when it is said again.
        self._told[key] = (now + pause, min(2 * pause, AGAIN_MOST))


def _lease(site: Site) -> float:
    """As long as some looks take."""
    return float(LEASE_LOOKS * site.conf.watcher.poll_seconds + READ_SECONDS)


def _key(service: Service) -> str:
    """One alarm for one silence: the same from every watcher, another after the host was up."""
    return f'{service.host[:230]}/{service.updated_at:.0f}'
