"""The API for a WSGI server of the operator's own: ``recovery.api.wsgi:application``.

The configuration is found as that of the commands: RECOVERY_CONFIG names files, separated by
colons; otherwise recovery.conf in the usual places. Nothing is opened before the first request, so
that a server may load this module and fork afterwards.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from typing import Any

from oslo_config import cfg
from oslo_log import log

from recovery import conf as groups
from recovery import names, plugins
from recovery.api.app import build
from recovery.api.presence import Presence
from recovery.api.stack import Application
from recovery.conf.reading import read
from recovery.db import upgrade

VARIABLE = 'RECOVERY_CONFIG'


class Late:
    """The application of this process, made by its first request."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: tuple[int, Application] | None = None

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """As PEP 3333 says. Raises BadOptions, StaleSchema; StoreAway in the very first one."""
        return self._application()(environ, start)

    def _application(self) -> Application:
        with self._lock:
            # A copy of a process has connections that its parent goes on using.
            if self._made is None or self._made[0] != os.getpid():
                self._made = (os.getpid(), _make())
            return self._made[1]


def _make() -> Application:
    names.check()
    conf = cfg.ConfigOpts()
    groups.register(conf)
    log.register_options(conf)
    files = [name for name in os.environ.get(VARIABLE, '').split(':') if name]
    more = {'default_config_files': files, 'default_config_dirs': []} if files else {}
    read(conf, [], **more)
    log.setup(conf, 'recovery')
    site = plugins.open_site(conf, kind='api')
    upgrade.refuse_stale(site.store)
    made = build(site)
    site.clock.spawn('presence', lambda: Presence(site).run(threading.Event()))
    return made


application = Late()
