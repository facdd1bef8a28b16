"""Names as senders spell them: one host, or nobody chooses."""

from __future__ import annotations

import pytest

from recovery.policy.spelling import bare, fits

HOSTS = ('cmp-01', 'cmp-02', 'Net-7', 'gpu-1.rack1.example.org', 'gpu-1.rack2.example.org',
         'sto-1.example.org', 'sto-1', 'fd00::5')  # fmt: skip


@pytest.mark.parametrize(
    ('name', 'expected'),
    [
        ('cmp-01', ['cmp-01']),
        (' cmp-01 ', ['cmp-01']),
        ('cmp-01:9100', ['cmp-01']),
        ('CMP-01', ['cmp-01']),
        ('cmp-01.example.com', ['cmp-01']),
        ('Cmp-01.Example.com.:9100', ['cmp-01']),
        ('net-7', ['Net-7']),
        ('gpu-1.rack2', ['gpu-1.rack2.example.org']),
        ('sto-1.example.org', ['sto-1.example.org']),
        ('sto-1', ['sto-1']),
        ('[fd00::5]:9100', ['fd00::5']),
        # several: nobody chooses
        ('gpu-1', ['gpu-1.rack1.example.org', 'gpu-1.rack2.example.org']),
        ('STO-1.example.org.net', ['sto-1', 'sto-1.example.org']),
        # none: neither by likeness nor by a part of a word
        ('cmp-011', []),
        ('cmp-0', []),
        ('cmp', []),
        ('gpu-1.rack3.example.org', []),
        ('10.0.0.7', []),
        ('', []),
        ('.', []),
        (':9100', []),
        ('xcmp-01', []),
        ('cmp-01x.example.com', []),
    ],
)
def test_which_host_is_meant(name: str, expected: list[str]) -> None:
    assert fits(name, HOSTS) == tuple(expected)


def test_two_services_that_differ_in_case_are_never_chosen_between() -> None:
    assert fits('cmp-1', ['CMP-1', 'Cmp-1']) == ('CMP-1', 'Cmp-1')
    assert fits('CMP-1', ['CMP-1', 'Cmp-1']) == ('CMP-1',)


def test_the_numbers_of_an_address_are_no_domain() -> None:
    assert fits('10.0.0.7', ['10', '10.0']) == ()


def test_aliases() -> None:
    aliases = {'192.0.2.11': 'cmp-01', 'Node1.mgmt': 'CMP-02.example.com', 'ghost': 'cmp-99'}
    assert fits('192.0.2.11:9100', HOSTS, aliases) == ('cmp-01',)
    assert fits('NODE1.MGMT', HOSTS, aliases) == ('cmp-02',)
    assert fits('ghost', HOSTS, aliases) == ()


def test_what_nova_knows_exactly_is_never_renamed() -> None:
    assert fits('cmp-01', HOSTS, {'cmp-01': 'cmp-02'}) == ('cmp-01',)


def test_domains_that_are_not_ours() -> None:
    assert fits('cmp-01.example.com', HOSTS, domains=['Example.com']) == ('cmp-01',)
    assert fits('cmp-01.example.net', HOSTS, domains=['example.com']) == ()


@pytest.mark.parametrize(
    ('name', 'expected'),
    [('a:1', 'a'), ('a:http', 'a:http'), ('a:123456', 'a:123456'), ('fd00::5', 'fd00::5'),
     ('[fd00::5]:22', 'fd00::5'), ('a.b.', 'a.b'), ('[x', 'x')],
)  # fmt: skip
def test_bare(name: str, expected: str) -> None:
    assert bare(name) == expected
