"""Telling the bus how recoveries get on: at least once, in order, and waiting for nobody.

The database is read beside everything else, so that a broker that is away holds nothing up; when it
is back, what happened meanwhile is told from where it stopped.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from recovery.bus import messages
from recovery.bus.away import BusAway
from recovery.bus.messages import Message
from recovery.db import news, states
from recovery.db.duties import Duty
from recovery.policy.gates.nova import OVER
from recovery.policy.gates.storm import STORMY
from recovery.site import Site

LOG = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
LEASE_SECONDS = 30.0
AWAY_FIRST, AWAY_MOST = 2.0, 15.0  #: seconds between two tries while the broker is away
MANY = 200  #: events in one look
SLACK_SECONDS = 120.0  #: between the clocks of those who write and of who tells

Send = Callable[[str, Mapping[str, Any]], None]


class Emission:
    """One process at a time tells; who takes over goes on at the cursor.

    :param send: the type and the payload of a message. Raises BusAway.
    """

    def __init__(self, site: Site, send: Send) -> None:
        self._site = site
        self._send = send
        self._duty = Duty(
            site.store, 'bus-emission', site.identity.name, lease_seconds=LEASE_SECONDS
        )
        self._told: dict[str, set[str]] = {}  # by recovery: the keys of what was told of it
        self._cursor = 0  # the number of the last event that was told
        self._pause = 0.0
        self._try_at = float('-inf')

    def sweep(self) -> None:
        """Tell what is new, if it is this process who does. Raises StoreAway."""
        clock = self._site.clock
        if clock.elapsed() < self._try_at:
            if self._pause < AWAY_MOST:
                self._duty.hold()
            return
        if not self._duty.hold():
            self._told.clear()
            return
        now, value = clock.now(), self._duty.value or self._begin(clock.now())
        self._cursor = value['cursor']
        try:
            self._tell(value['told_at'], now)
        except BusAway as away:
            self._away(away)
            if self._cursor != value['cursor']:
                self._duty.save(value | {'cursor': self._cursor})
            if self._pause >= AWAY_MOST:  # another one may try: it may be us who are cut off
                self._duty.release()
            return
        if self._pause:
            LOG.info('the bus takes notifications again')
            self._pause = 0.0
        if self._cursor != value['cursor'] or now - value['told_at'] > LEASE_SECONDS:
            self._duty.save({'cursor': self._cursor, 'told_at': now})

    def gone(self) -> None:
        """The process ends in order: another one may go on at once. Raises StoreAway."""
        self._duty.release()

    def _begin(self, now: float) -> dict[str, Any]:
        """Never before did anybody tell: what was before is nobody's news."""
        with self._site.store.read() as connection:
            value = {'cursor': news.newest(connection), 'told_at': now}
        self._duty.save(value)
        return value

    def _tell(self, told_at: float, now: float) -> None:
        """Everything since the cursor, which follows. Raises BusAway in the middle of it."""
        horizon = now - self._site.conf.bus.backlog_hours * 3600.0
        since = max(told_at - SLACK_SECONDS, horizon)
        with self._site.store.read() as connection:
            skipped, cursor = news.older(connection, self._cursor, horizon)
            rows = news.events_after(connection, cursor, now, MANY)
            about = {row['recovery'] for row in rows if row['recovery'] is not None}
            found = news.recoveries_of(connection, about, since)
            ended = [key for key, row in found.items() if row['state'] in states.ENDED]
            items = news.items_by_state(connection, ended)
            quiet = news.held_only_by(connection, self._came_back(found, ended), STORMY)
        if skipped:
            message = messages.of_skipped(skipped, self._cursor + 1, cursor, now)
            self._send(message.type, message.payload())
            self._cursor = cursor
        for row in rows:
            message = messages.of_event(row, found.get(row['recovery']))
            self._send(message.type, message.payload())
            self._cursor = row['id']
        self._told = {key: told for key, told in self._told.items() if key in found}
        for key, row in found.items():
            # Of one that ended long ago everything was told; somebody only said a word about it.
            ended_long_ago = row['state'] in states.ENDED and (row['ended_at'] or now) < since
            if not ended_long_ago and not _in_a_storm(row):
                news_of = messages.of_recovery(row, items.get(key, {}))
                self._tell_news(key, news_of, silently=key in quiet)

    def _tell_news(
        self, recovery: str, all_of_it: Iterable[Message], *, silently: bool = False
    ) -> None:
        told = self._told.setdefault(recovery, set())
        for message in all_of_it:
            if message.key not in told:
                if not silently:
                    self._send(message.type, message.payload())
                told.add(message.key)

    def _came_back(
        self, found: Mapping[str, Mapping[str, Any]], ended: Iterable[str]
    ) -> Iterable[str]:
        """Recoveries whose host came back before they began, and of which nothing was told."""
        return [key for key in ended if found[key]['code'] == OVER.name and not self._told.get(key)]

    def _away(self, away: BusAway) -> None:
        if not self._pause:
            LOG.warning('the bus is away; what is to be told waits: %s', away)
        self._pause = min(2 * self._pause or AWAY_FIRST, AWAY_MOST)
        self._try_at = self._site.clock.elapsed() + self._pause


def _in_a_storm(row: Mapping[str, Any]) -> bool:
    """Whether the story of a storm says what there is to say: one message, not a thousand."""
    return row['state'] == states.HELD and row['code'] in STORMY
