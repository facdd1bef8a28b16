"""The clock of the machine."""

from __future__ import annotations

import logging
import secrets
import threading
import time
import uuid
from collections.abc import Callable

from drivers.contracts.clock import Clock

LOG = logging.getLogger(__name__)


class SystemClock(Clock):
    """Real time and native threads."""

    def now(self) -> float:
        return time.time()

    def elapsed(self) -> float:
        # CLOCK_MONOTONIC stands still while a virtual machine is suspended; a lease must not.
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def wait(self, event: threading.Event | None, seconds: float | None = None) -> bool:
        return (event or threading.Event()).wait(seconds)

    def spawn(self, name: str, run: Callable[[], None]) -> threading.Event:
        ended = threading.Event()

        def body() -> None:
            try:
                run()
            except BaseException:
                LOG.exception('%s ended by an error nobody handled', name)
            finally:
                ended.set()

        threading.Thread(target=body, name=name, daemon=True).start()
        return ended

    def new_id(self) -> str:
        return str(uuid.uuid4())

    def new_token(self) -> str:
        return secrets.token_hex(16)
