"""Looking again and again: the body of every actor of a daemon."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from drivers.contracts.clock import Clock
from flows.stop import StoreAway

LOG = logging.getLogger(__name__)

TROUBLE_SECONDS = 1.0  # at least, after a look that failed


def every(
    clock: Clock,
    seconds: float | Callable[[], float],
    look: Callable[[], None],
    stop: threading.Event,
) -> None:
    """Look at once and then after each pause, until ``stop``.

    :param seconds: a function when it is an option that may be reloaded meanwhile.

    Whatever goes wrong in one look, the next one comes: a daemon that ended, or went on without
    one of its actors, would leave every other recovery alone.
    """
    while not stop.is_set():
        pause = seconds() if callable(seconds) else seconds
        try:
            look()
        except StoreAway as away:
            LOG.warning('%s', away.reason)
            pause = max(pause, TROUBLE_SECONDS)
        except Exception:
            pause = max(pause, TROUBLE_SECONDS)
            LOG.exception('a look failed; the next one is in %g s', pause)
        clock.wait(stop, pause)
