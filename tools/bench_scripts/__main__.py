"""tools/bench: how fast it is, against a plain loop that sends the unavoidable calls."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from compare_scripts import installed
from peer_scripts.processes import Failed
from peer_scripts.settings import TOP
from quickstart_scripts.world import forget_environment

from bench_scripts import load, measure, nothing, posts, report, sections
from bench_scripts.report import Pair
from bench_scripts.scenario import FOLDER, SCENARIOS

PAGE = TOP / 'doc' / 'benchmarks.md'
NOTHING = 'nothing'


def arguments() -> argparse.Namespace:
    names = [one.name for one in SCENARIOS] + [NOTHING]
    parser = argparse.ArgumentParser(prog='tools/bench', description=__doc__)
    parser.add_argument(
        'scenario', nargs='*', metavar='SCENARIO', help=f'{", ".join(names)}; all when left out'
    )
    parser.add_argument(
        '--database',
        metavar='URL',
        help='of a server on which databases may be made and dropped, such as '
        'mysql+pymysql://USER:PASSWORD@HOST; else SQLite',
    )
    parser.add_argument(
        '--masakari',
        nargs='?',
        type=Path,
        const=installed.FOLDER,
        metavar='FOLDER',
        help="only the latency of posts, against Masakari's own API, which is installed below that "
        'folder; .compare when left out',
    )
    parser.add_argument(
        '--load',
        action='store_true',
        help='only a thousand alarms from fifty senders at once, each posted ten times; with '
        "--masakari also to Masakari's own API. Minutes",
    )
    parser.add_argument(
        '--write',
        action='store_true',
        help=f'write {PAGE.relative_to(TOP)}, or the section of it that is measured',
    )
    asked = parser.parse_args()
    _refuse(parser, asked, names)
    return asked


def _refuse(
    parser: argparse.ArgumentParser, asked: argparse.Namespace, names: Sequence[str]
) -> None:
    unknown = set(asked.scenario) - set(names)
    if unknown:
        parser.error(f'no scenario is called {", ".join(unknown)}; there are {", ".join(names)}')
    if asked.write and asked.scenario:
        parser.error('--write is for the whole')
    if asked.load and asked.scenario:
        parser.error('--load is for itself')
    if asked.masakari and (asked.scenario or (asked.database and not asked.load)):
        parser.error('--masakari is for itself, and on SQLite')


def main() -> int:
    asked = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    forget_environment()
    FOLDER.mkdir(exist_ok=True)
    try:
        if asked.load:
            return load.run(asked.database, asked.masakari, PAGE if asked.write else None)
        if asked.masakari:
            return posts.run(asked.masakari, PAGE, write=asked.write)
        lines, missed = run(asked)
    except Failed as error:
        print(f'tools/bench: {error}', file=sys.stderr)
        return 1
    if asked.write:
        PAGE.write_text('\n'.join([*page(lines, missed), *sections.kept(PAGE)]) + '\n')
    return 0


def run(asked: argparse.Namespace) -> tuple[list[str], list[str]]:
    """Measure and print. Returns the lines of the tables, and what is not as wanted."""
    pairs = []
    for scenario in SCENARIOS:
        if asked.scenario and scenario.name not in asked.scenario:
            continue
        print(f'{scenario.name}: the floor', end='', flush=True)
        floor = measure.floor(scenario)
        print(f' {floor.wall:.1f} s, the service', end='', flush=True)
        ours = measure.ours(scenario, asked.database)
        print(f' {ours.wall:.1f} s', flush=True)
        pairs.append(Pair(scenario, ours, floor))
    lines: list[str] = []
    ratio = None
    if pairs:
        lines += [*report.table(report.HEAD, [one.row() for one in pairs]), '']
        lines += [*report.calls(pairs), '']
    if not asked.scenario or NOTHING in asked.scenario:
        ours_, beside, floor_ = nothing.jobs(asked.database)
        row = [f'{ours_:.1f}', f'{beside:.1f}', f'{ours_ / beside:.2f}', f'{floor_:.1f}',
               f'{floor_ / ours_:.2f}']  # fmt: skip
        lines += [*report.table(report.NOTHING_HEAD, [row]), '']
        ratio = ours_ / beside
    kind = asked.database.partition(':')[0] if asked.database else 'SQLite'
    lines.append(report.machine(kind))
    print('\n' + '\n'.join(lines))
    missed = [*report.missed(pairs), *report.missed_kept(ratio)]
    for sentence in missed:
        print(f'not as wanted: {sentence}')
    return lines, missed


def page(lines: Sequence[str], missed: Sequence[str]) -> list[str]:
    """doc/benchmarks.md."""
    return [
        '# Benchmarks',
        '',
        'Written by `tools/bench --write`: the service against the simulated cloud over HTTP, one',
        'worker process, and against a floor that is measured in the same run.',
        '',
        *lines[:-1],
        f'Measured on: {lines[-1]}.',
        '',
        report.SETTINGS,
        '',
        *report.MEANING.splitlines(),
        '',
        *report.WISHES.splitlines(),
        *(['', 'Not as wanted:', '', *(f'- {one}' for one in missed)] if missed else []),
    ]


if __name__ == '__main__':
    sys.exit(main())
