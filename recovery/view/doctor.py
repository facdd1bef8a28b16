"""A look at everything the service needs: each finding says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import sqlalchemy as sa

from drivers.contracts.compute import Service
from drivers.contracts.errors import AccessDenied, DriverError, Unreachable
from recovery.conf.strays import strays
from recovery.db import hosts as remembered
from recovery.db import upgrade
from recovery.view import boards, doctor_fencing, doctor_paths, doctor_policy, doctor_sources
from recovery.view.finding import Finding, Level
from recovery.view.workers import Worker, workers

if TYPE_CHECKING:
    from recovery.site import Site

ACCESS_SECONDS = 20.0
SKEW_SECONDS = 5.0
#: Nova's default interval of reports is 10 s: among the up ones the newest is younger than this.
NEWEST_REPORT_SECONDS = 40.0


def examine(site: Site, *, devices: bool = False) -> Iterator[Finding]:
    """All checks, the ones that others need first.

    :param devices: also ask every device of every host, which takes a while.
    """
    yield from _database(site)
    yield from _board(site)
    yield from _processes(site)
    yield from doctor_policy.switches(site)
    yield from doctor_policy.isolation(site)
    yield from doctor_policy.life(site)
    yield from doctor_sources.sources(site)
    services: list[Service] = []
    yield from _nova(site, services)
    yield from doctor_fencing.inventory(site, [one.host for one in services])
    yield from doctor_paths.paths(site.store)
    yield from _options(site)
    yield from _own_dependencies(site, [one.host for one in services])
    if devices:
        yield from doctor_fencing.devices(site, [one.host for one in services])


def _database(site: Site) -> Iterator[Finding]:
    report = upgrade.check(site.store)
    for problem in report.problems:
        yield Finding(Level.BAD, 'database', problem)
    if report.sound:
        yield Finding(Level.OK, 'database', f'revision {report.revision}')
    if site.store.url.get_backend_name() == 'sqlite':
        yield Finding(
            Level.WARN,
            'database',
            'SQLite serves the processes of one machine, and a worker frozen in the middle of a '
            'write stops all others until it is thawed or killed',
            'for workers on several machines use MariaDB: [database] connection',
        )
        return
    with site.store.read() as connection:
        theirs = float(connection.execute(sa.text('SELECT UNIX_TIMESTAMP(NOW(6))')).scalar_one())
    yield _skew('database', theirs - site.clock.now())


def _skew(what: str, seconds: float) -> Finding:
    if abs(seconds) <= SKEW_SECONDS:
        return Finding(Level.OK, 'clock', f'agrees with that of the {what}')
    side = 'behind' if seconds > 0 else 'ahead of'
    return Finding(
        Level.BAD,
        'clock',
        f'this machine is {abs(seconds):.0f} s {side} the {what}',
        'synchronise the clocks: chronyc tracking',
    )


def _board(site: Site) -> Iterator[Finding]:
    driver = site.conf.board.driver
    try:
        count = len(boards.jobs(site.conf, site.store))
    except Unreachable as error:
        todo = 'start it, or see [board] url; recoveries wait meanwhile, none is lost'
        yield Finding(Level.AWAY, 'board', str(error), todo)
    except ValueError as error:
        yield Finding(Level.BAD, 'board', str(error))
    else:
        yield Finding(Level.OK, 'board', f'{driver}: {count} jobs')


def _processes(site: Site) -> Iterator[Finding]:
    alive = [one for one in workers(site.store) if one.alive]
    for kind, does in (('worker', 'runs recoveries'), ('watcher', 'decides again what is held')):
        found = [one for one in alive if one.kind in (kind, 'standalone')]
        if kind == 'worker':
            drained = [one for one in found if one.draining_at is not None]
            found = [one for one in found if one.draining_at is None]
            if drained and not found:
                said = f'all of {len(drained)} drain: no new recovery is run'
                yield Finding(Level.BAD, kind, said, 'recovery worker drain --all --undo')
                continue
        if not found:
            todo = f'start recovery-{kind}, or recovery standalone'
            yield Finding(Level.BAD, kind, f'none is alive: nobody {does}', todo)
        elif len({one.host for one in found}) == 1:
            todo = f'start recovery-{kind} on a second machine'
            host = found[0].host
            yield Finding(Level.WARN, kind, f'{len(found)} alive, all on {host}', todo)
        else:
            yield Finding(Level.OK, kind, f'{len(found)} alive')


def _nova(site: Site, services: list[Service]) -> Iterator[Finding]:
    see = 'see [compute] cloud and its entry in clouds.yaml, or the OS_* variables'
    try:
        yield Finding(Level.OK, 'nova', site.compute.check_access(timeout=ACCESS_SECONDS))
        services += site.compute.services(timeout=ACCESS_SECONDS)
    except AccessDenied as error:
        yield Finding(Level.BAD, 'nova', str(error), f'{see}; the admin role is needed')
        return
    except Unreachable as error:
        yield Finding(Level.AWAY, 'nova', str(error), 'held and waiting recoveries go on with it')
        return
    except DriverError as error:
        yield Finding(Level.BAD, 'nova', str(error), see)
        return
    up = [one for one in services if one.state == 'up']
    dark = [one.host for one in services if one.state == 'unknown']
    yield Finding(Level.OK, 'nova', f'{len(up)} of {len(services)} compute services are up')
    if dark:
        said = f'a cell does not answer: {", ".join(dark[:5])}'
        yield Finding(Level.BAD, 'nova', said, 'see the database and message bus of that cell')
    yield from _nova_clock(site, up)


def _nova_clock(site: Site, up: list[Service]) -> Iterator[Finding]:
    """By the newest report of the services that are up: the only clock of Nova's that is seen."""
    reports = [one.updated_at for one in up if one.updated_at is not None]
    if not reports:
        return
    ahead = max(reports) - site.clock.now()
    if ahead > SKEW_SECONDS or ahead < -NEWEST_REPORT_SECONDS:
        yield _skew('cloud', ahead)
    else:
        yield Finding(Level.OK, 'clock', 'agrees with the reports of compute services')


def _options(site: Site) -> Iterator[Finding]:
    for stray in strays(site.conf):
        yield Finding(Level.WARN, 'options', stray, 'correct it, or take it out')
    group = site.conf.evacuation
    if group.rebuild_local and group.instance_storage == 'local':
        yield Finding(
            Level.WARN,
            'options',
            'instances on local disks are rebuilt from their image: THEIR DATA IS LOST',
            '[evacuation] rebuild_local = false leaves them instead',
        )
    elif group.instance_storage == 'local':
        yield Finding(
            Level.WARN,
            'options',
            'instances that do not boot from a volume are left on a failed host',
            'if their disks are on shared storage (Ceph, NFS): [evacuation] instance_storage = '
            'shared',
        )
    longest = max(site.conf.compute.write_seconds, 2 * site.conf.database.busy_seconds)
    if longest >= site.conf.worker.lease_seconds:
        yield Finding(
            Level.BAD,
            'options',
            f'a single call may take {longest:g} s, which is no less than the lease',
            'raise [worker] lease_seconds',
        )


def _own_dependencies(site: Site, names: list[str]) -> Iterator[Finding]:
    """What of ours dies with a compute host (H14)."""
    alive = [one for one in workers(site.store) if one.alive]
    with site.store.read() as connection:
        carries = {one.name: one.carries for one in remembered.every(connection) if one.carries}
        failed = {one.name for one in remembered.every(connection) if one.failed_by}
    for name in sorted({*names, *carries}):
        lost = [f'{one.kind} {one.name}' for one in alive if one.host == name]
        lost += carries.get(name, ())
        lost += _served_by(site, name)
        if not lost or name in failed:
            continue
        last = not any(_runs(one) and one.host != name for one in alive)
        level = Level.BAD if last and any(_runs(one) for one in alive) else Level.WARN
        todo = 'run a worker on another machine, which is left when it dies' if last else ''
        yield Finding(level, f'if {name} dies', f'these die with it: {", ".join(lost)}', todo)


def _runs(one: Worker) -> bool:
    return one.kind in ('worker', 'standalone')


def _served_by(site: Site, name: str) -> list[str]:
    short = name.partition('.')[0]
    found = []
    for what, server in (('database', site.store.url.host), ('board', _board_host(site))):
        if server and server.partition('.')[0] == short:
            found.append(f'the {what}')
    return found


def _board_host(site: Site) -> str | None:
    from urllib.parse import urlsplit

    return urlsplit(site.conf.board.url).hostname if site.conf.board.driver == 'redis' else None
