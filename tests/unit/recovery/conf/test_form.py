"""Options of a certain form: refused with what would be right, and without what was given."""

from __future__ import annotations

from pathlib import Path

import pytest
from oslo_config import cfg

from recovery import conf as groups
from recovery.conf.reading import BadOptions, read


def load(folder: Path, text: str) -> cfg.ConfigOpts:
    file = folder / 'recovery.conf'
    file.write_text(text)
    conf = cfg.ConfigOpts()
    groups.register(conf)
    read(conf, [], default_config_files=[str(file)], default_config_dirs=[])
    return conf


def test_what_has_the_form_is_taken(tmp_path: Path) -> None:
    conf = load(
        tmp_path,
        '[isolation]\nwitnesses = tcp://a:1, https://b/, database, workers\narbitrator = tcp://c:1\n'
        '[life]\nchannel = hold ssh://{host}\nchannel = veto command:/a {host}\n'
        'channel = record nova\n'
        '[sources]\nauthority = prober start kinds=host-down segments=a,b\nauthority = * approve\n'
        '[access]\nlocal = group:ops operator,forcer segments=a\nlocal = * reader\n',
    )
    assert len(conf.isolation.witnesses) == 4
    assert len(conf.life.channel) == 3
    assert len(conf.sources.authority) == 2
    assert len(conf.access.local) == 2


@pytest.mark.parametrize(
    ('text', 'right'),
    [
        ('[isolation]\nwitnesses = tcp://ann:secret@a:1', 'no user or password'),
        ('[isolation]\narbitrator = secret', 'tcp://HOST:PORT'),
        ('[life]\nchannel = maybe ssh://secret', 'veto, hold or record'),
        ('[policy]\ndomain_share = zonne:0.5', "'zonne': give segment, zone or aggregate"),
        ('[policy]\ndomain_count = zone/:3', "'zone/'"),
        ('[policy]\nweakened = storm:', 'give GATE: REASON'),
        ('[sources]\nauthority = secret', 'start, approve or evidence'),
        ('[access]\nlocal = secret operator', 'user:NAME'),
    ],
)
def test_what_has_not_is_told_what_would_be_right(tmp_path: Path, text: str, right: str) -> None:
    with pytest.raises(BadOptions) as caught:
        load(tmp_path, f'{text}\n')
    assert right in str(caught.value)
    assert 'line 2' in str(caught.value)
    assert 'secret' not in str(caught.value)
