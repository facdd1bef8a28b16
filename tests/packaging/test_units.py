"""The systemd units start what is installed, and stop it in the way that it expects."""

from __future__ import annotations

import configparser
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from oslo_config import cfg

from recovery import conf

UNITS = sorted((Path(__file__).resolve().parents[2] / 'etc' / 'systemd').glob('*.service'))


def _service(unit: Path) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(unit.read_text())
    return parser['Service']


@pytest.mark.parametrize('unit', UNITS, ids=lambda unit: unit.stem)
def test_a_unit_starts_a_console_script(unit: Path) -> None:
    command = Path(_service(unit)['ExecStart'].split()[0]).name
    assert command == unit.stem
    assert command in entry_points(group='console_scripts').names


@pytest.mark.parametrize('unit', UNITS, ids=lambda unit: unit.stem)
def test_a_unit_gives_the_process_time_to_let_go(unit: Path) -> None:
    options = cfg.ConfigOpts()
    conf.register(options)
    options([], default_config_files=[], default_config_dirs=[])
    assert _service(unit)['KillMode'] == 'mixed'
    assert float(_service(unit)['TimeoutStopSec']) > options.worker.stop_seconds
