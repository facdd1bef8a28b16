"""Signs of life: each channel by itself, and Nova's growth only where nothing else explains it."""

from __future__ import annotations

import pytest

from drivers.clock import SystemClock
from drivers.contracts.compute import Service
from drivers.simulated.world import World
from recovery.intake import signs
from recovery.intake.signs import Read
from recovery.policy.inputs import Missing, OwnMarks, Sign
from recovery.site import Site
from tests.unit.drivers.listeners import closed_port, listening

HOST = 'compute-01'


def service(updated: float | None) -> Service:
    return Service('1', HOST, True, 'up', False, None, updated)


def channels(site: Site, *lines: str) -> None:
    site.conf.set_override('channel', list(lines), 'life')


def look(
    site: Site, updated: float | None = 0.0, own: OwnMarks | None = None, host: str = HOST
) -> dict[str, Sign]:
    found = signs.signs(site, host, [service(updated)], own or OwnMarks())
    assert not isinstance(found, Missing), found
    return {one.name: one for one in found}


def test_channels_are_off_unless_configured(site: Site, world: World) -> None:
    assert look(site) == {}
    assert 'life.look' not in world.faults.counts()


def test_a_channel_of_a_live_and_of_a_dead_host(site: Site, world: World) -> None:
    channels(site, 'veto sim:agent of {host}')
    (seen,) = look(site).values()
    assert (seen.kind, seen.alive, seen.answer) == ('sim', True, 'veto')
    assert seen.at is not None
    world.crash(HOST)
    (seen,) = look(site).values()
    assert seen.alive is False


def test_all_that_hang_together_take_one_time_out_and_say_nothing(site: Site, world: World) -> None:
    channels(site, *(f'hold sim:{name} of {{host}}' for name in 'abcd'))
    world.faults.add('life.look', 'delay', 600.0)
    began = site.clock.elapsed()
    found = look(site)
    assert site.clock.elapsed() - began == pytest.approx(3.0)
    assert len(found) == 4
    assert {one.alive for one in found.values()} <= {None, False}


def test_one_that_cannot_be_asked_says_nothing(site: Site, world: World) -> None:
    channels(site, 'hold sim:a of {host}', 'record nova')
    world.faults.add('life.look', 'drop')
    found = look(site)
    assert found[f'sim:a of {HOST}'].alive is None
    assert found['nova'].answer == 'record'


def test_a_host_with_a_strange_name_has_no_sign(site: Site) -> None:
    channels(site, 'hold sim:a of {host}')
    (seen,) = look(site, host='a b').values()
    assert (seen.alive, 'cannot be put into' in seen.said) == (None, True)


@pytest.mark.parametrize(
    ('line', 'why'),
    [
        ('hold nosuch:x', "no usable 'nosuch'"),
        ('hold tcp://{host}', 'HOST:PORT'),
        ('hold command:alive', 'whole path'),
    ],
)
def test_what_cannot_be_used_is_missing_and_says_why(site: Site, line: str, why: str) -> None:
    channels(site, line)
    found = signs.signs(site, HOST, (), OwnMarks())
    assert isinstance(found, Missing)
    assert why in found.why
    assert '[life] channel' in found.why


def test_real_channels_on_the_clock_of_the_machine(site: Site) -> None:
    real = Site(
        conf=site.conf, clock=SystemClock(), store=site.store, identity=site.identity,
        compute=lambda: site.compute, inventory=lambda: site.inventory,
    )  # fmt: skip
    with (
        listening(lambda client: client.sendall(b'SSH-2.0-real\r\n')) as ssh,
        listening() as port,
    ):
        lines = {
            f'ssh://{{host}}:{ssh}': True,
            f'tcp://{{host}}:{port}': True,
            f'tcp://{{host}}:{closed_port()}': None,
            'command:/bin/false {host}': False,
        }
        channels(real, *(f'hold {target}' for target in lines))
        found = look(real, host='127.0.0.1')
    wanted = {target.replace('{host}', '127.0.0.1'): alive for target, alive in lines.items()}
    assert {name: one.alive for name, one in found.items()} == wanted


class TestNova:
    """Its record grew between two looks (H3)."""

    def alive(
        self, site: Site, updated: float | None, own: OwnMarks | None = None
    ) -> tuple[bool | None, str]:
        channels(site, 'hold nova')
        seen = look(site, updated, own)['nova']
        return seen.alive, seen.said

    def test_one_look_tells_nothing(self, site: Site) -> None:
        assert self.alive(site, 100.0)[0] is None

    def test_growth_is_life(self, site: Site) -> None:
        self.alive(site, 100.0)
        site.clock.wait(None, 10.0)
        assert self.alive(site, 110.0)[0] is True

    def test_standing_still_for_two_intervals_is_none(self, site: Site) -> None:
        self.alive(site, 100.0)
        site.clock.wait(None, 10.0)
        assert self.alive(site, 100.0)[0] is None
        for _ in range(8):
            site.clock.wait(None, 15.0)
            alive, said = self.alive(site, 100.0)
            assert (alive, 'stood still' in said) == (False, True)

    def test_growth_since_a_look_of_long_ago_may_be_older_than_the_failure(
        self, site: Site
    ) -> None:
        self.alive(site, 100.0)
        site.clock.wait(None, 300.0)
        assert self.alive(site, 200.0)[0] is None
        site.clock.wait(None, 20.0)
        assert self.alive(site, 200.0)[0] is False

    def test_our_own_request_is_no_life(self, site: Site) -> None:
        now = site.clock.now()
        self.alive(site, now - 60.0)
        site.clock.wait(None, 10.0)
        own = OwnMarks(changed_at=now + 5.0)
        assert self.alive(site, now + 5.0, own)[0] is None, 'it is the request'
        site.clock.wait(None, 10.0)
        assert self.alive(site, now + 5.0, own)[0] is None, 'and nothing since'
        site.clock.wait(None, 10.0)
        assert self.alive(site, now + 28.0, own)[0] is True, 'it reported after our request'

    def test_a_look_before_our_request_and_one_after_it_tell_nothing(self, site: Site) -> None:
        now = site.clock.now()
        self.alive(site, now - 5.0)
        site.clock.wait(None, 20.0)
        own = OwnMarks(changed_at=now + 1.0)
        assert self.alive(site, now + 12.0, own)[0] is None

    def test_nova_away_or_without_a_record(self, site: Site) -> None:
        channels(site, 'hold nova')
        (seen,) = signs.signs(site, HOST, Missing('Nova is away'), OwnMarks())  # type: ignore[misc]
        assert (seen.alive, seen.said) == (None, 'Nova is away')
        assert self.alive(site, None)[0] is None

    def test_the_moment_of_life_is_that_of_the_report(self, site: Site) -> None:
        self.alive(site, 100.0)
        self.alive(site, 110.0)
        assert look(site, 120.0)['nova'].at == 120.0


def test_growth_across_our_request_however_the_times_lie() -> None:
    read = Read(updated_at=100.0, first=0.0, last=0.0, wall=105.0)
    assert read.growth(110.0, 10.0, None)[0] is True
    assert read.growth(110.0, 10.0, 104.0)[0] is None
    assert read.growth(110.0, 10.0, 50.0)[0] is True
