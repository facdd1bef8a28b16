"""Alert rules and dashboard: valid, and about numbers that there are (S26)."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import generate_latest

from drivers.simulated.clock import VirtualClock
from recovery.db import states
from recovery.service.metrics import GRADES, RESULTS, SiteCollector, site_registry
from recovery.service.tally import Tally
from tests.stage import Stage, play

TOP = Path(__file__).resolve().parents[2]
RULES = TOP / 'etc' / 'prometheus' / 'recovery.rules.yml'
DASHBOARD = TOP / 'etc' / 'grafana' / 'recovery.json'
HOST = 'compute-01'
#: What a label may be where not every word would do.
WORDS: Mapping[str, frozenset[str]] = {
    'state': frozenset({*states.MEANINGS, *states.ITEM, 'alive', 'draining', 'silent'}),
    'outcome': states.ENDED,
    'grade': frozenset(GRADES),
    'result': frozenset(RESULTS),
    'kind': frozenset({'host-down', 'host-return', 'worker', 'watcher', 'standalone'}),
    'answer': frozenset({'admit', 'hold', 'ignore', 'none'}),
}


def promtool(*words: str) -> None:
    if not shutil.which('promtool'):
        pytest.skip(
            'promtool is missing: tools/peers install prometheus, or apt install prometheus'
        )
    done = subprocess.run(['promtool', *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope='module')
def stage() -> Iterator[Stage]:
    with play(hosts=3, instances=2) as made:
        yield made


@pytest.fixture(scope='module')
def metrics(stage: Stage) -> dict[str, frozenset[str]]:
    """Every name that can be asked for, with its labels."""
    registry = site_registry(
        stage.site, SiteCollector(stage.site), Tally(VirtualClock(), lambda: 0).registry
    )
    found: dict[str, frozenset[str]] = {}
    for family in registry.collect():
        own = {*getattr(family, '_labelnames', ())}
        own |= {name for one in family.samples for name in one.labels}
        ends = {'counter': ('_total',), 'histogram': ('_bucket', '_sum', '_count'),
                'info': ('_info',)}.get(family.type, ('',))  # fmt: skip
        for end in ends:
            found[family.name + end] = frozenset(own)
    for name in ('recovery_worker_device_requests_total', 'recovery_worker_device_seconds_bucket'):
        assert name in found  # of families that have no sample yet, too
    return found


def expressions() -> Iterator[tuple[str, str]]:
    for group in yaml.safe_load(RULES.read_text())['groups']:
        for rule in group['rules']:
            yield rule['alert'], rule['expr']
    for panel in json.loads(DASHBOARD.read_text())['panels']:
        for target in panel.get('targets', ()):
            yield panel['title'], target['expr']


def test_the_rules_are_valid() -> None:
    promtool('check', 'rules', str(RULES))


def test_the_rules_say_what_they_should() -> None:
    promtool('test', 'rules', str(Path(__file__).with_name('recovery.rules.test.yml')))


@pytest.mark.parametrize(('where', 'expression'), list(expressions()))
def test_what_is_asked_for_exists(
    where: str, expression: str, metrics: dict[str, frozenset[str]]
) -> None:
    names = re.findall(r'\brecovery_[a-z_]+', expression)
    assert names, where
    for name in names:
        assert name in metrics, where
    for name, matchers in re.findall(r'\b(recovery_[a-z_]+)\{([^}]*)\}', expression):
        for label, operator, value in re.findall(r'(\w+)(=~|=)"([^"]*)"', matchers):
            if metrics[name]:
                assert label in metrics[name], f'{where}: {name} has no {label}'
            words = value.split('|') if operator == '=~' else [value]
            assert set(words) <= WORDS.get(label, frozenset(words)), f'{where}: {label}'


def test_every_number_of_the_site_is_shown_or_alerted_about(
    metrics: dict[str, frozenset[str]],
) -> None:
    asked = ' '.join(expression for _where, expression in expressions())
    ours = {name for name in metrics if name.startswith('recovery_')}
    unused = {name for name in ours if not re.search(rf'\b{name}\b', asked)}
    assert unused == {
        'recovery_process_info',
        'recovery_worker_claims_won_total',
        'recovery_worker_device_seconds_count',
        'recovery_worker_device_seconds_sum',
    }


def test_every_number_is_in_the_guide(metrics: dict[str, frozenset[str]]) -> None:
    guide = (TOP / 'doc' / 'guide' / 'metrics.md').read_text()
    ours = {re.sub('_(bucket|sum|count)$', '', name) for name in metrics if name[:9] == 'recovery_'}
    assert sorted(name for name in ours if f'`{name}`' not in guide) == []


def test_every_alert_says_what_to_do() -> None:
    for group in yaml.safe_load(RULES.read_text())['groups']:
        for rule in group['rules']:
            assert rule['labels']['severity'] in ('info', 'warning', 'critical')
            assert set(rule['annotations']) == {'summary', 'description'}


def test_panels_do_not_lie_on_each_other() -> None:
    taken: dict[tuple[int, int], str] = {}
    ids = set()
    for panel in json.loads(DASHBOARD.read_text())['panels']:
        place = panel['gridPos']
        ids.add(panel['id'])
        assert place['x'] + place['w'] <= 24
        for x in range(place['x'], place['x'] + place['w']):
            for y in range(place['y'], place['y'] + place['h']):
                assert (x, y) not in taken, (panel['title'], taken[x, y])
                taken[x, y] = panel['title']
    assert len(ids) == len(json.loads(DASHBOARD.read_text())['panels'])


# --- from the alarm to the alert ----------------------------------------------------------------


def scraped(stage: Stage) -> list[dict[str, str]]:
    """The numbers of now, as series that stay so for an hour."""
    text = generate_latest(site_registry(stage.site, SiteCollector(stage.site))).decode()
    samples = [line.rpartition(' ') for line in text.splitlines() if line.startswith('recovery_')]
    return [{'series': name, 'values': f'{float(value):g}x60'} for name, _space, value in samples]


def firing(stage: Stage, folder: Path, alerts: Mapping[str, Mapping[str, str]]) -> None:
    """Ask promtool whether these alerts, and of the critical ones no others, would fire."""
    expected = [
        {'labels': f'ALERTS{_matchers({"alertname": name, "alertstate": "firing"} | dict(more))}',
         'value': 1}
        for name, more in alerts.items()
    ]  # fmt: skip
    one: dict[str, Any] = {
        'interval': '1m',
        'input_series': scraped(stage),
        'promql_expr_test': [
            {'expr': 'ALERTS{alertstate="firing",severity="critical"}', 'eval_time': '30m',
             'exp_samples': expected},
        ],
    }  # fmt: skip
    file = folder / 'truth.yml'
    file.write_text(yaml.safe_dump(
        {'rule_files': [str(RULES)], 'evaluation_interval': '1m', 'tests': [one]}
    ))  # fmt: skip
    promtool('test', 'rules', str(file))


def _matchers(labels: Mapping[str, str]) -> str:
    return '{' + ', '.join(f'{name}="{value}"' for name, value in sorted(labels.items())) + '}'


@pytest.mark.parametrize('effect', ['stuck', 'refuse', 'drop'])
def test_a_recovery_that_fails_to_fence_raises_the_alert_and_ends_it(
    tmp_path: Path, effect: str
) -> None:
    """Alerts that said 'fenced' of hosts that were not have cost others their data."""
    with play(hosts=3, instances=2) as stage:
        stage.worker('worker-1')
        stage.watcher('watcher-1')
        stage.world.faults.add('bmc.power-off', effect)
        stage.world.crash(HOST)
        stage.run(70.0)
        stage.alarm(HOST)
        stage.until(lambda: stage.state() == 'waiting', 300.0)
        failed = {'RecoveryFenceFailed': {'code': 'fence-exhausted', 'severity': 'critical'}}
        firing(stage, tmp_path, failed)
        stage.world.faults.clear()
        stage.until(stage.ended, 600.0)
        assert stage.state() == 'done'
        firing(stage, tmp_path, {})
