"""Real workers are killed at every request and at a share of the commits (S31, H25)."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.crash.deaths import Death, Outcome
from tests.crash.devices import DRIVERS, WITNESSED
from tests.crash.processes import Sweeper
from tests.peers import need

MOMENTS = ('received', 'applied', 'answered')
SIDES = ('before', 'after')
COMMITS_EVERY = int(os.environ.get('RECOVERY_CRASH_COMMITS_EVERY', '5'))
EVERYTHING = COMMITS_EVERY == 1
#: The numbers of points may not fall: fewer would mean that the sweep sees less.
LEAST = {
    'host-down': {'request': 105, 'commit': 20},
    'host-return': {'request': 105 if EVERYTHING else 40, 'commit': 20},
}
#: A return cuts no power: one moment of each request, another one each time, is enough.
ONE_MOMENT = ('host-return',)
FLOWS = tuple(LEAST)
AT_ONCE = int(os.environ.get('RECOVERY_CRASH_AT_ONCE', '6'))
DEFAULT_LEASE = 30.0  # seconds
SAMPLE = 6  # points of each flow on MariaDB and Redis
LEAST_WITNESSED = 5
#: Moments of the first question and the first request; a few of each driver are tried always.
FENCED = (
    ('bmc.power-state', 'answered'),
    ('bmc.power-off', 'received'),
    ('bmc.power-off', 'applied'),
    ('bmc.power-off', 'answered'),
    ('bmc.power-state', 'received'),
)
FEW = 3
FENCED_AT_ONCE = 2  # each question of theirs starts an interpreter
NOBODY = 'nobody died'
TRIES = 3  # of a play in which nobody died: the world did not find out who had asked

Get = Callable[[str], tuple[Sweeper, Outcome]]


@pytest.fixture(scope='module')
def sweeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Get]:
    """Of each flow: what plays it, and the play in which nobody dies."""
    opened: list[Sweeper] = []

    @cache
    def get(flow: str) -> tuple[Sweeper, Outcome]:
        one = Sweeper(flow, tmp_path_factory.mktemp(flow))
        opened.append(one)
        clean = one.play([Death()], 1)[0]
        assert not clean.trouble, f'{clean.trouble}\n{clean.story}'
        assert clean.end['states'][-1] == 'done', clean.story
        assert clean.broken == []
        return one, clean

    yield get
    for one in opened:
        one.close()


def _wrong(outcome: Outcome, clean: Outcome) -> str:
    """What is wrong with the end of a play; '' when it ended as if nobody had died."""
    if outcome.trouble:
        return outcome.trouble
    if outcome.broken:
        return f'rules broken: {outcome.broken}'
    if outcome.end != clean.end:
        return f'it ended as {outcome.end}, and not as {clean.end}'
    if _missed(outcome):
        return NOBODY
    return ''


def _missed(outcome: Outcome) -> bool:
    """Whether the point came and nobody died. A run polls less often than another, and then ends
    before its last points come."""
    death = outcome.death
    if death.what == 'nothing' or outcome.reached:
        return False
    if death.what == 'commit':
        return death.number <= outcome.commits
    came = outcome.requests if death.kind == '*' else outcome.kinds.get(death.kind, 0)
    return death.number <= came


def _play(
    plays: Sweeper, clean: Outcome, deaths: list[Death], at_once: int = AT_ONCE
) -> list[Outcome]:
    """The outcomes. A play that ended well because nobody died is played again."""
    found, left = dict[Death, Outcome](), deaths
    for _ in range(TRIES):
        found |= {one.death: one for one in plays.play(left, at_once)}
        left = [death for death in left if _wrong(found[death], clean) == NOBODY]
        if not left:
            break
    return [found[death] for death in deaths]


def _judge(outcomes: list[Outcome], clean: Outcome) -> None:
    found = [(one, wrong) for one in outcomes if (wrong := _wrong(one, clean))]
    sentences = '\n'.join(f'{one.death}: {wrong}' for one, wrong in found)
    assert not found, f'{len(found)} of {len(outcomes)}\n{sentences}\n{found[0][0].story}'


def _requests(clean: Outcome) -> list[Death]:
    return [
        Death('request', number, moment)
        for number in range(1, clean.requests + 1)
        for moment in MOMENTS
    ]


def _commits(clean: Outcome) -> list[Death]:
    return [
        Death('commit', number, moment)
        for number in range(1, clean.commits + 1)
        for moment in SIDES
    ]


@pytest.mark.slow
@pytest.mark.parametrize('flow', FLOWS)
def test_killed_anywhere_it_ends_the_same(
    flow: str, sweeper: Get, record_property: Callable[[str, object], None]
) -> None:
    plays, clean = sweeper(flow)
    requests, commits = _requests(clean), _commits(clean)
    if flow in ONE_MOMENT and not EVERYTHING:
        requests = [one for one in requests if one.moment == MOMENTS[one.number % len(MOMENTS)]]
    middle = clean.requests // 2, clean.commits // 2
    patient = [Death('request', middle[0], moment, DEFAULT_LEASE) for moment in MOMENTS]
    patient += [Death('commit', middle[1], moment, DEFAULT_LEASE) for moment in SIDES]
    outcomes = _play(plays, clean, [*patient, *requests, *commits[::COMMITS_EVERY]])
    reached = {
        what: sum(one.reached for one in outcomes if one.death.what == what)
        for what in ('request', 'commit')
    }
    record_property(
        'points',
        f'{flow}, real processes: killed at {reached["request"]} moments of {clean.requests} '
        f'requests, {reached["commit"]} sides of {clean.commits} commits; '
        f'{len(patient)} of them with a lease of {DEFAULT_LEASE:g} s',
    )
    _judge(outcomes, clean)
    for what, least in LEAST[flow].items():
        assert reached[what] >= least


@pytest.mark.slow
@pytest.mark.parametrize('flow', FLOWS)
def test_likewise_on_mariadb_with_a_board_in_redis(
    flow: str, sweeper: Get, record_property: Callable[[str, object], None]
) -> None:
    need('mariadb')
    need('redis')
    plays, clean = sweeper(flow)
    points = [*_requests(clean), *_commits(clean)]
    chosen = points[len(points) // SAMPLE // 2 :: len(points) // SAMPLE][:SAMPLE]
    deaths = [Death(one.what, one.number, one.moment, peers='mariadb') for one in chosen]
    outcomes = _play(plays, clean, deaths)
    record_property(
        'points', f'{flow}, on MariaDB with a Redis board: {sum(one.reached for one in outcomes)}'
    )
    _judge(outcomes, clean)
    assert len(outcomes) == SAMPLE


@pytest.mark.slow
def test_killed_between_the_answers_of_witnesses(
    sweeper: Get, record_property: Callable[[str, object], None]
) -> None:
    plays, clean = sweeper('host-down')
    unharmed = plays.play([Death(outside=True)], 1)
    _judge(unharmed, clean)
    points = [
        Death('request', number, MOMENTS[(number + more) % 3], kind=WITNESSED, outside=True)
        for number in range(1, unharmed[0].kinds[WITNESSED] + 1)
        for more in range(3 if EVERYTHING else 1)
    ]
    # Their order differs: now and then it is the watcher that asks, who is not to die.
    outcomes = [one for one in _play(plays, clean, points) if _wrong(one, clean) != NOBODY]
    reached = sum(one.reached for one in outcomes)
    record_property(
        'points', f'host-down, real processes, between the answers of witnesses: {reached}'
    )
    _judge(outcomes, clean)
    assert reached >= LEAST_WITNESSED


@pytest.mark.slow
def test_killed_around_the_requests_of_every_other_driver(
    sweeper: Get, record_property: Callable[[str, object], None]
) -> None:
    """Their drivers ask by a process of their own, which outlives the worker that is killed."""
    plays, clean = sweeper('host-down')
    points = [
        Death('request', 1, moment, kind=kind, driver=driver)
        for driver in DRIVERS
        for kind, moment in (FENCED if EVERYTHING else FENCED[:FEW])
    ]
    outcomes = _play(plays, clean, points, FENCED_AT_ONCE)
    reached = Counter(one.death.driver for one in outcomes if one.reached)
    said = ', '.join(f'{driver} {reached[driver]}' for driver in DRIVERS)
    record_property('points', f'host-down, real processes, around requests to cut power: {said}')
    _judge(outcomes, clean)
    assert min(reached[driver] for driver in DRIVERS) >= FEW


def test_a_sweep_that_loses_an_instance_is_found_out(sweeper: Get, tmp_path: Path) -> None:
    """The judge itself: each way in which an end may differ is a sentence."""
    _plays, clean = sweeper('host-down')
    death = Death('request', 1, 'received')

    def end(**other: object) -> str:
        values = {'reached': True, 'end': clean.end, 'broken': [], 'requests': 9, **other}
        return _wrong(Outcome(death, **values), clean)  # type: ignore[arg-type]

    assert end() == ''
    assert end(reached=False) == NOBODY
    assert end(reached=False, requests=0) == ''
    assert 'S1' in end(broken=['S1 at 3 s'])
    assert 'it ended as' in end(end={**clean.end, 'guests': clean.end['guests'][1:]})
    assert 'too late' in end(trouble='too late')
