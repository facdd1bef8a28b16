"""Trying levels: in order, each by what is read back, never by what was accepted (S3, S18)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

import pytest

from drivers.contracts.fencing import FenceLevel, FencePath
from flows.fencing.levels import Fencer, asked, fenced_level
from flows.ports import Claim, Ledger, Line
from flows.records import Intent
from flows.stop import BackToFence, ClaimLost
from tests.unit.flows.devices import Clock, Device, device


class Acts:
    """A claim and a ledger that allow everything and remember it."""

    def __init__(self) -> None:
        self.done: list[tuple[str, str]] = []
        self.observed: list[dict[str, Any]] = []
        self.within: list[float] = []
        self.lines: list[object] = []
        self.read_back: list[str] = []
        self.told: list[str] = []
        self.kept: dict[str, Any] = {}
        self.round = 1

    def notes(self) -> dict[str, Any]:
        return self.kept

    def note(self, name: str, value: Any) -> None:
        self.kept[name] = value

    def check(self) -> None:
        pass

    @contextmanager
    def act(
        self, action: str, target: str, *, observed: Mapping[str, Any], within: float,
        line: Line | None = None,
    ) -> Iterator[Any]:  # fmt: skip
        self.done.append((target, observed['power']))
        self.observed.append(dict(observed))
        self.within.append(within)
        self.lines.append(line)
        acts = self

        class Act:
            timeout = within

            def read_back(self, outcome: str) -> None:
                acts.read_back.append(outcome)

        yield Act()

    def event(self, what: str, why: str = '') -> None:
        self.told.append(what)


def fence(
    clock: Clock,
    *levels: tuple[Device, ...],
    line: Callable[[], object] = lambda: 'the line',
    past: Sequence[Intent] = (),
    acts: Acts | None = None,
    **fields: Any,
) -> tuple[FenceLevel | None, Fencer, Acts]:
    """:param fields: of every device."""
    acts = acts or Acts()
    path = FencePath(
        'compute-02',
        tuple(
            FenceLevel(
                number,
                tuple(
                    replace(device(one, f'{number}{place}'), **fields)
                    for place, one in enumerate(members)
                ),
            )
            for number, members in enumerate(levels, 1)
        ),
    )
    fencer = Fencer(
        path,
        claim=cast(Claim, acts),
        ledger=cast(Ledger, acts),
        clock=clock,
        line=lambda: cast(Line, line()),
        poll_seconds=0.5,
        past=past,
    )
    return fencer.fence(), fencer, acts


def test_asked_once_and_read_back() -> None:
    clock = Clock()
    power = Device(clock, 'on', 'on', 'unknown', 'off')
    level, _fencer, acts = fence(clock, (power,))
    assert level is not None
    assert level.number == 1
    assert power.requests == ['off']
    assert acts.done == [('10', 'on')]
    assert acts.read_back == ['accepted']


def test_one_that_is_off_already_is_not_asked() -> None:
    clock = Clock()
    power = Device(clock, 'off')
    level, _fencer, acts = fence(clock, (power,))
    assert level is not None
    assert power.requests == []
    assert acts.done == [('10', 'off')]  # the intent is recorded all the same: it is the line


def test_off_out_of_a_record_counts_only_after_a_request() -> None:
    clock = Clock()
    power = Device(clock, 'off')
    level, _fencer, acts = fence(clock, (power,), from_record=True)
    assert level is not None
    assert power.requests == ['off']
    assert acts.read_back == ['accepted']


@pytest.mark.parametrize('takes', ['away', 'refused'])
def test_off_out_of_a_record_is_nothing_when_no_request_was_taken(takes: str) -> None:
    clock = Clock()
    level, fencer, _acts = fence(clock, (Device(clock, 'off', takes=takes),), from_record=True)
    assert level is None
    assert fencer.failures == [
        'level 1: 10 reads unknown (its record says off, and nobody has looked)'
    ]


def test_accepted_is_not_off() -> None:
    clock = Clock()
    level, fencer, _acts = fence(clock, (Device(clock, 'on'),))
    assert level is None
    assert fencer.failures == ['level 1: 10 reads on']
    assert fencer.reached
    assert clock.time >= 20.0


def test_all_devices_of_a_level_must_be_off() -> None:
    clock = Clock()
    level, _fencer, _acts = fence(clock, (Device(clock, 'off'), Device(clock, 'on')))
    assert level is None


@pytest.mark.parametrize('takes', ['away', 'refused'])
def test_the_next_level_follows(takes: str) -> None:
    clock = Clock()
    first, second = Device(clock, 'on', takes=takes), Device(clock, 'on', 'off')
    level, fencer, acts = fence(clock, (first,), (second,))
    assert level is not None
    assert level.number == 2
    assert second.requests == ['off']
    assert len(fencer.failures) == 1
    assert 'level failed' in acts.told


def test_one_that_is_silent_is_given_up_early() -> None:
    clock = Clock()
    dead = Device(clock, 'away', takes='away')
    level, fencer, _acts = fence(clock, (dead,))
    assert level is None
    assert not fencer.reached
    assert clock.time < 20.0


def test_one_that_took_no_answer_and_is_off_counts() -> None:
    clock = Clock()
    level, _fencer, _acts = fence(clock, (Device(clock, 'on', 'off', takes='away'),))
    assert level is not None


@pytest.mark.parametrize(('seconds', 'again'), [(20.0, None), (60.0, 'the line')])
def test_the_line_is_asked_with_the_first_request_and_after_a_while(
    seconds: float, again: str | None
) -> None:
    clock = Clock()
    stuck, outlet = Device(clock, 'on'), Device(clock, 'on', 'off')
    _level, _fencer, acts = fence(clock, (stuck,), (outlet,), off_timeout=seconds)
    assert acts.lines == ['the line', again]


def test_the_intent_tells_level_device_and_attempt() -> None:
    clock = Clock()
    stuck, outlet = Device(clock, 'on'), Device(clock, 'on', 'off')
    _level, _fencer, acts = fence(clock, (stuck,), (outlet,), attempts=2, kind='ipmi')
    told = [(one['level'], one['attempt'], one['driver'], one['address']) for one in acts.observed]
    assert told == [
        (1, 1, 'ipmi', 'sim://10'),
        (1, 2, 'ipmi', 'sim://10'),
        (2, 1, 'ipmi', 'sim://20'),
    ]
    assert '10 is asked again' in acts.told


def test_one_that_was_off_has_no_attempt() -> None:
    clock = Clock()
    _level, _fencer, acts = fence(clock, (Device(clock, 'off'), Device(clock, 'on', 'off')))
    assert [one['attempt'] for one in acts.observed] == [0, 1]


def test_a_stuck_device_is_asked_again_within_its_total() -> None:
    clock = Clock()
    stuck = Device(clock, 'on')
    level, _fencer, acts = fence(clock, (stuck,), attempts=4)
    assert level is None
    assert stuck.requests == ['off'] * 4
    assert clock.time == 20.0
    assert acts.within[0] == 15.0
    assert acts.within[-1] == 5.0  # the last request has a quarter of the total


def test_the_delay_ages_neither_the_reading_nor_the_line() -> None:
    clock = Clock()
    asked_at: list[float] = []

    def line() -> str:
        asked_at.append(clock.time)
        return 'the line'

    power = Device(clock, 'on', 'off')
    level, _fencer, acts = fence(clock, (power,), line=line, delay=7.25)
    assert level is not None
    assert (power.asked_at[0], asked_at) == (7.25, [7.25])
    assert acts.told[0] == '10 is asked in 7.25 s'


def test_the_line_is_looked_at_after_a_reading_that_takes_its_time() -> None:
    clock = Clock()
    asked_at: list[float] = []

    def line() -> str:
        asked_at.append(clock.time)
        return 'the line'

    fence(clock, (Device(clock, 'on', 'off', seconds=9.0),), line=line)
    assert asked_at == [9.0]


def test_the_claim_is_asked_while_a_delay_is_waited_for() -> None:
    class Lost(Acts):
        def check(self) -> None:
            if clock.time >= 3.0:
                raise ClaimLost('another worker owns it')

    clock = Clock()
    power = Device(clock, 'on', 'off')
    path = FencePath('compute-02', (FenceLevel(1, (replace(device(power), delay=60.0),)),))
    fencer = Fencer(
        path,
        claim=cast(Claim, Lost()),
        ledger=cast(Ledger, Acts()),
        clock=clock,
        line=lambda: pytest.fail('the line is not to be looked at'),
        poll_seconds=0.5,
    )
    with pytest.raises(ClaimLost):
        fencer.fence()
    assert clock.time == 3.0
    assert power.asked_at == []


def test_off_must_last() -> None:
    clock = Clock()
    power = Device(clock, 'on', 'off', 'off', 'on', 'off')
    level, _fencer, _acts = fence(clock, (power,), off_wait=3.0)
    assert level is not None
    assert clock.time == 1.5 + 3.0  # off at 0 and 0.5, on at 1, off from 1.5 on


def test_behind_one_that_refused_nobody_is_asked() -> None:
    clock = Clock()
    no, other, last = (
        Device(clock, 'on', takes='refused'),
        Device(clock, 'on'),
        Device(clock, 'off'),
    )
    level, fencer, _acts = fence(clock, (no, other), (last,))
    assert level is not None
    assert level.number == 2
    assert other.requests == []
    assert fencer.failures == ['level 1: 10 reads on, 11 was not asked']
    assert clock.time < 2.0  # and the next level follows at once


def test_all_must_be_off_at_once() -> None:
    """The first comes on again before the second is off: the level has not passed meanwhile."""
    clock = Clock()
    first = Device(clock, 'on', 'off', 'on', 'on', 'off')
    second = Device(clock, 'on', 'on', 'off')
    level, _fencer, _acts = fence(clock, (first, second))
    assert level is not None
    assert first.readings == ['off']


def test_a_driver_that_breaks_its_promise_is_unreachable() -> None:
    class Broken(Device):
        def power_off(self, *, timeout: float) -> None:
            raise RuntimeError('a bug')

    clock = Clock()
    level, _fencer, _acts = fence(clock, (Broken(clock, 'on'),), (Device(clock, 'on', 'off'),))
    assert level is not None
    assert level.number == 2


class Past:
    """A ledger of what was asked."""

    def __init__(self, *intents: Intent) -> None:
        self._intents = intents

    def intents(self, action: str | None = None) -> tuple[Intent, ...]:
        return tuple(one for one in self._intents if action in (None, one.action))


class Round:
    round = 2


def intent(target: str = '10', number: int = 2, action: str = 'power-off', **more: Any) -> Intent:
    observed = {'power': 'on', 'level': 1, 'address': f'sim://{target}', 'driver': '', 'attempt': 1}
    return Intent(1, number, action, target, {**observed, **more}, 0.0, 'accepted')


def the_level(*intents: Intent, names: tuple[str, ...] = ('10', '11')) -> FenceLevel:
    clock = Clock()
    members = tuple(device(Device(clock, 'off'), name) for name in names)
    path = FencePath('compute-02', (FenceLevel(1, members),))
    past, claim = cast(Ledger, Past(*intents)), cast(Claim, Round())
    return fenced_level(path, 1, claim=claim, ledger=past)


def test_the_level_that_was_fenced() -> None:
    """Each of its devices was asked, some of them twice."""
    assert the_level(intent('10'), intent('11'), intent('11', attempt=2)).number == 1


@pytest.mark.parametrize(
    'changed',
    [
        intent('11', address='sim://elsewhere'),
        intent('11', driver='redfish'),
        intent('11', level=2),
        intent('11', number=1),
        intent('11', action='power-on'),
        intent('12'),
    ],
)
def test_a_device_that_was_not_asked_in_this_round_sends_back_to_fence(changed: Intent) -> None:
    with pytest.raises(BackToFence, match='the inventory of compute-02 changed since level 1'):
        the_level(intent('10'), changed)


def test_a_device_less_sends_back_to_fence() -> None:
    with pytest.raises(BackToFence):
        the_level(intent('10'), intent('11'), names=('10',))


def test_how_a_device_was_asked() -> None:
    past = cast(
        Ledger, Past(intent(number=1, attempt=9), intent(), intent(attempt=2), intent('11'))
    )
    assert asked(past, cast(Claim, Round()), '10') == {'level': 1, 'attempt': 2}
    assert asked(past, cast(Claim, Round()), '12') == {}


def on_record(clock: Clock, ago: float, outcome: str | None, **observed: Any) -> Intent:
    """A request that another worker of this round recorded so long ago."""
    seen = {'level': 1, 'attempt': 1, 'power': 'on', 'driver': '', 'address': 'sim://10'}
    seen |= observed
    name = str(seen['address']).removeprefix('sim://')
    return Intent(1, 1, 'power-off', name, seen, clock.now() - ago, outcome)


@pytest.mark.parametrize('outcome', ['accepted', None, 'failed: Unreachable: no answer'])
def test_requests_of_a_worker_that_was_killed_count(outcome: str | None) -> None:
    """Two attempts are two, however many workers make them (S30)."""
    clock = Clock()
    power = Device(clock, 'on')
    past = [on_record(clock, 35.0, outcome)]
    level, _fencer, acts = fence(clock, (power,), past=past, attempts=2, off_timeout=60.0)
    assert level is None
    assert power.requests == ['off']
    assert [one['attempt'] for one in acts.observed] == [2]
    assert clock.time <= 31.0  # what is left of its time, and not all of it


def test_the_last_request_is_sent_again_when_its_worker_died_around_it() -> None:
    """It may never have gone out, and waiting for it would be waiting for nothing."""
    clock = Clock()
    power = Device(clock, 'on', 'on', 'off')
    past = [on_record(clock, 500.0, None)]
    level, _fencer, acts = fence(clock, (power,), past=past, attempts=1, off_timeout=60.0)
    assert level is not None
    assert [one['attempt'] for one in acts.observed] == [1]
    assert power.asked_at[0] < 1.0
    clock = Clock()
    power = Device(clock, 'on')
    past = [on_record(clock, 35.0, 'accepted')]
    _level, _fencer, acts = fence(clock, (power,), past=past, attempts=1, off_timeout=60.0)
    assert acts.observed == []  # this one is known to have been asked


def test_an_attempt_that_is_left_keeps_its_share_of_the_time() -> None:
    """The worker was dead for longer than the device had in all."""
    clock = Clock()
    power = Device(clock, 'on', 'on', 'on', 'off')
    past = [on_record(clock, 500.0, 'accepted')]
    level, _fencer, acts = fence(clock, (power,), past=past, attempts=2, off_timeout=60.0)
    assert level is not None
    assert [one['attempt'] for one in acts.observed] == [2]


def test_a_request_that_worked_while_nobody_looked_is_read_back() -> None:
    clock = Clock()
    power = Device(clock, 'off')
    level, _fencer, acts = fence(clock, (power,), past=[on_record(clock, 500.0, 'accepted')])
    assert level is not None
    assert (power.requests, acts.done) == ([], [])


def test_what_refused_is_not_asked_again() -> None:
    clock = Clock()
    power = Device(clock, 'on')
    past = [on_record(clock, 3.0, 'refused: Refused: not now')]
    level, _fencer, _acts = fence(clock, (power,), past=past, attempts=3)
    assert (level, power.requests) == (None, [])


def test_a_level_that_failed_is_not_tried_again_by_the_next_worker() -> None:
    clock = Clock()
    first, second = Device(clock, 'on'), Device(clock, 'on', 'on', 'off')
    past = [
        on_record(clock, 90.0, 'accepted'),
        on_record(clock, 2.0, None, level=2, address='sim://20'),
    ]
    level, fencer, _acts = fence(clock, (first,), (second,), past=past)
    assert level is not None
    assert level.number == 2
    assert (first.requests, first.asked_at) == ([], [])
    assert fencer.failures == ['level 1: failed before']


def test_a_device_that_the_inventory_names_anew_begins_anew() -> None:
    clock = Clock()
    power = Device(clock, 'on', 'on', 'off')
    past = [on_record(clock, 3.0, 'accepted', address='sim://10', driver='other')]
    level, _fencer, acts = fence(clock, (power,), past=past)
    assert level is not None
    assert [one['attempt'] for one in acts.observed] == [1]


def test_a_delay_goes_on_where_it_was() -> None:
    """Eight of ten seconds had passed when the worker died, and nobody had been asked."""
    clock, acts = Clock(), Acts()
    acts.note('fence-delay', {'round': 1, 'level': 1, 'at': clock.now() - 8.0})
    power = Device(clock, 'on', 'on', 'off')
    level, _fencer, acts = fence(clock, (power,), acts=acts, delay=10.0)
    assert level is not None
    assert 2.0 <= power.asked_at[0] <= 2.5
    assert acts.told[0].startswith('level 1')  # it was announced by the one who died
    for other in ({'round': 2}, {'level': 3}):
        clock, acts = Clock(), Acts()
        acts.note('fence-delay', {'round': 1, 'level': 1, 'at': clock.now() - 8.0} | other)
        power = Device(clock, 'on', 'on', 'off')
        fence(clock, (power,), acts=acts, delay=10.0)
        assert power.asked_at[0] >= 10.0
        assert acts.kept['fence-delay']['at'] == clock.now() - clock.time
