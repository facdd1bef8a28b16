"""The verdict on a fence path: off needs all of one level, on needs one that may."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from drivers.contracts.inventory import InventoryError
from recovery.db import hosts
from recovery.view.fence_paths import Checked, Health, Path, ask, ask_all
from tests.stage import Stage, play

HOST = 'compute-01'
OK, NEW, CHANGED, REFUSED, SILENT, UNCLEAR, HUMAN = (
    Health.OK, Health.NOT_ENROLLED, Health.CHANGED, Health.REFUSED, Health.UNREACHABLE,
    Health.UNCLEAR, Health.BY_HAND,
)  # fmt: skip
TWO = [
    [{'name': 'bmc', 'driver': 'simulated', 'address': 'sim://{host}'}],
    [
        {'name': 'pdu-a', 'driver': 'simulated', 'address': 'sim://{host}', 'plug': 'a'},
        {'name': 'pdu-b', 'driver': 'simulated', 'address': 'sim://{host}', 'plug': 'b'},
    ],
]


def path(*levels: list[Health], by_hand: bool = False) -> Path:
    devices = [
        Checked(number, f'd{number}{at}', 'ipmi', 'h:1', 'on', None, None, health, not by_hand)
        for number, level in enumerate(levels, start=1)
        for at, health in enumerate(level)
    ]
    return Path(HOST, tuple(devices))


@pytest.mark.parametrize(
    ('levels', 'off', 'on', 'grade'),
    [
        ([[OK]], True, True, 'well'),
        ([[NEW]], True, True, 'well'),
        ([[SILENT]], False, False, 'broken'),
        ([[REFUSED]], False, False, 'broken'),
        ([[CHANGED]], False, False, 'broken'),
        ([[UNCLEAR]], None, None, 'unclear'),
        ([[SILENT], [OK]], True, True, 'degraded'),
        ([[OK], [SILENT, OK]], True, True, 'degraded'),
        ([[SILENT], [SILENT, OK]], False, True, 'broken'),  # a level needs all of its devices
        ([[SILENT], [OK, OK]], True, True, 'degraded'),
        ([[OK], [CHANGED]], False, True, 'broken'),  # the gate would hold, whichever level it is
        ([[UNCLEAR], [SILENT]], None, None, 'unclear'),
        ([[UNCLEAR, SILENT]], False, None, 'broken'),
        ([[UNCLEAR], [OK]], True, True, 'degraded'),
        ([], False, False, 'broken'),
        ([[OK], [HUMAN]], True, True, 'well'),  # she is there, and nobody can ask whether
        ([[SILENT], [HUMAN]], False, False, 'broken'),
        ([[SILENT], [OK], [HUMAN]], True, True, 'degraded'),
        ([[OK, HUMAN]], None, True, 'unclear'),  # a level that needs her proves nothing alone
        ([[HUMAN]], None, None, 'unclear'),
    ],
)
def test_the_verdict(levels: list[list[Health]], off: bool, on: bool, grade: str) -> None:
    found = path(*levels)
    assert (found.off_works, found.on_works, found.grade) == (off, on, grade)
    assert found.verdict.startswith(f'{grade}: off ')


def test_where_a_human_switches_on_nobody_can_tell_and_that_is_well() -> None:
    found = path([OK], by_hand=True)
    assert (found.on_works, found.grade) == (None, 'well')
    assert path([SILENT], by_hand=True).grade == 'broken'


def test_where_nobody_but_a_human_can_be_asked_it_says_so() -> None:
    found = path([HUMAN])
    assert found.verdict == (
        'unclear: off cannot be told, on cannot be told; d10 at h:1: a human switches it'
    )
    assert path([OK], [HUMAN]).verdict == 'well: off should work, on should work'


def test_the_sentence_names_what_is_ill() -> None:
    device = Checked(1, 'bmc', 'ipmi', '10.0.0.1:623', 'on', 'A', 'B', CHANGED)
    assert Path(HOST, (device,)).verdict == (
        'broken: off should not work, on should not work; bmc at 10.0.0.1:623: '
        'says it is A, and was B'
    )


@pytest.fixture
def stage() -> Iterator[Stage]:
    inventory = {'patterns': [{'match': '*', 'levels': TWO}]}
    with play(hosts=3, instances=0, inventory=inventory) as made:
        for host in made.world.hosts.values():
            host.feeds = {'a': True, 'b': True}
        yield made


def look(stage: Stage, host: str = HOST) -> Path:
    found: Path = stage.ask(lambda: ask(stage.site, host))
    return found


def test_devices_are_asked_and_nothing_is_switched(stage: Stage) -> None:
    before = len(stage.world.faults.requests)
    found = look(stage)
    assert (found.off_works, found.on_works, found.grade) == (True, True, 'well')
    assert [(one.level, one.name, one.kind, one.power) for one in found.devices] == [
        (1, 'bmc', 'simulated', 'on'),
        (2, 'pdu-a', 'simulated', 'on'),
        (2, 'pdu-b', 'simulated', 'on'),
    ]
    asked = {one.kind for one in stage.world.faults.requests[before:]}
    assert asked == {'bmc.power-state', 'bmc.identity'}
    assert stage.world.hosts[HOST].powered


def test_one_lost_answer_is_no_broken_path(stage: Stage) -> None:
    stage.world.faults.add('bmc.*', 'drop', count=1)
    assert look(stage).grade == 'well'


@pytest.mark.parametrize(
    ('silent', 'off', 'grade'),
    [(HOST, True, 'degraded'), (f'{HOST}/b', True, 'degraded'), (f'{HOST}*', False, 'broken')],
)
def test_a_level_that_is_silent_leaves_the_other(
    stage: Stage, silent: str, off: bool, grade: str
) -> None:
    stage.world.faults.add('bmc.*', 'drop', subject=silent)
    found = look(stage)
    assert (found.off_works, found.grade) == (off, grade)
    assert look(stage, 'compute-02').grade == 'well'


def test_a_wrong_password_is_no_silence(stage: Stage) -> None:
    stage.world.faults.add('bmc.*', 'unauthorized', subject=HOST)
    assert look(stage).devices[0].health is REFUSED


def test_a_device_that_is_another_machine(stage: Stage) -> None:
    with stage.site.store.write() as connection:
        hosts.enrol(connection, HOST, {'bmc': 'somebody else'})
    found = look(stage)
    assert found.devices[0].health is CHANGED
    assert (found.off_works, found.grade) == (False, 'broken')


def test_a_host_without_a_device(stage: Stage) -> None:
    stage.inventory_file.write_text('hosts: {}\n')
    found = look(stage)
    assert (found.off_works, found.on_works) == (False, False)
    assert found.verdict.endswith('the inventory has no device for it')


def test_an_inventory_that_cannot_be_used_is_nobodys_verdict(stage: Stage) -> None:
    stage.inventory_file.write_text('hosts: [no')
    with pytest.raises(InventoryError):
        stage.ask(lambda: list(ask_all(stage.site, [HOST])))


def test_hosts_are_asked_side_by_side_and_come_in_order(stage: Stage) -> None:
    """A dead device takes its whole time-out, twice; three hosts take no longer than one."""
    stage.world.faults.add('bmc.*', 'hang')
    names = ['compute-03', 'compute-01', 'compute-02']
    began = stage.clock.elapsed()
    found = stage.ask(lambda: list(ask_all(stage.site, names)))
    together = stage.clock.elapsed() - began
    assert [one.host for one in found] == names
    stage.ask(lambda: list(ask_all(stage.site, names, at_once=1)))
    assert stage.clock.elapsed() - began - together >= 2.9 * together


def test_a_human_is_not_asked() -> None:
    levels = [TWO[0], [{'name': 'human', 'driver': 'manual'}]]
    with play(
        hosts=1, instances=0, inventory={'patterns': [{'match': '*', 'levels': levels}]}
    ) as made:
        found = ask(made.site, HOST)
    assert [one.health for one in found.devices] == [NEW, HUMAN]
    assert (found.grade, found.ill) == ('well', [])
