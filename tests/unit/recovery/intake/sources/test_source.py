"""The file of sources: read whole, and a sentence for each mistake."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from oslo_config import cfg

from drivers.contracts.alarms import BadPayload, Post
from recovery.intake.sources import BadSources, Sources

TOP = Path(__file__).resolve().parents[5]
SAMPLE = TOP / 'etc/recovery/sources.yaml.sample'


def load(conf: cfg.ConfigOpts, tmp_path: Path, text: str) -> Sources:
    (tmp_path / 'sources.yaml').write_text(text)
    conf.set_override('file', str(tmp_path / 'sources.yaml'), 'sources')
    return Sources.load(conf)


def test_the_sample_can_be_used_once_its_secrets_are_there(
    conf: cfg.ConfigOpts, tmp_path: Path
) -> None:
    shutil.copy(SAMPLE, tmp_path / 'sources.yaml')
    conf.set_override('file', str(tmp_path / 'sources.yaml'), 'sources')
    found = Sources.load(conf)
    assert {'alertmanager', 'grafana', 'aodh', 'zabbix', 'icinga', 'mmonit', 'sensu', 'consul',
            'redfish', 'kubernetes'} == {one.name for one in found}  # fmt: skip
    with pytest.raises(BadSources, match=r'source alertmanager: .* cannot be read'):
        found.refuse_secretless()
    for said in yaml.safe_load(SAMPLE.read_text())['sources'].values():
        for way in ('token', 'hmac'):
            if way in said:
                (tmp_path / said[way]['file']).write_text('0123456789abcdef\n')
                (tmp_path / said[way]['file']).chmod(0o640)
    found.refuse_secretless()


def test_without_a_file_nobody_posts(conf: cfg.ConfigOpts) -> None:
    assert len(Sources.load(conf)) == 0


def test_what_is_left_out(conf: cfg.ConfigOpts, tmp_path: Path) -> None:
    text = (
        'aliases: {a: b}\n'
        'sources: {x: {driver: alertmanager, keystone: true, aliases: {c: d}}}'
    )  # fmt: skip
    source = load(conf, tmp_path, text).get('x')
    assert source is not None
    assert (source.kind, source.resolved, source.known_by) == ('host-down', 'ignore', 'keystone')
    assert source.aliases == {'a': 'b', 'c': 'd'}


@pytest.mark.parametrize(
    ('text', 'sentence'),
    [
        ('sources: [am]', '"sources" must be of type object: a mapping from names to sources'),
        ('source: {}', '"source" is not known here; known are "aliases", "sources"'),
        ('sources: {am: {token: {env: X}}}', '"driver" is missing'),
        ('sources: {am: {driver: a, tokn: {env: X}}}', '"tokn" is not known here'),
        ('sources: {am: {driver: sendmail, token: {env: X}}}', 'no driver is called "sendmail"'),
        ('sources: {am: {driver: aodh}}', 'anybody could raise its alarms: give it one of token'),
        ('sources: {am: {driver: aodh, token: {env: X}, keystone: true}}', 'and not token and key'),
        ('sources: {am: {driver: aodh, token: s3cret}}', '"token" must be of type object'),
        ('sources: {am: {driver: aodh, token: {file: a, env: b}}}', '"token"'),
        ('sources: {Am/1: {driver: aodh, keystone: true}}', "'Am/1' is no name of a source"),
        ('sources: {am: {driver: aodh, keystone: true, kind: sad}}', "no failure kind 'sad'"),
        ('sources: {am: {driver: aodh, keystone: true, resolved: yes}}', '"resolved" must be one'),
        ('sources: {am: {driver: aodh, keystone: false}}', '"keystone" must be one of "True"'),
        ('sources: {am: {driver: aodh, keystone: {}}}', '"users" is missing'),
        ('sources: {am: {driver: aodh, keystone: {users: []}}}', '"users" must not be empty'),
        ('sources: {am: {driver: aodh, keystone: {roles: [a], users: [b]}}}', '"roles" is not'),
        (
            'sources: {am: {driver: generic, keystone: true, settings: {hots: a}}}',
            '"hots" is not known here; known are "each", "match"',
        ),
        (
            'sources: {am: {driver: generic, keystone: true, settings: {host: "a["}}}',
            '"host": \'a[\' is no JMESPath',
        ),
        ('sources: {am: {driver: aodh, keystone: true, settings: {traits: []}}}', '"traits"'),
        ('sources: {am: {driver: aodh}, am: {driver: aodh}}', '"am" is here for the second time'),
        ('{', 'is not YAML'),
    ],
)
def test_mistakes_are_sentences_with_their_line(
    conf: cfg.ConfigOpts, tmp_path: Path, text: str, sentence: str
) -> None:
    with pytest.raises(BadSources) as caught:
        load(conf, tmp_path, text)
    said = str(caught.value)
    assert sentence in said
    assert f'{tmp_path}/sources.yaml:' in said
    assert 's3cret' not in said


def test_all_mistakes_are_said_at_once(conf: cfg.ConfigOpts, tmp_path: Path) -> None:
    text = 'sources:\n  a: {driver: aodh}\n  b: {driver: sendmail, keystone: true}\n'
    with pytest.raises(BadSources) as caught:
        load(conf, tmp_path, text)
    lines = str(caught.value).splitlines()
    assert [line.split(': ')[0].rpartition(':')[2] for line in lines] == ['2', '3']


def test_two_sources_have_not_one_key(conf: cfg.ConfigOpts, tmp_path: Path) -> None:
    for name, text in (
        ('a', 'the-first-key-of-a\nthe-second-of-both\n'),
        ('b', 'of-b-alone-01234\n'),
    ):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o640)
    text = (
        'sources:\n  a: {driver: generic, hmac: {file: a}}\n'
        '  b: {driver: generic, hmac: {file: b}}\n'
        '  c: {driver: generic, hmac: {file: missing}}\n  d: {driver: generic, token: {file: a}}\n'
    )
    assert len(load(conf, tmp_path, text)) == 4
    (tmp_path / 'b').write_text('the-second-of-both\n')
    with pytest.raises(BadSources, match=r'b has the key of a: .* give each') as no:
        load(conf, tmp_path, text)
    assert 'sources.yaml:3: ' in str(no.value)
    assert 'second' not in str(no.value)


def test_in_a_lab_a_source_needs_no_secret(conf: cfg.ConfigOpts, tmp_path: Path) -> None:
    conf.set_override('auth', 'noauth', 'api')
    found: Any = load(conf, tmp_path, 'sources: {am: {driver: aodh}}').get('am')
    assert found.known_by == ''


def test_in_a_lab_a_source_of_keystone_is_refused_alone(
    conf: cfg.ConfigOpts, tmp_path: Path
) -> None:
    conf.set_override('auth', 'noauth', 'api')
    text = (
        'sources:\n  am: {driver: generic, settings: {host: h}}\n'
        '  aodh: {driver: aodh, keystone: true}\n'
    )
    found: Any = load(conf, tmp_path, text)
    assert found.get('am').read(Post('am', {'h': 'a'}, {}, 1.0)).wrong == ()
    with pytest.raises(BadPayload, match=r'source aodh: .* knows no tokens of Keystone: set it'):
        found.get('aodh').read(Post('aodh', {}, {}, 1.0))
    with pytest.raises(BadSources, match=r'source aodh: .* noauth knows no tokens of Keystone'):
        found.refuse_secretless()


def test_users_of_keystone(conf: cfg.ConfigOpts, tmp_path: Path) -> None:
    for said, users in (('true', ()), ('{users: [a, b]}', ('a', 'b'))):
        text = f'sources: {{aodh: {{driver: aodh, keystone: {said}}}}}'
        found: Any = load(conf, tmp_path, text).get('aodh')
        assert (found.known_by, found.users) == ('keystone', frozenset(users))
