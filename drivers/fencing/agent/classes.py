"""What is known of agents by name: whether "off" cuts the power, and how OFF is read (hazard H8).

Read in the source of fence-agents 4.12.1. An agent that is not here was not looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What an agent's "off" is good for."""

    POWER = 'power'  #: it cuts the power, and OFF is a word that the device said
    GUESS = 'guess'  #: it cuts the power, but whatever is not ON reads as OFF
    LAB = 'lab'  #: it pretends
    STORAGE = 'storage'  #: it cuts off the disks; the host stays on
    HELPER = 'helper'  #: it asks or waits, for another agent's sake
    REFUSED = 'refused'
    UNKNOWN = 'unknown'  #: nobody looked


#: One machine each, through ipmitool; the plug is another name of the address.
IPMITOOL = (
    'fence_idrac', 'fence_ilo3', 'fence_ilo4', 'fence_ilo5', 'fence_imm', 'fence_ipmilan',
    'fence_ipmilanplus',
)  # fmt: skip
SNMP = (
    'fence_apc_snmp', 'fence_cisco_mds', 'fence_eaton_snmp', 'fence_emerson', 'fence_ibmblade',
    'fence_ifmib', 'fence_intelmodular', 'fence_ipdu', 'fence_lindypdu', 'fence_tripplite_snmp',
)  # fmt: skip

_POWER = (
    *IPMITOOL, 'fence_redfish',
    'fence_apc', 'fence_bladecenter', 'fence_cdu', 'fence_cyberpower_ssh', 'fence_drac',
    'fence_eaton_snmp', 'fence_eps', 'fence_hpblade', 'fence_ilo', 'fence_ilo2',
    'fence_ilo_moonshot', 'fence_lindypdu', 'fence_netio', 'fence_raritan', 'fence_rsa',
    'fence_rsb',
)  # fmt: skip
_GUESS = (
    'fence_amt', 'fence_apc_snmp', 'fence_cisco_ucs', 'fence_drac5', 'fence_emerson',
    'fence_ibmblade', 'fence_ilo3_ssh', 'fence_ilo4_ssh', 'fence_ilo5_ssh', 'fence_ilo_mp',
    'fence_ilo_ssh', 'fence_intelmodular', 'fence_ipdu', 'fence_tripplite_snmp', 'fence_virsh',
)  # fmt: skip
_DISKS = 'it cuts off the disks and not the power: the host goes on, and its instances with it'
_PORTS = 'it closes ports of a network and not the power: the host goes on'
_ELSEWHERE = {
    **dict.fromkeys(('fence_scsi', 'fence_mpath'), (Kind.STORAGE, _DISKS)),
    'fence_sbd': (Kind.STORAGE, 'it leaves a message on a disk and believes that the host obeys'),
    **dict.fromkeys(
        ('fence_brocade', 'fence_cisco_mds', 'fence_ifmib', 'fence_sanbox2'),
        (Kind.STORAGE, _PORTS),
    ),
    'fence_heuristics_ping': (Kind.HELPER, 'it pings, and cuts nothing'),
    'fence_kdump': (Kind.HELPER, 'it waits for a crash dump, and can read no power state'),
    'fence_dummy': (Kind.LAB, 'it only pretends, and reads a file that is missing as OFF'),
    'fence_ack_manual': (Kind.REFUSED, 'it asks a human at a terminal: use the driver "manual"'),
    **dict.fromkeys(
        ('fence_compute', 'fence_evacuate'),
        (Kind.REFUSED, 'it evacuates by itself, which is what we are here for'),
    ),
    'fence_ironic': (Kind.REFUSED, 'its makers do not mean it for use: use the driver "ironic"'),
}


@dataclass(frozen=True)
class Class:
    """What is known of one agent."""

    kind: Kind
    why: str = ''
    shows_secrets: bool = False  #: it puts them into the arguments of what it calls (S27)
    plug: str | None = 'plug'  #: the option that tells its machines apart; None: it has one only
    needs_plug: bool = False


def class_of(agent: str) -> Class:
    """What is known of the agent of that name."""
    kind, why = Kind.UNKNOWN, ''
    if agent in _POWER:
        kind = Kind.POWER
    elif agent in _GUESS:
        kind = Kind.GUESS
    elif agent in _ELSEWHERE:
        kind, why = _ELSEWHERE[agent]
    if agent in IPMITOOL:
        return Class(kind, why, shows_secrets=True, plug=None)
    if agent == 'fence_redfish':
        # Without it, it takes a system of its own choice, and reports success.
        return Class(kind, why, plug='systems_uri', needs_plug=True)
    return Class(kind, why, shows_secrets=agent in SNMP)
