from __future__ import annotations

import pytest

from drivers.fencing.agent import classes
from drivers.fencing.agent.classes import Kind, class_of


@pytest.mark.parametrize(
    ('agent', 'kind'),
    [
        ('fence_ipmilan', Kind.POWER),
        ('fence_redfish', Kind.POWER),
        ('fence_apc_snmp', Kind.GUESS),
        ('fence_scsi', Kind.STORAGE),
        ('fence_kdump', Kind.HELPER),
        ('fence_dummy', Kind.LAB),
        ('fence_compute', Kind.REFUSED),
        ('fence_aws', Kind.UNKNOWN),
        ('fence_of_tomorrow', Kind.UNKNOWN),
        ('IPMILAN', Kind.UNKNOWN),
    ],
)
def test_class(agent: str, kind: Kind) -> None:
    assert class_of(agent).kind is kind


def test_no_agent_is_of_two_classes() -> None:
    assert not set(classes._POWER) & set(classes._GUESS)
    assert not {*classes._POWER, *classes._GUESS} & set(classes._ELSEWHERE)
