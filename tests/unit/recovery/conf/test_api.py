"""Options of the API: what is refused, and in which words."""

from __future__ import annotations

import pytest
from oslo_config import cfg

from recovery import conf as groups


@pytest.mark.parametrize(
    ('option', 'value', 'words'),
    [
        ('listen', '127.0.0.1', 'ADDRESS:PORT'),
        ('listen', 'http://127.0.0.1:80', 'ADDRESS:PORT'),
        ('listen', '::1:80', 'ADDRESS:PORT'),
        ('auth', 'none', 'keystone'),
        ('max_body', 10, '1024'),
        ('max_depth', 100000, '200'),
        ('rate', -1.0, '0'),
        ('link_prefix', 'cloud.example', 'http://'),
        ('project_id_regex', '[', 'it is no regular expression'),
        ('project_id_regex', '(a|b)', 'without groups'),
    ],
)
def test_what_makes_no_sense_is_refused(option: str, value: object, words: str) -> None:
    conf = cfg.ConfigOpts()
    groups.register(conf)
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        conf.set_override(option, value, 'api')
    assert words in str(caught.value)


@pytest.mark.parametrize('listen', ['127.0.0.1:0', '[::1]:15868', 'api.example:15868'])
def test_addresses(listen: str) -> None:
    conf = cfg.ConfigOpts()
    groups.register(conf)
    conf.set_override('listen', listen, 'api')
    assert conf.api.listen == listen
