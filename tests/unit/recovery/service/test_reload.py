"""SIGHUP: what is read again, what is refused, what waits for a restart. In real processes."""

from __future__ import annotations

import dataclasses
import logging
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from oslo_config import cfg

from recovery import conf as groups
from recovery.conf.fixed import FIXED, fixed
from recovery.conf.reading import BadOptions
from recovery.db import recoveries, tables
from recovery.intake.sources import Sources
from recovery.operate import drain
from recovery.service.equipment import Equipment
from recovery.service.reload import Asked, Reloader
from recovery.service.tally import Tally
from tests.stage import Stage
from tests.unit.recovery.claims.scene import FRESH
from tests.unit.recovery.cli.site import cloud
from tests.unit.recovery.service.test_equipment import claimed
from tests.unit.recovery.service.test_main import CLOCK, SECONDS, Daemon

Change = Callable[[str], None]
HOSTS = ['compute-01', 'compute-02', 'compute-03']


@contextmanager
def daemon(folder: Path, call: str, more: str = '') -> Iterator[tuple[Daemon, Change]]:
    """A process with a cloud; and what writes its options anew and sends SIGHUP."""
    with cloud(folder) as (_world, options):
        sites = options.replace('[fencing]', f'{more}\n[fencing]')
        with Daemon(folder / 'own', call, options=sites) as made:
            before = made.config.read_text()

            def change(options: str) -> None:
                made.config.write_text(before + options)
                made.reload()

            made.until_seen()
            yield made, change


def until(true: Callable[[], object]) -> None:
    end = CLOCK.elapsed() + SECONDS
    while not true():
        assert CLOCK.elapsed() < end
        CLOCK.wait(None, 0.05)


@pytest.mark.parametrize('call', ['watcher', 'both'])
def test_a_running_process_follows_its_file_and_refuses_nonsense(tmp_path: Path, call: str) -> None:
    def checked() -> list[str]:
        with made.store.read() as connection:
            return sorted(connection.execute(tables.fence_path.select()).scalars())

    with daemon(tmp_path, call, '[watcher]\nfence_check_seconds = 0') as (made, change):
        change('\n[watcher]\nfence_check_seconds = soon\n')
        line = made.hear('is not reloaded, and the old one goes on')
        assert '[watcher] fence_check_seconds' in line
        change('\n[worker]\nlease_seconds = 60\n[watcher]\nfence_check_seconds = 1\n')
        assert '[worker] lease_seconds was changed' in made.hear('after a restart')
        assert '[watcher] fence_check_seconds' in made.hear('is reloaded; changed: ')
        until(lambda: checked() == HOSTS)
        code, said = made.end()
        assert (code, 'Traceback' in said) == (0, False), said


def test_a_bad_inventory_is_refused_with_all_that_came_with_it(tmp_path: Path) -> None:
    with daemon(tmp_path, 'worker') as (made, change):
        good = (tmp_path / 'fencing.yaml').read_text()
        (tmp_path / 'fencing.yaml').write_text('hosts: [no')
        change('\n[fencing]\nattempts = 9\n')
        assert 'fencing.yaml:1' in made.hear('is not reloaded, and the old one goes on')
        (tmp_path / 'fencing.yaml').write_text(good)
        made.reload()
        assert '[fencing] attempts' in made.hear('is reloaded; changed: ')
        made.reload()
        assert 'changed: no option' in made.hear('is reloaded')
        assert made.end()[0] == 0


@pytest.mark.parametrize(
    ('call', 'option', 'says'),
    [
        ('worker', 'worker_listen', ['recovery_worker_claims 0.0', 'kind="worker"']),
        ('watcher', 'listen', ['recovery_database_up 1.0', 'kind="watcher"']),
        ('both', 'listen', ['recovery_database_up 1.0', 'recovery_worker_claims 0.0']),
    ],
)
def test_metrics_are_served_by_each_process(
    tmp_path: Path, call: str, option: str, says: list[str]
) -> None:
    with daemon(tmp_path, call, f'[metrics]\n{option} = 127.0.0.1:0\n') as (made, _change):
        url = made.hear('metrics at http').split('metrics at ')[1].strip()
        with urllib.request.urlopen(url, timeout=SECONDS) as answer:
            text = answer.read().decode()
        assert [words for words in says if words not in text] == []
        assert made.end()[0] == 0


def test_a_worker_hears_that_it_drains(tmp_path: Path) -> None:
    with daemon(tmp_path, 'worker') as (made, _change):
        (name,) = made.seen()
        drain.drain(made.store, name, by='ann', reason='', force=True)
        offer(made)
        made.hear(f'{name} drains')
        with made.store.read() as connection:
            (row,) = connection.execute(tables.recovery.select()).mappings()
        assert (row['state'], row['token']) == ('ready', None)
        assert made.end()[0] == 0


def offer(made: Daemon) -> None:
    """A recovery that wants a worker."""
    fresh = dataclasses.replace(FRESH, id=CLOCK.new_id(), created_at=CLOCK.now())
    with made.store.write() as connection:
        recoveries.create(connection, fresh)


# --- without a process --------------------------------------------------------------------------


def options(folder: Path, text: str) -> cfg.ConfigOpts:
    (folder / 'recovery.conf').write_text(text)
    conf = cfg.ConfigOpts()
    groups.register(conf)
    conf(['--config-file', str(folder / 'recovery.conf')], project='recovery')
    return conf


def test_what_a_running_recovery_was_claimed_with_it_keeps(stage: Stage) -> None:
    equipment = Equipment(stage.site, Tally(stage.clock, lambda: 0))
    tools = equipment(claimed(stage))
    address = tools['fence_path'].levels[0].devices[0].address
    text = stage.inventory_file.read_text()
    stage.inventory_file.write_text(text.replace('sim://{host}', 'sim://{host}.other'))
    stage.site.renew()
    later = equipment(claimed(stage, 'compute-02'))
    assert tools['fence_path'].levels[0].devices[0].address == address
    assert 'other' not in address
    assert later['fence_path'].levels[0].devices[0].address.startswith('sim://compute-02.other')
    assert tools['compute'] is not later['compute']


def test_no_value_is_logged(stage: Stage, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    base = f'[fencing]\ninventory = {stage.inventory_file}\n' + (
        f'[compute]\ncloud = simulated\nclouds_file = {stage.folder / "clouds.yaml"}\n'
    )
    site = stage.site
    kept, site.conf = site.conf, options(tmp_path, f'{base}[database]\nconnection = sqlite:///a\n')
    changed = f'{base}[database]\nconnection = mysql+pymysql://me:hunter2@h/x\n[board]\nname = x\n'
    with caplog.at_level(logging.DEBUG):
        assert Reloader(site, lambda: options(tmp_path, changed), Asked()).reload()
    assert 'hunter2' not in caplog.text
    assert '[database] connection was changed: that takes effect after a restart' in caplog.text
    assert '[board] name was changed' in caplog.text
    assert site.conf.database.connection == 'sqlite:///a'
    site.conf = kept


def test_a_policy_that_is_weak_without_a_reason_is_not_taken(
    stage: Stage, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    weak = options(tmp_path, '[policy]\nsettle_seconds = 0\n')
    assert not Reloader(stage.site, lambda: weak, Asked()).reload()
    assert 'which weakens the gate "settled"' in caplog.text


def test_sources_of_alarms_are_read_again_or_not_at_all(
    stage: Stage, tmp_path: Path, caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    file, site = tmp_path / 'sources.yaml', stage.site
    monkeypatch.setattr('recovery.plugins.open_compute', lambda _conf, _clock: site.compute)
    site.conf.set_override('file', str(file), 'sources')

    text = f'[sources]\nfile = {file}\n[fencing]\ninventory = {site.conf.fencing.inventory}\n'
    one = Reloader(site, lambda: options(tmp_path, text), Asked())
    file.write_text('sources: {am: {driver: alertmanager, keystone: true}}')
    assert Sources.of(site).get('am')
    file.write_text('sources: {am: {driver: sendmail, keystone: true}}')
    assert not one.reload()
    assert 'no driver is called "sendmail"' in caplog.text
    assert Sources.of(site).get('am')
    file.write_text('sources: {grafana: {driver: grafana, keystone: true}}')
    assert one.reload()
    assert [source.name for source in Sources.of(site)] == ['grafana']


def test_every_signal_counts_and_one_look_answers_them_all(stage: Stage) -> None:
    asked = Asked()
    reloads: list[int] = []

    def fresh() -> cfg.ConfigOpts:
        reloads.append(asked.times)
        raise BadOptions('not the matter here')

    one = Reloader(stage.site, fresh, asked)
    stop = stage.stops['reload'] = threading.Event()
    stage.clock.spawn('reload', lambda: one.run(stop))
    for _signal in range(3):
        asked.again(1, None)
    stage.run(2.0)
    asked.again(1, None)
    stage.run(2.0)
    assert reloads == [3, 4]
    stage.stop('reload')
    stage.run(1.0)


def test_what_is_fixed_exists_and_is_marked() -> None:
    known = {group.name for group, _options in groups.list_opts()}
    known |= {f'{group.name}.{one.name}' for group, some in groups.list_opts() for one in some}
    assert known >= FIXED
    for group, some in groups.list_opts():
        for one in some:
            assert one.mutable is not fixed(group.name, one.name)
    assert fixed('database', 'connection')
    assert not fixed('policy', 'fence_budget')
