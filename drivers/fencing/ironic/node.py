"""What is asked of an Ironic node, and what its answers mean.

Run as a module it is the process of one call: one question, one answer.

Sources: ``ironic/conductor/utils.py`` (node_power_action) and ``manager.py`` (do_sync_power_state).
A power request is answered with 202 while its conductor holds the node's lock (``reservation``).
It reads the BMC, then sets ``target_power_state``, then switches and waits; ``power_state`` stays
what it was until that has ended, and a failure is left in ``last_error``. Power of a node in
maintenance is not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import requests

from drivers import child
from drivers.contracts.errors import Refused, Unreachable
from drivers.fencing.ironic.cloud import Ironic, translated

TARGET = {'power_off': 'power off', 'power_on': 'power on'}
FIELDS = (
    'uuid',
    'power_state',
    'target_power_state',
    'last_error',
    'maintenance',
    'maintenance_reason',
    'reservation',
)


def answer(
    question: dict[str, Any],
    left: Callable[[], float],
    mount: Callable[[requests.Session], None] | None = None,
) -> dict[str, Any]:
    """Do the one operation.

    :param question: ``operation``, ``settings``, and ``signed_in`` as the last answer had it.
    :param left: seconds until the answer is too late.
    """
    settings, operation = question['settings'], question['operation']
    with translated():
        ironic = Ironic(settings, question['signed_in'], left, mount)
        node = Node(ironic, settings['system'])
        found: dict[str, Any] = {}
        if operation == 'power_state':
            found['power'] = node.power()
        elif operation == 'identity':
            found['identity'] = node.identity()
        else:
            node.switch(TARGET[operation])
        return found | {'signed_in': ironic.signed_in()}


class Node:
    """One node, by UUID or name."""

    def __init__(self, ironic: Ironic, name: str) -> None:
        self._ironic = ironic
        self._path = f'/nodes/{quote(name, safe="")}'

    def power(self) -> str | None:
        """What Ironic says of the power, None while that changes.

        :raises DriverError: it says something, and that is no evidence.
        """
        return _power(self._read())

    def switch(self, target: str) -> None:
        """Request a power state.

        No reading excuses a refusal, as it would be no fresh one; and Ironic does not refuse to
        switch off what is off.
        """
        self._ironic.call('PUT', f'{self._path}/states/power', {'target': target})

    def identity(self) -> str | None:
        """The node's UUID, also where it is addressed by name."""
        found = self._read().get('uuid')
        return str(found) if found else None

    def _read(self) -> Mapping[str, Any]:
        said = self._ironic.call('GET', f'{self._path}?fields={",".join(FIELDS)}')
        if not isinstance(said, dict):
            raise Unreachable('Ironic answered with something that is no node')
        return said


def _power(node: Mapping[str, Any]) -> str | None:
    if any(name not in node for name in FIELDS):
        return None
    if node['maintenance']:
        why = node['maintenance_reason'] or 'no reason given'
        raise Refused(
            f'Ironic does not watch the power of a node in maintenance ({why}): end that with '
            '"openstack baremetal node maintenance unset"'
        )
    state: str | None = node['power_state']
    if node['target_power_state'] is not None:
        return None
    if state == 'power off':
        if node['reservation'] is not None:
            return None  # the request may not have been looked at, and this be the old state
        if node['last_error']:
            raise Unreachable(f'Ironic says "power off" after a failure: {node["last_error"]}')
    return state


if __name__ == '__main__':
    child.serve(answer)
