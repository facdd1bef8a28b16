"""Webhooks: stored first, answered after; nothing that was answered 202 is lost."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oslo_config import cfg

from flows.stop import StoreAway
from recovery.api import app as api
from recovery.db import alarms as stored_alarms
from recovery.db import events, tables
from recovery.db.store import Store
from recovery.intake.sources import BadSources, Sources
from recovery.site import Site
from tests.unit.drivers.alarms import payloads
from tests.unit.recovery.api.webhooks.posting import (
    Post,
    alert,
    rows,
    said,
    state,
)


def test_a_firing_alert_begins_a_recovery(site: Site, post: Post, dead: str) -> None:
    response = post(payloads.group(alert()))
    assert response.status_code == 202
    (one,) = response.get_json()['alarms']
    assert (one['answer'], one['host']) == ('admit', 'compute-01:9100')
    (row,) = rows(site, tables.recovery)
    assert (row['id'], row['host'], row['requested_by']) == (one['recovery'], dead, 'am')
    (kept,) = rows(site, tables.alarm)
    assert (kept['id'], kept['source']) == (one['id'], 'am')
    assert json.loads(kept['raw'])['labels']['instance'] == 'compute-01:9100'


def test_a_group_is_decided_one_by_one(site: Site, post: Post, dead: str) -> None:
    response = post(payloads.group(alert(), alert('compute-02'), alert('nonesuch')))
    found = {one['host']: one['answer'] for one in response.get_json()['alarms']}
    assert found == {
        'compute-01:9100': 'admit', 'compute-02:9100': 'hold', 'nonesuch:9100': 'ignore',
    }  # fmt: skip


def test_sent_again_it_is_the_same_alarm(site: Site, post: Post, dead: str) -> None:
    first, second = (post(payloads.group(alert())).get_json()['alarms'][0] for _ in range(2))
    assert second['id'] == first['id']
    assert (second['recovery'], second['repeated']) == (first['recovery'], True)
    assert len(rows(site, tables.alarm)) == 1


def test_a_store_that_is_away_is_answered_503_and_nothing_is_kept(
    site: Site,
    post: Post,
    dead: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away(*_arguments: Any) -> None:
        raise StoreAway('the database does not answer')

    with monkeypatch.context() as broken:
        broken.setattr(Store, 'transact', away)
        response = post(payloads.group(alert()))
    assert response.status_code == 503
    assert response.headers['Retry-After']
    assert not rows(site, tables.alarm)
    assert post(payloads.group(alert())).get_json()['alarms'][0]['answer'] == 'admit'


def test_half_of_a_message_is_never_stored(
    site: Site,
    post: Post,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add = stored_alarms.add
    times: list[None] = []

    def second_fails(*arguments: Any) -> None:
        times.append(None)
        if len(times) == 2:
            raise StoreAway('gone in the middle')
        add(*arguments)

    monkeypatch.setattr(stored_alarms, 'add', second_fails)
    assert post(payloads.group(alert(), alert('compute-02'))).status_code == 503
    assert not rows(site, tables.alarm)


def test_a_partly_bad_message(
    site: Site,
    post: Post,
    caplog: pytest.LogCaptureFixture,
) -> None:
    parts = [
        {'host': 'compute-02', 'kind': 'host-down'},
        {'kind': 'host-down'},
        {'host': 'compute-03', 'kind': 'host-is-sad'},
    ]
    with caplog.at_level(logging.WARNING):
        response = post({'parts': parts}, 'kinds')
    found = response.get_json()
    assert response.status_code == 202
    assert [one['host'] for one in found['alarms']] == ['compute-02']
    assert found['wrong'][0] == 'alarm 2: it names no host'
    assert "no failure kind 'host-is-sad'" in found['wrong'][1]
    assert 'it names no host' in caplog.text
    assert len(rows(site, tables.alarm)) == 1


def test_a_bad_character_in_one_alert_loses_none(site: Site, post: Post, dead: str) -> None:
    strange = alert('compute-02', annotations={'summary': 'down\0 \ud800', 'pid': 2**70})
    body = json.dumps(payloads.group(alert(), strange)).encode()
    response = post(b'\xef\xbb\xbf' + body)
    assert response.status_code == 202
    assert [one['answer'] for one in response.get_json()['alarms']] == ['admit', 'hold']
    kept = {row['subject'].partition(':')[0]: row['evidence'] for row in rows(site, tables.alarm)}
    assert kept['compute-02']['annotations'] == {'summary': 'down\ufffd \ufffd', 'pid': f'{2**70}'}


@pytest.mark.parametrize(
    'body',
    [b'', b'null', b'{', b'\xff', b'[]', b'{"alerts": 3}', b'[' * 100, b'{"alerts": [{}]}',
     b'{"a": NaN}'],
)  # fmt: skip
def test_malformed_is_400_and_one_sentence_also_in_the_log(
    post: Post, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    response = post(body)
    assert response.status_code == 400
    assert said(response).count('\n') == 0
    assert "a post to '/alarms/am' is answered 400: " in caplog.text


def test_a_stranger_writes_no_line_of_the_log(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    assert post(b'{}', 'x%0A2026-11-21 ERROR all is lost').status_code == 404
    (record,) = [one for one in caplog.records if 'is answered 404' in one.getMessage()]
    assert '\n' not in record.getMessage()


def test_a_message_that_is_too_long_is_in_the_log(
    post: Post, conf: cfg.ConfigOpts, caplog: pytest.LogCaptureFixture
) -> None:
    assert post(b' ' * (conf.api.max_body + 1)).status_code == 413
    assert "a post to '/alarms/am' is answered 413: " in caplog.text


def test_the_alerts_of_a_large_outage_are_one_message(post: Post) -> None:
    """As delivered: 2600 alerts with 30 labels and annotations each, none of which is taken."""
    labels = {f'label_{number}': 'x' * 60 for number in range(26)}
    alerts = [alert('compute-02', labels=labels | {'number': f'{n}'}) for n in range(2600)]
    for one in alerts:
        one['annotations'] = {'a': 'x' * 100, 'b': 'y' * 100, 'c': 'z'}
    response = post(payloads.group(alert('compute-02', 'resolved'), *alerts))
    assert response.status_code == 202
    assert len(response.get_json()['wrong']) == 2600


def test_truncated_alarms_are_told(
    site: Site,
    post: Post,
    caplog: pytest.LogCaptureFixture,
) -> None:
    response = post(payloads.group(alert('compute-02'), truncatedAlerts=7))
    assert response.get_json()['missing'] == 7
    assert 'am left 7 alarms out' in caplog.text
    with site.store.read() as connection:
        assert 'left 7 alarms out' in events.newest(connection)[-1]['what']


def test_resolved_is_told_and_changes_nothing(site: Site, post: Post, dead: str) -> None:
    post(payloads.group(alert()))
    for _ in range(2):
        response = post(payloads.group(alert(status='resolved'), status='resolved'))
    (one,) = response.get_json()['resolved']
    assert 'goes on: it is told in the story' in one['reason']
    assert state(site) == 'ready'
    (row,) = rows(site, tables.recovery)
    with site.store.read() as connection:
        story = [one['what'] for one in events.of_recovery(connection, row['id'])]
    assert story.count('am says that it is over: host-down compute-01:9100') == 1


def test_resolved_ends_what_has_not_begun_where_it_may(
    site: Site,
    post: Post,
    dead: str,
) -> None:
    post(payloads.group(alert()), 'ends')
    post(payloads.group(alert(status='resolved')), 'ends')
    assert state(site) == 'cancelled'


def test_resolved_never_ends_what_was_told_to_power_off(
    site: Site,
    post: Post,
    dead: str,
) -> None:
    post(payloads.group(alert()), 'ends')
    (row,) = rows(site, tables.recovery)
    intent = {'recovery': row['id'], 'round': 1, 'epoch': 1, 'host': dead, 'action': 'power-off',
              'target': 'bmc', 'observed': {}, 'at': 1.0}  # fmt: skip
    with site.store.write() as connection:
        connection.execute(sa.insert(tables.intent).values(**intent))
    response = post(payloads.group(alert(status='resolved')), 'ends')
    assert 'told to power off already' in response.get_json()['resolved'][0]['reason']
    assert state(site) == 'ready'


def test_resolved_does_not_end_what_another_source_says_too(
    site: Site,
    post: Post,
    dead: str,
) -> None:
    post(payloads.group(alert()), 'ends')
    post(payloads.group(alert()), 'am')
    response = post(payloads.group(alert(status='resolved')), 'ends')
    assert 'am said the same' in response.get_json()['resolved'][0]['reason']
    assert state(site) == 'ready'


def test_resolved_of_another_failure_of_the_host_ends_nothing(
    site: Site,
    post: Post,
    dead: str,
) -> None:
    post(payloads.group(alert()), 'ends')
    other = alert(status='resolved', startsAt='2026-01-01T00:00:00Z')
    response = post(payloads.group(other), 'ends')
    assert response.get_json()['resolved'][0]['reason'] == 'no open recovery is about it'
    assert state(site) == 'ready'


def test_resolved_does_not_end_what_a_human_approved(
    site: Site,
    post: Post,
    dead: str,
) -> None:
    post(payloads.group(alert()), 'ends')
    with site.store.write() as connection:
        connection.execute(sa.update(tables.recovery).values(approved_by='ann'))
    post(payloads.group(alert(status='resolved')), 'ends')
    assert state(site) == 'ready'


def test_the_authority_of_a_source(
    site: Site,
    post: Post,
    conf: cfg.ConfigOpts,
    dead: str,
) -> None:
    conf.set_override('authority', ['am approve'], 'sources')
    (one,) = post(payloads.group(alert())).get_json()['alarms']
    assert (one['answer'], state(site)) == ('hold', 'held')
    assert 'approve' in one['verb']


def test_sources_that_cannot_be_used_stop_the_start(site: Site, sources: Path) -> None:
    (sources / 'token').chmod(0o644)
    with pytest.raises(BadSources, match=r'source am: .* chmod 640'):
        api.inner(site)


@given(body=st.binary(max_size=200) | st.builds(
    lambda alerts, more: json.dumps(payloads.group(*alerts, **more)).encode(),
    st.lists(st.dictionaries(st.sampled_from(['status', 'labels', 'startsAt', 'fingerprint']),
                             st.sampled_from(['firing', 'resolved', '', '1795169426', '\ud800'])
                             | st.dictionaries(st.just('host'), st.text(max_size=8)),
                             min_size=2), max_size=3),
    st.dictionaries(st.sampled_from(['truncatedAlerts', 'alerts']), st.integers() | st.none()),
))  # fmt: skip
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_posted_is_no_fault_of_ours(post: Post, body: bytes) -> None:
    assert post(body).status_code in (202, 400)


def test_reading_the_file_again(site: Site, sources: Path) -> None:
    assert len(Sources.of(site)) == 6
    (sources / 'sources.yaml').write_text('sources: {am: {driver: sendmail, token: {env: X}}}')
    with pytest.raises(BadSources, match='no driver is called "sendmail"'):
        Sources.renew(site)
    assert len(Sources.of(site)) == 6
    (sources / 'sources.yaml').write_text('sources: {}')
    Sources.renew(site)
    assert len(Sources.of(site)) == 0
