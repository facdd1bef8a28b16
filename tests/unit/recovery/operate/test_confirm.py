"""confirm-fenced (H7): whom a human is believed, and what is written."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from drivers.simulated.world import World
from tests.unit.recovery.cli.site import Operator, cloud, operator

HOST = 'compute-01'
YES = ('--yes', '--reason', 'I pulled the plug')


@pytest.fixture(autouse=True)
def _by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('SUDO_USER', 'bob')


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[World, Operator]]:
    with cloud(tmp_path) as (world, options), operator(tmp_path, options) as run:
        yield world, run


def waits(run: Operator, **values: object) -> str:
    """A recovery that waits to be told that its host is off."""
    row = {'code': 'fence-exhausted', 'reason': 'the BMC is dead', 'book': None, **values}
    return run.recovery(HOST, 'waiting', next_check=9e9, **row)


def silent(world: World, seconds: float = 300.0) -> None:
    """The host has been off, and Nova without a report, for so long."""
    world.lose_power(HOST)
    with world:
        world.hosts[HOST].last_report -= seconds


def test_a_human_is_believed_about_a_silent_host(site: tuple[World, Operator]) -> None:
    world, run = site
    silent(world)
    identifier = waits(run)
    done = run('confirm-fenced', HOST, *YES)
    assert done.code == 0, done.err
    row = run.row(identifier)
    assert (row['state'], row['code'], row['next_check']) == ('ready', None, None)
    proof = run.rows('proof')[0]
    assert (proof['recovery'], proof['round'], proof['kind'], proof['by']) == (
        identifier, 1, 'human', 'bob',
    )  # fmt: skip
    assert 'will stay off until the recovery ends: I pulled the plug' in proof['statement']
    assert proof['expires_at'] - proof['at'] == pytest.approx(300.0)
    assert run.rows('event')[0]['who'] == 'bob'


def test_a_dead_bmc_is_the_usual_case(site: tuple[World, Operator]) -> None:
    world, run = site
    silent(world)
    with world:
        world.hosts[HOST].feeds = {'a': False}
    waits(run)
    done = run('confirm-fenced', HOST, *YES)
    assert (done.code, 'unknown' in done.out) == (0, True), done.err


def test_a_device_that_reads_on_is_believed_more(site: tuple[World, Operator]) -> None:
    _world, run = site
    identifier = waits(run)
    done = run('confirm-fenced', HOST, *YES)
    assert done.code == 1
    assert f'{HOST} is not off: bmc reads on' in done.err
    assert (run.row(identifier)['state'], run.rows('proof')) == ('waiting', [])


def test_a_sign_of_life_after_the_alarm_refuses(site: tuple[World, Operator]) -> None:
    world, run = site
    identifier = waits(run, created_at=1000.0)
    with world:
        world.hosts[HOST].feeds = {}
    world.lose_power(HOST)  # off now, but it has just reported
    done = run('confirm-fenced', HOST, *YES)
    assert done.code == 1
    assert 'shows life' in done.err
    assert f'next: recovery rerun {identifier[:8]}' in done.err
    assert run.rows('proof') == []


def test_a_report_after_the_alarm_refuses_although_it_is_silent_again(
    site: tuple[World, Operator],
) -> None:
    world, run = site
    silent(world, 100.0)
    waits(run, created_at=time.time() - 200.0)
    done = run('confirm-fenced', HOST, *YES)
    assert (done.code, 'reported to Nova 1' in done.err) == (1, True), done.err
    assert run.rows('proof') == []


@pytest.mark.parametrize(
    ('state', 'tried', 'code'), [('waiting', 1, 0), ('running', 1, 1), ('waiting', 2, 1)]
)
def test_who_is_held_between_two_tries_is_told(
    site: tuple[World, Operator], state: str, tried: int, code: int
) -> None:
    """Not before all levels were asked, and not in a round that has not tried."""
    world, run = site
    silent(world)
    notes = {f'fence-ended-{tried}': 1}
    run.recovery(HOST, state, code='held', phase='fence', next_check=9e9, notes=notes)
    assert run('confirm-fenced', HOST, *YES).code == code


def forcing(run: Operator, *roles: str) -> None:
    lines = [f'local = user:bob {",".join(roles)}'] if roles else []
    run.config.write_text('\n'.join([run.config.read_text(), '[access]', *lines, '']))


def test_force_is_a_role_of_its_own(site: tuple[World, Operator]) -> None:
    world, run = site
    waits(run, created_at=1000.0)
    world.lose_power(HOST)  # off now, but it has just reported
    forced = run('confirm-fenced', HOST, '--force', *YES)
    assert forced.code == 1
    assert 'recovery:confirm-fenced-force asks for role:forcer' in forced.err
    forcing(run, 'operator', 'forcer')
    assert run('confirm-fenced', HOST, *YES).code == 1, 'not without --force'
    forced = run('confirm-fenced', HOST, '--force', *YES)
    assert forced.code == 0, forced.err
    story = run.rows('event')[0]['what']
    assert 'by force although its service reported to Nova' in story


def test_a_device_that_reads_on_is_never_forced(site: tuple[World, Operator]) -> None:
    _world, run = site
    waits(run)
    forcing(run, 'operator', 'forcer')
    done = run('confirm-fenced', HOST, '--force', *YES)
    assert (done.code, 'is not off: bmc reads on' in done.err) == (1, True)


@pytest.mark.parametrize(
    ('answer', 'code'), [('veto', '/bin/true'), ('hold', '/bin/true'), ('record', ''), ('hold', '')]
)
def test_a_channel_that_shows_life_refuses(
    site: tuple[World, Operator], answer: str, code: str
) -> None:
    world, run = site
    silent(world)
    waits(run)
    command = code or ('/bin/true' if answer == 'record' else '/bin/false')
    channel = f'[life]\nchannel = {answer} command:{command} {{host}}\n'
    if answer == 'record':
        channel += '[policy]\nweakened = signs-of-life: a trial\n'
    run.config.write_text(f'{run.config.read_text()}\n{channel}')
    done = run('confirm-fenced', HOST, *YES)
    if code:
        assert (done.code, f'command:{command}' in done.err) == (1, True)
        assert run.rows('proof') == []
    else:
        assert done.code == 0, done.err


@pytest.mark.parametrize(
    ('state', 'code'),
    [('running', None), ('held', 'foreign'), ('ready', None), ('waiting', 'nova-away')],
)
def test_only_who_waits_for_it_is_told(
    site: tuple[World, Operator], state: str, code: str | None
) -> None:
    world, run = site
    silent(world)
    identifier = run.recovery(HOST, state, code=code)
    before = run.row(identifier)
    done = run('confirm-fenced', HOST, *YES)
    assert (done.code, 'does not wait to be told' in done.err) == (1, True)
    assert run.row(identifier) == before


def test_nothing_is_kept_for_later(site: tuple[World, Operator]) -> None:
    _world, run = site
    run.recovery(HOST, 'done')
    done = run('confirm-fenced', HOST, *YES)
    assert (done.code, 'never kept for later' in done.err) == (1, True)
    assert run('confirm-fenced', HOST, '--yes').code == 2


def test_what_is_asked_says_what_is_at_stake(site: tuple[World, Operator]) -> None:
    world, run = site
    silent(world)
    waits(run)
    done = run('confirm-fenced', HOST, '--reason', 'I looked', typed='no\n')
    assert done.code == 1
    assert 'INSTANCES RUN TWICE' in done.out
    assert run.rows('proof') == []


def test_without_nova_nobody_knows_about_life(site: tuple[World, Operator]) -> None:
    world, run = site
    silent(world)
    waits(run)
    clouds = run.folder / 'clouds.yaml'
    url = clouds.read_text().split('auth_url: ')[1].split('/identity')[0]
    clouds.write_text(clouds.read_text().replace(url, 'http://127.0.0.1:9'))
    assert run('confirm-fenced', HOST, *YES).code == 5
    assert run.rows('proof') == []


def test_a_claim_in_between_wins(
    site: tuple[World, Operator], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, run = site
    silent(world)
    identifier = waits(run)
    from recovery.operate import confirm as module

    read = module._read

    def slowly(*given: object) -> object:
        with run.store.write() as connection:
            connection.execute(sa.text("UPDATE recovery SET state = 'running', epoch = 1"))
        return read(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(module, '_read', slowly)
    done = run('confirm-fenced', HOST, *YES)
    assert (done.code, 'went on while' in done.err) == (1, True)
    assert run.row(identifier)['state'] == 'running'
    assert run.rows('proof') == []
