"""The API for a WSGI server of the operator's own: ``recovery.api.wsgi:application``.

The configuration is found as that of the commands: RECOVERY_CONFIG names files, separated by
colons; otherwise recovery.conf in the usual places. Nothing is opened before the first request, so
that a server may load this module and fork afterwards. What keeps it from answering is said in the
log, and 503 to whoever asks; the next request tries again.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections.abc import Callable, Iterable
from typing import Any

from oslo_config import cfg
from oslo_log import log

from flows.stop import StoreAway
from recovery import conf as groups
from recovery import names, plugins
from recovery.api.app import build
from recovery.api.faults import RETRY_SECONDS, Fault, text
from recovery.api.presence import Presence
from recovery.api.stack import Application
from recovery.conf.reading import BadOptions, read
from recovery.conf.strays import strays
from recovery.db import upgrade
from recovery.db.engines import BadDatabase
from recovery.site import Site

LOG = logging.getLogger(__name__)

VARIABLE = 'RECOVERY_CONFIG'
PATIENCE_SECONDS = 10.0  #: that a request waits for another one to make the application
LEAVE_SECONDS = 2.0  #: for the last heartbeat, when the process ends

UNREADY = (BadOptions, names.Overwritten, BadDatabase, upgrade.StaleSchema)
BUSY, AWAY, UNFIT = 'STARTING', 'DATABASE AWAY', 'CANNOT START'
SENTENCES = {
    BUSY: 'This process is about to start; ask again.',
    AWAY: 'The database does not answer; ask again.',
    UNFIT: 'This process cannot start as it is configured; its log says why.',
}


class Late:
    """The application of this process, made by its first request."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: tuple[int, Application] | None = None
        self._said = ''  #: the last reason not to start, which is not repeated

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """As PEP 3333 says."""
        # A copy of a process has connections that its parent goes on using.
        if (made := self._made) is None or made[0] != os.getpid():
            if isinstance(found := self._make(), str):
                return _refuse(environ, start, found)
            made = found
        return made[1](environ, start)

    def _make(self) -> tuple[int, Application] | str:
        """Or why there is none, a key of SENTENCES."""
        if not self._lock.acquire(timeout=PATIENCE_SECONDS):
            return BUSY
        try:
            if self._made is None or self._made[0] != os.getpid():
                self._made = (os.getpid(), _make())
            self._said = ''
            return self._made
        except StoreAway as away:
            self._say('waiting for the database: %s', away.reason)
            return AWAY
        except UNREADY as error:
            self._say('the API cannot start: %s', str(error))
            return UNFIT
        finally:
            self._lock.release()

    def _say(self, sentence: str, reason: str) -> None:
        if reason != self._said:
            self._said = reason
            LOG.error(sentence, reason)


def _refuse(environ: dict[str, Any], start: Callable[..., Any], why: str) -> Iterable[bytes]:
    health = environ.get('PATH_INFO') == '/healthcheck'
    kind = 'text/plain' if health else 'application/json'
    headers = [('Content-Type', kind), ('Retry-After', str(int(RETRY_SECONDS)))]
    start('503 Service Unavailable', headers)
    return [(f'{why}\n' if health else text(Fault(503, SENTENCES[why]))).encode()]


def _make() -> Application:
    names.check()
    conf = cfg.ConfigOpts()
    groups.register(conf)
    log.register_options(conf)
    files = [name for name in os.environ.get(VARIABLE, '').split(':') if name]
    more = {'default_config_files': files, 'default_config_dirs': []} if files else {}
    read(conf, [], **more)
    log.setup(conf, 'recovery')
    for stray in strays(conf):
        LOG.warning('%s', stray)
    site = plugins.open_site(conf, kind='api')
    try:
        upgrade.refuse_stale(site.store)
        made = build(site)
    except (StoreAway, Exception):
        site.store.close()
        raise
    _be_seen(site)
    return made


def _be_seen(site: Site) -> None:
    presence, stop, own = Presence(site), threading.Event(), os.getpid()
    ended = site.clock.spawn('presence', lambda: presence.run(stop))

    def leave() -> None:
        if os.getpid() == own:
            stop.set()
            site.clock.wait(ended, LEAVE_SECONDS)
            presence.gone()

    atexit.register(leave)


application = Late()
