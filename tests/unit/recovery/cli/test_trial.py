"""recovery alarm test: what a message would become, and nothing written."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from recovery.cli.main import App
from recovery.db.tables import META
from tests.unit.drivers.alarms import payloads
from tests.unit.recovery.cli.conftest import Site

SOURCES = """
aliases: {rack-4-top: compute-02}
sources:
  am: {driver: alertmanager, token: {file: not-there}}
  redfish: {driver: generic, token: {file: not-there}, settings: {each: Events, match: MessageId}}
"""


@pytest.fixture
def ready(site: Site) -> Site:
    (site.run.folder / 'sources.yaml').write_text(SOURCES)
    with site.run.config.open('a') as file:
        file.write(
            f'[sources]\nfile = {site.run.folder}/sources.yaml\nauthority = redfish evidence\n'
        )
    return site


def ask(here: Site, message: Any, *words: str) -> tuple[int, str, str]:
    text = message if isinstance(message, str) else json.dumps(message)
    out, err = io.StringIO(), io.StringIO()
    app = App(stdin=io.StringIO(text), stdout=out, stderr=err)
    code = app.run(['--config-file', str(here.run.config), 'alarm', 'test', *words])
    return code, out.getvalue(), err.getvalue()


def everything(here: Site) -> list[Any]:
    with here.run.store.read() as connection:
        return [
            connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in META.sorted_tables
        ]


def test_each_part_of_a_message(ready: Site) -> None:
    """Nothing is written, and no secret has to be readable."""
    before = everything(ready)
    message = payloads.group(
        payloads.alert('compute-01'),
        payloads.alert(labels={'host': 'rack-4-top'}),
        payloads.alert(labels={'host': 'nonesuch'}),
        payloads.alert('compute-03', 'resolved'),
        payloads.alert(labels={}),
        truncatedAlerts=2,
    )
    code, out, _ = ask(ready, message, 'am', '-f', 'json')
    found = json.loads(out)
    assert [one['what'] for one in found] == [
        'alarm', 'alarm', 'alarm', 'resolved', 'wrong', 'missing',
    ]  # fmt: skip
    assert [one['host'] for one in found[:3]] == ['compute-01', 'compute-02', '']
    assert [one['answer'] for one in found[:3]] == ['hold', 'hold', 'ignore']
    assert {one['authority'] for one in found[:3]} == {'start'}
    assert found[0]['gates'][0]['gate'] == 'service'
    assert code == 1
    assert everything(ready) == before


def test_for_people(ready: Site) -> None:
    code, out, _ = ask(ready, payloads.group(payloads.alert('compute-01')), 'am', '--gates')
    assert code == 4
    assert 'compute-01:9100' in out
    assert '+ service' in out


def test_an_argument_of_the_url_and_the_authority(ready: Site) -> None:
    code, out, _ = ask(
        ready, payloads.REDFISH, 'redfish', '--query', 'host=compute-01', '-f', 'json'
    )
    assert (code, json.loads(out)[0]['authority']) == (1, 'evidence')


@pytest.mark.parametrize(
    ('message', 'words', 'sentence'),
    [
        ('{}', ['nobody'], "no source of alarms is called 'nobody'; [sources] file has: am, redf"),
        ('{', ['am'], 'the message is not JSON'),
        ('{}', ['am'], 'has no list "alerts"'),
        ('{}', ['am', '--query', 'host'], 'give NAME=VALUE'),
    ],
)
def test_mistakes_are_sentences(ready: Site, message: str, words: list[str], sentence: str) -> None:
    code, _, err = ask(ready, message, *words)
    assert (code, sentence in err) == (2, True), err


def test_a_file_that_cannot_be_used(ready: Site, tmp_path: Path) -> None:
    (ready.run.folder / 'sources.yaml').write_text('sources: {am: {driver: sendmail}}')
    code, _, err = ask(ready, '{}', 'am')
    assert code == 2
    assert 'sources.yaml:1: no driver is called "sendmail"; there are alertmanager, ' in err
