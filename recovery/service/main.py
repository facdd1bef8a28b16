"""The daemons: configuration, logs, signals; then the worker, the watcher, the API, or all."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from oslo_config import cfg
from oslo_log import log
from prometheus_client.registry import Collector

from drivers.clock import SystemClock
from drivers.contracts.errors import DriverError
from drivers.contracts.inventory import InventoryError
from flows.stop import StoreAway
from recovery import conf as groups
from recovery import names, plugins
from recovery.api.meter import Meter
from recovery.api.presence import Presence
from recovery.board.boards import BadBoard
from recovery.conf.reading import BadOptions, read
from recovery.conf.strays import strays
from recovery.db import upgrade
from recovery.db.engines import BadDatabase
from recovery.service.exporter import Exporter
from recovery.service.metrics import SiteCollector, site_registry
from recovery.service.reload import Asked, Reloader
from recovery.service.watcher import Watcher
from recovery.service.worker import Worker
from recovery.site import Site

DONE, REFUSED, USAGE = 0, 1, 2
STORE_SECONDS = 2.0
SIGNAL_SECONDS = 0.5

Body = Callable[[Site, threading.Event], None]


def worker() -> None:
    """``recovery-worker``: claim recoveries and run them until SIGTERM."""
    sys.exit(_daemon('worker', _work))


def watcher() -> None:
    """``recovery-watcher``: decide again and reconcile until SIGTERM."""
    sys.exit(_daemon('watcher', _watch))


def api() -> None:
    """``recovery-api``: answer over HTTP until SIGTERM."""
    sys.exit(_daemon('api', _answer))


def standalone(conf: cfg.ConfigOpts) -> int:
    """``recovery standalone``: all in this process. Returns the exit code."""
    # The options of oslo.log belong to the command line too, and ours was parsed without them.
    files = {
        'default_config_files': conf.config_file or [],
        'default_config_dirs': conf.config_dir or [],
    }

    def fresh() -> cfg.ConfigOpts:
        return _read([], **files)

    return _serve(fresh(), 'standalone', _all, fresh)


def _work(site: Site, stop: threading.Event) -> None:
    worker = Worker(site)
    _prepare(site)
    _export(site, stop, site.conf.metrics.worker_listen, worker.tally.registry)
    worker.run(stop)


def _watch(site: Site, stop: threading.Event) -> None:
    watcher = Watcher(site)
    _export(site, stop, site.conf.metrics.listen, SiteCollector(site), watcher.bus.registry)
    watcher.run(stop)


def _answer(site: Site, stop: threading.Event) -> None:
    from recovery.service.api import Api  # a second, which workers and watchers need not spend

    api, presence = Api(site), Presence(site)
    _export(site, stop, site.conf.metrics.api_listen, site.one(Meter, Meter).registry)
    site.clock.spawn('presence', lambda: presence.run(stop))
    api.run(stop)
    presence.gone()


def _all(site: Site, stop: threading.Event) -> None:
    worker, watcher = Worker(site), Watcher(site)  # all, or none: options may be unusable
    collectors: list[Collector] = [
        SiteCollector(site),
        worker.tally.registry,
        watcher.bus.registry,
    ]
    beside = {'watcher': watcher.run}
    if site.conf.api.listen:
        from recovery.service.api import Api

        beside['api'] = Api(site).run
        collectors.append(site.one(Meter, Meter).registry)
    _prepare(site)
    _export(site, stop, site.conf.metrics.listen, *collectors)
    ends = [site.clock.spawn(name, partial(run, stop)) for name, run in beside.items()]
    worker.run(stop)
    for end in ends:
        site.clock.wait(end, 5.0)


def _export(site: Site, stop: threading.Event, listen: str | None, *more: Collector) -> None:
    """Answer for metrics beside everything else, if a port is given."""
    if listen:
        exporter = Exporter(site.clock, listen, site_registry(site, *more))
        site.clock.spawn('metrics', lambda: exporter.run(stop))


def _prepare(site: Site) -> None:
    """Load now what the first recovery would wait for, a second or two. Asks nobody anything."""
    parts: dict[str, Callable[[], object]] = {
        'the cloud': lambda: site.compute,
        'the fencing inventory': lambda: site.inventory,
        'a flow': lambda: [plugins.flow_builder(kind) for kind in plugins.names(plugins.FLOWS)],
    }
    for what, load in parts.items():
        try:
            load()
        except (DriverError, InventoryError, LookupError) as error:
            # Each recovery says so again, and waits: it may be put right meanwhile.
            log.getLogger(__name__).warning('%s cannot be used: %s', what, error)


def _daemon(kind: str, body: Body, arguments: Sequence[str] | None = None) -> int:
    def fresh() -> cfg.ConfigOpts:
        return _read(arguments)

    try:
        conf = fresh()
    except BadOptions as error:
        return _refuse(str(error), USAGE)
    return _serve(conf, kind, body, fresh)


def _read(arguments: Sequence[str] | None, **files: Any) -> cfg.ConfigOpts:
    """The options as the files are now. Raises BadOptions."""
    conf = cfg.ConfigOpts()
    groups.register(conf)
    log.register_options(conf)
    read(conf, arguments, **files)
    return conf


def _serve(conf: cfg.ConfigOpts, kind: str, body: Body, fresh: Callable[[], cfg.ConfigOpts]) -> int:
    log.setup(conf, 'recovery')
    for stray in strays(conf):
        log.getLogger(__name__).warning('%s', stray)
    clock = SystemClock()
    stop = threading.Event()
    asked = Asked()

    def reloading(site: Site, stop: threading.Event) -> None:
        site.clock.spawn('reload', lambda: Reloader(site, fresh, asked).run(stop))
        body(site, stop)

    codes: list[int] = []
    # In a thread of its own: setting an event that the interrupted thread itself is just about to
    # wait for would lock it up, and signals interrupt this one.
    ended = clock.spawn(kind, lambda: codes.append(_live(conf, clock, kind, reloading, stop)))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    signal.signal(signal.SIGHUP, asked.again)
    # The kernel may hand a signal to any thread, and Python runs its handler in this one, which a
    # wait without end would keep from noticing.
    while not clock.wait(ended, SIGNAL_SECONDS):
        pass
    # Threads that a library left behind, or a call to a device, must not keep a stopped process.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(codes[0] if codes else REFUSED)


def _live(
    conf: cfg.ConfigOpts, clock: SystemClock, kind: str, body: Body, stop: threading.Event
) -> int:
    try:
        names.check()
        site = plugins.open_site(conf, clock, kind=kind)
        _await_schema(site, stop)
        if not stop.is_set():
            body(site, stop)
    except BadOptions as error:
        return _refuse(str(error), USAGE)
    except (names.Overwritten, BadBoard, BadDatabase, upgrade.StaleSchema) as error:
        return _refuse(str(error), REFUSED)
    return DONE


def _await_schema(site: Site, stop: threading.Event) -> None:
    """A database that is away is waited for; one with the wrong tables is refused."""
    said: Any = None
    while not stop.is_set():
        try:
            upgrade.refuse_stale(site.store)
            return
        except StoreAway as away:
            if away.reason != said:
                said = away.reason
                log.getLogger(__name__).warning('waiting for the database: %s', said)
            site.clock.wait(stop, STORE_SECONDS)


def _refuse(sentence: str, code: int) -> int:
    sys.stderr.write(f'{sentence}\n')
    return code
