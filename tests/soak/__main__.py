"""tools/soak: many runs, each drawn from one number, and what came of them."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence

from tests.soak.draw import plan
from tests.soak.perform import Run, perform, untold

NAMED = 20  #: failures that are told in full at the end


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='tools/soak', description=__doc__)
    parser.add_argument('--runs', type=int, default=1000, metavar='N', help='how many (1000)')
    parser.add_argument('--seed', type=int, default=1, metavar='S', help='the first number (1)')
    parser.add_argument(
        '--jobs', type=int, default=os.cpu_count() or 1, metavar='J', help='processes side by side'
    )
    parser.add_argument('--one', type=int, metavar='SEED', help='play this run only')
    parser.add_argument('--log', action='store_true', help='with --one: its plan and its story')
    parser.add_argument('--until-failure', action='store_true', help='stop at the first failure')
    asked = parser.parse_args()
    if asked.runs < 1 or asked.jobs < 1:
        parser.error('--runs and --jobs are at least 1')
    if asked.log and asked.one is None:
        parser.error('--log tells the story of one run: --one SEED')
    return asked


def one(seed: int, log: bool) -> int:
    """Play one run before the eyes of a human."""
    drawn = plan(seed)
    run = perform(drawn, tell=log)
    if log:
        print(f'{drawn.stage}\noutlets {drawn.outlets}, obedient {drawn.obedient}')
        print('\n'.join(map(str, [*drawn.place, *drawn.deeds])), '', run.story, '', sep='\n')
    print('\n'.join(run.complaints) or f'{seed}: nothing to complain of, {run.seconds:.0f} s')
    return 1 if run.complaints else 0


def many(first: int, count: int, jobs: int) -> Iterator[Run]:
    """The runs of these numbers, as they end."""
    seeds = range(first, first + count)
    if jobs == 1:
        yield from map(untold, seeds)
        return
    with multiprocessing.get_context('fork').Pool(jobs, maxtasksperchild=100) as pool:
        yield from pool.imap_unordered(untold, seeds)


def report(runs: int, bad: Sequence[Run], total: Counter[str], real: float, virtual: float) -> None:
    """Rate, totals, and how to see each failure again."""
    print(f'\n{runs} runs in {real:.0f} s: {runs / real:.2f} a second, '
          f'{virtual / 3600:.1f} hours of virtual time')  # fmt: skip
    for what, number in sorted(total.items()):
        print(f'  {what:<50} {number:>9}')
    rules = Counter(one.split(' at ')[0].split(':')[0] + one.partition(':')[2][:5]
                    for run in bad for one in run.complaints[:1])  # fmt: skip
    print(f'{len(bad)} runs with something to complain of', dict(rules) or '')


def main() -> int:
    asked = arguments()
    if asked.one is not None:
        return one(asked.one, asked.log)
    begun, total, virtual = time.monotonic(), Counter[str](), 0.0
    bad: list[Run] = []
    for number, run in enumerate(many(asked.seed, asked.runs, asked.jobs), 1):
        total.update(run.counts)
        virtual += run.seconds
        if run.complaints:
            bad.append(run)
            print(f'\n{run.seed}: tools/soak --one {run.seed} --log')
            print('\n'.join(f'    {line}' for line in '\n'.join(run.complaints).splitlines()))
            if asked.until_failure:
                break
        if number % 100 == 0:
            rate = number / (time.monotonic() - begun)
            print(f'{number} runs, {len(bad)} bad, {rate:.2f} a second', flush=True)
    report(number, bad, total, time.monotonic() - begun, virtual)
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
