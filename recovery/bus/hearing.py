"""What becomes of a notification: taken, dropped with a word, or given back to the broker.

oslo.messaging calls these from its own threads. Nothing is ever raised here: it would be given back
and delivered again at once, for ever.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from drivers.contracts.alarms import BadPayload
from flows.stop import StoreAway
from recovery.bus import alarms, evidence
from recovery.bus.plain import plain
from recovery.bus.tally import BusTally
from recovery.bus.wire import HANDLED, REQUEUE
from recovery.intake.receive import BadAlarm, receive
from recovery.site import Site

LOG = logging.getLogger(__name__)

TRIES = 3  #: of a message that meets an error nobody expected; then it is dropped
PAUSE, PAUSE_MOST = 0.5, 15.0  #: seconds between them, and while the database is away
#: Seconds for which a message is held while the database is away. A quorum queue counts how often
#: a message was given back, and drops it after 20 times by default; so that is done seldom.
HELD_SECONDS = 600.0


class Hearing:
    """Takes notifications of one process.

    :param stop: set when the process ends: what is held then is given back at once.
    """

    def __init__(self, site: Site, stop: threading.Event, tally: BusTally) -> None:
        self._site = site
        self._stop = stop
        self._tally = tally

    def alarm(self, publisher: Any, event_type: Any, payload: Any, metadata: Any) -> str:
        """A message of the topic of alarms."""
        if event_type != alarms.EVENT_TYPE:
            return self._drop('other', f'{event_type!r:.80} from {publisher!r:.80}: no alarm')

        def work() -> None:
            said, about = plain(payload), plain(metadata)
            alarm = alarms.alarm_of(plain(publisher), said, about, self._site.clock.now())
            outcome = receive(self._site, alarm)
            LOG.info('%s of %s: %s (%s)', alarm.kind, alarm.subject, outcome.answer, outcome.reason)

        return self._take(alarms.EVENT_TYPE, f'alarm from {publisher!r:.80}', work)

    def nova(self, publisher: Any, event_type: Any, payload: Any, metadata: Any) -> str:
        """A message of Nova's, of any type."""
        if event_type != evidence.EVENT_TYPE:
            return HANDLED  # of every instance, many a second

        def work() -> None:
            told = evidence.read(plain(payload), plain(metadata), self._site.clock.now())
            if told is not None:
                evidence.note(self._site, told)

        return self._take(evidence.EVENT_TYPE, f'notification from {publisher!r:.80}', work)

    def _take(self, kind: str, what: str, work: Callable[[], None]) -> str:
        clock, failed, pause = self._site.clock, 0, PAUSE
        until = clock.elapsed() + HELD_SECONDS
        while True:
            try:
                work()
            except (BadAlarm, BadPayload, evidence.NotNova) as error:
                return self._drop(kind, f'{what}: {error}')
            except StoreAway as away:
                LOG.warning('%s is held: %s', what, away.reason)
            except Exception:
                failed += 1
                if failed >= TRIES:
                    # What is stored already is decided about by the watcher.
                    LOG.exception('%s met an error %d times', what, failed)
                    return self._drop(kind, what)
            else:
                self._tally.heard(kind, 'taken')
                return HANDLED
            if clock.wait(self._stop, pause) or clock.elapsed() >= until:
                self._tally.heard(kind, 'given-back')
                return REQUEUE
            pause = min(2 * pause, PAUSE_MOST)

    def _drop(self, kind: str, what: str) -> str:
        self._tally.heard(kind, 'dropped')
        LOG.warning('dropped: %s', what)
        return HANDLED


class AlarmEndpoint:
    """What oslo.messaging calls for the topic of alarms: a method for each priority."""

    def __init__(self, hearing: Hearing) -> None:
        self._hearing = hearing

    def info(self, _context: Any, publisher: Any, event_type: Any, payload: Any, metadata: Any
             ) -> str:  # fmt: skip
        """Any priority: an alarm is one."""
        return self._hearing.alarm(publisher, event_type, payload, metadata)

    warn = error = critical = info


class NovaEndpoint:
    """And for the topic of Nova: it sends service.update as info."""

    def __init__(self, hearing: Hearing) -> None:
        self._hearing = hearing

    def info(self, _context: Any, publisher: Any, event_type: Any, payload: Any, metadata: Any
             ) -> str:  # fmt: skip
        """The one priority of interest."""
        return self._hearing.nova(publisher, event_type, payload, metadata)
