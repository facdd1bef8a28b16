"""What nobody reads is said, with what may be meant; what a library reads is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from recovery.conf.strays import strays
from tests.unit.recovery.conf.test_form import load


@pytest.mark.parametrize(
    ('text', 'said'),
    [
        ('[policy]\nmass_cuont = 3', '[policy] has no option mass_cuont, .*: is mass_count meant'),
        ('[policy]\nmass-cuont: 3', '[policy] has no option mass_cuont'),
        ('[metrics]\nport = 1', '[metrics] has no option port, .*: there are api_listen, listen'),
        ('[polciy]\nmass_count = 3', 'there is no group [polciy], .*: is policy meant'),
        ('[ policy ]\nmass_count = 3', 'there is no group [ policy ], .*: is policy meant'),
    ],
)
def test_what_is_no_option(tmp_path: Path, text: str, said: str) -> None:
    (found,) = strays(load(tmp_path, f'{text}\n'))
    head, _, tail = said.partition('.*')
    assert f'line 2: {head}' in found
    assert tail in found


@pytest.mark.parametrize(
    'text',
    [
        '[policy]\nmass-count = 3\n# mass_cuont = 4\n',
        '[Policy]\nmass_count = 3\n',
        '[policy]\ndomain_share = zone:0.4,\n  aggregate/a=b:0.3\n',  # the rest of a value
        '[keystone_authtoken]\nwhatever = 1\n[oslo_policy]\nmore = 2\n',
        '[DEFAULT]\nlog_file = x\n',
    ],
)
def test_what_is_well(tmp_path: Path, text: str) -> None:
    assert list(strays(load(tmp_path, text))) == []


def test_a_folder_of_files_is_read_too(tmp_path: Path) -> None:
    conf = load(tmp_path, '')
    more = tmp_path / 'more'
    more.mkdir()
    (more / 'a.conf').write_text('[worker]\nlease_secs = 1\n')
    conf(['--config-dir', str(more)], default_config_files=[])
    (found,) = strays(conf)
    assert 'a.conf line 2: [worker] has no option lease_secs' in found
