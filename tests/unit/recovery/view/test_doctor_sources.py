"""doctor: who may post alarms, and whose posts would be turned away."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from oslo_config import cfg

from recovery import conf as groups
from recovery.view.doctor_sources import sources
from recovery.view.finding import Level


@pytest.fixture
def conf(tmp_path: Path) -> cfg.ConfigOpts:
    conf = cfg.ConfigOpts()
    groups.register(conf)
    conf([], default_config_files=[], default_config_dirs=[])
    conf.set_override('file', str(tmp_path / 'sources.yaml'), 'sources')
    return conf


def look(conf: cfg.ConfigOpts) -> list[tuple[Level, str]]:
    here: Any = SimpleNamespace(conf=conf)
    return [(one.level, one.finding) for one in sources(here)]


def test_nothing_is_said_without_a_file(conf: cfg.ConfigOpts) -> None:
    conf.clear_override('file', 'sources')
    assert look(conf) == []


def test_a_secret_that_is_missing(conf: cfg.ConfigOpts, tmp_path: Path) -> None:
    text = 'sources: {a: {driver: aodh, keystone: true}, b: {driver: aodh, token: {file: b}}}'
    (tmp_path / 'sources.yaml').write_text(text)
    (bad, well) = look(conf)
    assert bad[0] == Level.BAD
    assert bad[1].startswith('b: "token" comes from')
    assert well == (Level.OK, '2 may post alarms')


def test_a_lab(conf: cfg.ConfigOpts, tmp_path: Path) -> None:
    conf.set_override('auth', 'noauth', 'api')
    (tmp_path / 'sources.yaml').write_text('sources: {a: {driver: aodh}}')
    assert look(conf)[0][0] == Level.WARN


def test_a_file_that_cannot_be_used(conf: cfg.ConfigOpts) -> None:
    ((level, said),) = look(conf)
    assert level == Level.BAD
    assert 'cannot be read' in said
