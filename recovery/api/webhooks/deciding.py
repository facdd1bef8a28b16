"""Decisions about alarms that a request has stored, for as long as the request may wait."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from flows.stop import Stop
from recovery.intake.admission import Outcome
from recovery.intake.receive import Stored, answer
from recovery.site import Site

LOG = logging.getLogger(__name__)

#: Requests whose alarms are decided about at the same time. More leave theirs to the watcher.
AT_ONCE = 32


class Deciding:
    """One per process."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._lock = threading.Lock()
        self._running = 0

    def decide(self, stored: Sequence[Stored]) -> dict[str, Outcome]:
        """What is decided within ``[sources] decide_seconds``, by alarm. The rest goes on
        meanwhile; if it fails, the watcher decides."""
        if not stored or not self._begin():
            return {}
        found: dict[str, Outcome] = {}
        clock = self._site.clock
        ended = clock.spawn('decide', lambda: self._run(stored, found))
        clock.wait(ended, self._site.conf.sources.decide_seconds)
        return dict(found)

    def _begin(self) -> bool:
        with self._lock:
            if self._running >= AT_ONCE:
                return False
            self._running += 1
            return True

    def _run(self, stored: Sequence[Stored], found: dict[str, Outcome]) -> None:
        try:
            for one in stored:
                found[one.row['id']] = answer(self._site, one)
        except Stop as away:
            LOG.warning('alarms are stored and not decided about yet: %s', away.reason)
        except Exception:
            LOG.exception('alarms are stored and could not be decided about')
        finally:
            with self._lock:
                self._running -= 1
