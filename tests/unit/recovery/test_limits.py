"""Options become the numbers of the policy; weak ones are refused without a reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from oslo_config import cfg

from recovery import conf as groups
from recovery import limits
from recovery.conf.reading import BadOptions, read


def options(folder: Path, text: str) -> cfg.ConfigOpts:
    conf, path = cfg.ConfigOpts(), folder / 'recovery.conf'
    path.write_text(f'[policy]\n{text}\n')
    groups.register(conf)
    read(conf, ['--config-file', str(path)])
    return conf


def test_weak_options_are_refused(tmp_path: Path) -> None:
    conf = options(tmp_path, 'settle_seconds = 0\nmass_share = 0.9')
    with pytest.raises(BadOptions) as refused:
        limits.refuse_unreasoned(conf)
    said = str(refused.value)
    assert '[policy] settle_seconds is 0, which weakens the gate "settled"' in said
    assert '[policy] mass_share is 0.9, which weakens the gate "mass-failure"' in said
    assert 'state why with [policy] weakened = settled: REASON' in said


def test_weak_options_of_other_kinds_are_refused_too(tmp_path: Path) -> None:
    conf = options(
        tmp_path,
        'domain_share = zone:0.9\ncarries_down = bus:3\n[life]\nchannel = record nova',
    )
    with pytest.raises(BadOptions) as refused:
        limits.refuse_unreasoned(conf)
    said = str(refused.value)
    assert '[policy] domain_share is 0.9 for zone, which weakens the gate "domain-failure"' in said
    assert '[policy] carries_down is 3 for bus, which weakens the gate "carries"' in said
    assert '[life] channel is only ever "record", which weakens the gate "signs-of-life"' in said


def test_with_a_reason_they_are_not(tmp_path: Path) -> None:
    conf = options(
        tmp_path,
        'settle_seconds = 0\nmass_share = 0.9\nweakened = settled: a laboratory\n'
        'weakened = mass-failure, storm: two hosts only',
    )
    limits.refuse_unreasoned(conf)
    assert limits.limits(conf).weakened == {
        'settled': 'a laboratory',
        'mass-failure': 'two hosts only',
        'storm': 'two hosts only',
    }


@pytest.mark.parametrize('line', ['weakened = settled', 'weakened = settled:', 'weakened = : x'])
def test_a_reason_that_is_none_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(BadOptions, match='weakened'):
        options(tmp_path, line)


def test_what_falls_together_is_read(tmp_path: Path) -> None:
    conf = options(tmp_path, 'domain_share = zone:0.4,segment/rack-1:1\ncarries_down = database:0')
    assert conf.policy.domain_share == {'zone': 0.4, 'segment/rack-1': 1.0}
    assert limits.limits(conf).carries_down == {'database': 0}


@pytest.mark.parametrize('line', ['domain_share = zone:2', 'carries_down = database:-1'])
def test_numbers_have_bounds(tmp_path: Path, line: str) -> None:
    with pytest.raises(BadOptions, match=line.split()[0]):
        options(tmp_path, line)
