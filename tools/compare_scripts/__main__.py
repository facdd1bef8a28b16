"""tools/compare: the same requests to Masakari and to us, and why the answers differ."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import marked
from peer_scripts.processes import Failed
from quickstart_scripts.world import forget_environment

from compare_scripts import asking, installed, requests, servers
from compare_scripts.differences import Difference, Reason, differences, explained, reasons

GUIDE, MARKER = 'doc/guide/masakari.md', 'differences'
CRASHED = ('compute-01', 'compute-02')


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='tools/compare', description=__doc__)
    parser.add_argument(
        '--folder', type=Path, default=installed.FOLDER, metavar='FOLDER',
        help='where Masakari is, or is installed from PyPI; .compare when left out',
    )  # fmt: skip
    parser.add_argument('--write', action='store_true', help=f'write the table of {GUIDE}')
    return parser.parse_args()


def main() -> int:
    asked = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    forget_environment()
    work = Path(tempfile.mkdtemp(prefix='recovery-compare-'))
    try:
        place = installed.install(asked.folder)
        count, found = compare(place, work)
    except Failed as error:
        print(f'tools/compare: {error}; logs are in {work}', file=sys.stderr)
        return 1
    shutil.rmtree(work)
    known = reasons()
    why, idle = explained(found, known)
    report(count, found, why)
    unexplained = [one.line for one in found if one not in why]
    for line in unexplained:
        print(f'without a reason: {line}')
    for line in idle:
        print(f'a reason without a difference: {line}')
    if unexplained or idle:
        return 1
    stale = marked.settle(GUIDE, MARKER, table(count, known), check=not asked.write)
    if stale:
        print('tools/compare --write writes it')
    return stale


def compare(place: Path, work: Path) -> tuple[int, list[Difference]]:
    """Ask both. Returns how many requests that were, and what differs. Raises Failed."""
    list_ = requests.load()
    now = datetime.now(UTC)
    with (
        servers.cloud(work / 'world') as served,
        servers.masakari(place, work, served) as masakari,
        servers.ours(work, served) as ours,
    ):
        servers.crash(served, CRASHED)
        both = [asking.ask(api, list_, served, now) for api in (masakari, ours)]
    return len(both[0]), list(differences(both[0], both[1]))


def report(count: int, found: Sequence[Difference], why: dict[Difference, Reason]) -> None:
    """Each difference, with its reason."""
    head = ('request', 'what', 'Masakari', 'here', 'reason')
    lines = [
        (one.request, one.what, one.theirs, one.ours, why[one].what if one in why else '?')
        for one in found
    ]
    widths = [max(len(line[column]) for line in (head, *lines)) for column in range(len(head))]
    for line in (head, *lines):
        cells = (f'{cell:<{min(width, 44)}}' for cell, width in zip(line, widths, strict=True))
        print('  '.join(cells).rstrip())
    print(f'{count} requests, {len(found)} differences, {len(set(why.values()))} reasons')


def table(count: int, known: Sequence[Reason]) -> str:
    """The part of the guide."""
    lines = [
        f'The same {count} requests went to Masakari {installed.VERSION} and to us, by '
        '`tools/compare`; these are all differences between the answers.',
        '',
        '| | Masakari | here | because |',
        '|---|---|---|---|',
        *(f'| {one.what} | {one.masakari} | {one.here} | {one.because} |' for one in known),
        '',
        '',
    ]
    return '\n'.join(lines)


if __name__ == '__main__':
    sys.exit(main())
