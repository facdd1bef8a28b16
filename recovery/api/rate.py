"""How often one caller may ask: a bucket of tokens for each, in this process."""

from __future__ import annotations

import threading
from collections import OrderedDict

from drivers.contracts.clock import Clock

CALLERS = 10000  #: that are remembered; the one who asked least lately is forgotten first


class Rate:
    """Buckets that fill at one rate."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, who: str, rate: float, burst: int) -> float:
        """Take a token.

        :param rate: tokens each second; 0: there is no limit.
        :param burst: tokens that a full bucket holds.
        :returns: seconds after which there will be one; 0: it was taken.
        """
        if rate <= 0:
            return 0.0
        now = self._clock.elapsed()
        with self._lock:
            left, at = self._buckets.pop(who, (float(burst), now))
            left = min(float(burst), left + max(0.0, now - at) * rate)
            taken = left >= 1
            self._buckets[who] = (left - 1 if taken else left, now)
            if len(self._buckets) > CALLERS:
                self._buckets.popitem(last=False)
        return 0.0 if taken else (1 - left) / rate
