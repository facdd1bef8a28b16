"""A thousand alarms from fifty senders at once, ten duplicates each: how long each waits for its
answer, early and late, and whether all that was promised is there.

The answers are given by recovery-api; a watcher beside it decides what was left to it. Nobody
works: so many hosts at once are held for a human, one recovery for each.
"""

from __future__ import annotations

import contextlib
import shutil
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import requests
import sqlalchemy as sa
from compare_scripts import asking, installed, servers
from peer_scripts.processes import Process, wait_for
from quickstart_scripts.world import BIN

from bench_scripts import report, sections, site
from bench_scripts.flood import (
    EVERY_WAY,
    KNOWN,
    NOTIFICATION,
    SECRET,
    SENDERS,
    SOURCE,
    TAKEN,
    TIMES,
    Answer,
    Flood,
)  # fmt: skip
from drivers.clock import SystemClock
from recovery.db import states, tables
from recovery.db.store import Store

ALARMS, SPARE, BLOCK = 1000, 40, 100
HEAD = ('alarms', 'posts', 'median', 'p95', 'most', 'first quarter', 'last quarter', 'ratio',
        'answers')  # fmt: skip

TITLE = '## Very many alarms at once'
MEANING = f"""\
`tools/bench --load --masakari --write` measured this: {ALARMS} alarms, each of them posted by
{TIMES} of {SENDERS} senders at the same moment, as notifications, {BLOCK} alarms to the one API and
the same to the other in turns. A post that has to be sent again counts from the first time. Nobody
works; our watcher decides what the API left to it. All that ours answered 202 was looked for in the
database: one alarm, and one recovery, for each host. `tools/bench --load` sends ours alone the same
by every way in, and `--database` takes another database than SQLite."""


def run(database: str | None, masakari: Path | None, page: Path | None = None) -> int:
    """Measure, judge, print. Returns the exit code: 1 when something is not as it has to be.

    :param database: of a server on which databases may be made; None: SQLite.
    :param masakari: where Masakari's own API is installed; the same posts are then sent to both,
        in turns, all of them notifications. None: ours alone, by every way in.
    :param page: in which the section of this is to be written.
    :raises Failed: a process does not start, or an alarm is not taken.
    """
    place = installed.install(masakari) if masakari else None
    work = Path(tempfile.mkdtemp(prefix='recovery-load-'))
    with contextlib.ExitStack() as stack:
        served = stack.enter_context(servers.cloud(work / 'world', ALARMS + SPARE))
        url = stack.enter_context(site.database(database, work, 'load'))
        ours = stack.enter_context(servers.ours(work, served, _options(work, url)))
        stack.enter_context(_watcher(work / 'ours'))
        apis = [ours]
        if place:
            apis.append(stack.enter_context(servers.masakari(place, work, served)))
        token = dict(asking.tokens_of(requests.Session(), served))['admin']
        hosts = sorted(served.ask()['hosts'])[:ALARMS]
        floods = [Flood(api, token, hosts, (NOTIFICATION,) if place else EVERY_WAY) for api in apis]
        for flood in floods:
            flood.enrol()
        servers.crash(served, hosts)
        _post(floods)
        store = stack.enter_context(contextlib.closing(Store(url, SystemClock())))
        lines, wrong = _report(floods, store, hosts)
        kind = store.url.get_backend_name()
    shutil.rmtree(work)
    lines.append(f'Measured on: {report.machine(kind)}.')
    print('\n'.join(lines))
    for sentence in wrong:
        print(f'not as it has to be: {sentence}')
    if page is not None:
        sections.put(page, 'load', [TITLE, '', *lines, '', *MEANING.splitlines(), *_listed(wrong)])
    return 1 if wrong else 0


def _listed(wrong: Sequence[str]) -> list[str]:
    return ['', 'Not as it has to be:', '', *(f'- {one}' for one in wrong)] if wrong else []


def _post(floods: Sequence[Flood]) -> None:
    blocks = range(0, ALARMS, BLOCK) if len(floods) > 1 else [0]
    size = BLOCK if len(floods) > 1 else ALARMS
    for turn, first in enumerate(blocks):
        for flood in floods if turn % 2 else reversed(floods):
            flood.send(range(first, first + size))


def _options(folder: Path, url: str) -> servers.Configuration:
    sources = folder / 'sources.yaml'
    secret = folder / 'token'
    secret.touch(mode=0o600)
    secret.write_text(SECRET)
    sources.write_text(
        f'sources: {{{SOURCE}: {{driver: alertmanager, token: {{file: {secret}}}}}}}\n'
    )
    return {
        'database': {'connection': url.replace('%', '%%').replace('$', '$$')},
        'sources': {'file': sources},
    }


@contextlib.contextmanager
def _watcher(folder: Path) -> Iterator[None]:
    process = Process(folder / 'watcher')
    process.start([BIN / 'recovery-watcher', '--config-file', folder / 'recovery.conf'])
    try:
        yield
    finally:
        process.stop()


def _report(
    floods: Sequence[Flood], store: Store, hosts: Sequence[str]
) -> tuple[list[str], list[str]]:
    used = site.usage(floods[0].api.process)  # Masakari's has children, who are not seen
    lines = [f'{floods[0].api.name}: at most {used.memory:.0f} MB, {used.cpu:.0f} s of CPU', '']
    wrong = list(_judge(floods[0], store, hosts))
    for flood in floods:
        lines += [
            f'{flood.api.name}: {ALARMS} alarms x {TIMES} from {SENDERS} senders, '
            f'{len(flood.answers)} posts in {flood.busy:.0f} s, '
            f'{len(flood.answers) / flood.busy:.0f} each second', '',
            *report.table(HEAD, list(_rows(flood))), '',
        ]  # fmt: skip
    if len(floods) > 1:
        first, again, all_ = (
            _median(floods[0], which) / _median(floods[1], which)
            for which in (lambda one: one.first, lambda one: not one.first, lambda _: True)
        )
        lines += [f"Ours / Masakari's, medians: {first:.2f} of what is new, {again:.2f} of "
                  f'duplicates, {all_:.2f} of all', '']  # fmt: skip
    return lines, wrong


def _median(flood: Flood, which: Callable[[Answer], bool]) -> float:
    return statistics.median(one.seconds for one in flood.answers if which(one))


def _rows(flood: Flood) -> Iterator[list[str]]:
    for way in sorted({one.way for one in flood.answers}):
        for name, first in (('new', True), ('again', False)):
            found = [one for one in flood.answers if one.way == way and one.first == first]
            if len(found) > 1:
                yield _row(f'{way}, {name}', found)
    yield _row('all', flood.answers)


def _row(name: str, answers: Sequence[Answer]) -> list[str]:
    them = sorted(answers, key=lambda one: one.at)
    quarter = max(1, len(them) // 4)
    early, late = (
        1000 * statistics.median(one.seconds for one in part)
        for part in (them[:quarter], them[-quarter:])
    )
    seconds = sorted(one.seconds for one in them)
    statuses = Counter(status for one in them for status in (*one.again, one.status))
    return [
        name, str(len(them)), f'{1000 * statistics.median(seconds):.0f} ms',
        f'{1000 * seconds[int(0.95 * (len(seconds) - 1))]:.0f} ms', f'{1000 * seconds[-1]:.0f} ms',
        f'{early:.0f} ms', f'{late:.0f} ms', f'{late / early:.2f}',
        ', '.join(f'{count} x {status}' for status, count in sorted(statuses.items())),
    ]  # fmt: skip


def _judge(flood: Flood, store: Store, hosts: Sequence[str]) -> Iterator[str]:
    """What is not as it has to be; of ours."""
    alarm, recovery = tables.alarm, tables.recovery
    left = sa.select(sa.func.count()).select_from(alarm).where(alarm.c.answer.is_(None))

    def decided() -> bool:
        with store.read() as connection:
            return not connection.execute(left).scalar_one()

    begun = time.perf_counter()
    if not wait_for(decided, 120.0):
        yield 'alarms are left that nobody decides about'
    print(f'every alarm was decided about {time.perf_counter() - begun:.1f} s after the last post')
    with store.read() as connection:
        alarms = connection.execute(sa.select(alarm)).mappings().all()
        told = connection.execute(sa.select(tables.notification)).mappings().all()
        made = connection.execute(sa.select(recovery)).mappings().all()
    there = {one['id'] for one in alarms} | {one['uuid'] for one in told}
    promised = {one for answer in flood.answers for one in answer.promised}
    live = Counter(one['host'] for one in made if one['state'] in states.LIVE)
    print(
        f'{len(alarms)} alarms with {sum(one["repeats"] for one in alarms)} repeats, {len(told)} '
        f'notifications; {len(promised)} promised; recoveries: '
        f'{dict(Counter(one["state"] for one in made))} on {len(live)} hosts\n'
    )
    if promised - there:
        yield f'{len(promised - there)} of what was answered 202 is not there'
    if len(alarms) != ALARMS:
        yield f'{len(alarms)} alarms are there, of {ALARMS}'
    if Counter(one['host'] for one in made) != Counter(hosts):
        yield f'{len(made)} recoveries of {len(live)} hosts; one for each of {len(hosts)} is right'
    odd = {one.status for one in flood.answers} - {TAKEN, KNOWN}
    if odd:
        yield f'posts were answered {sorted(odd)}'
