"""Every argument of every builder is filled, from an option that exists or by who asks."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from oslo_config import cfg

from recovery import plugins
from recovery.intake.arguments import ASKED, FROM, arguments, said
from recovery.policy import order


@pytest.mark.parametrize('kind', FROM)
def test_the_builder_takes_exactly_these(kind: str, conf: cfg.ConfigOpts) -> None:
    wanted = inspect.signature(plugins.flow_builder(kind)).parameters
    given = arguments(conf, kind, **dict.fromkeys(ASKED[kind], False))
    assert set(given) == set(wanted)
    plugins.flow_builder(kind)(**given)


def test_every_kind_with_gates_has_arguments() -> None:
    assert set(FROM) == set(ASKED) == set(order.ORDER)


def test_a_condition_stands_for_its_answer(conf: cfg.ConfigOpts) -> None:
    assert arguments(conf, 'host-down', method='auto')['shared_storage'] is False
    conf.set_override('instance_storage', 'shared', 'evacuation')
    assert arguments(conf, 'host-down', method='auto')['shared_storage'] is True


def test_rules_are_handed_on_as_lines(conf: cfg.ConfigOpts) -> None:
    conf.set_override('exclude', ['name=a*', 'tag=b'], 'evacuation')
    assert arguments(conf, 'host-down', method='auto')['exclude'] == 'name=a*\ntag=b'


def test_the_method_is_that_of_the_segment() -> None:
    assert said('host-down', {}, 'rh_priority') == {'method': 'rh_priority'}
    assert said('host-down', None) == {'method': 'auto'}


@pytest.mark.parametrize(
    ('evidence', 'hung'),
    [
        ({'event': 'QEMU_GUEST_AGENT_ERROR', 'vir_domain_event': 'STOPPED_FAILED'}, True),
        ({'event': 'IO_ERROR', 'vir_domain_event': 'IO_ERROR_REPORT'}, True),
        ({'event': 'hung'}, True),
        ({'event': 'LIFECYCLE', 'vir_domain_event': 'STOPPED_FAILED'}, False),
        ({'event': ['hung']}, False),
        ({}, False),
        (None, False),
    ],
)
def test_the_evidence_says_whether_a_guest_hangs(evidence: Any, hung: bool) -> None:
    assert said('instance-down', evidence) == {'hung': hung}
    assert said('service-down', evidence) == {}
