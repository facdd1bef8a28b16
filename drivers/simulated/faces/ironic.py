"""Ironic: a node for each host, in front of the hosts' BMCs.

As the real one it answers from its records: while a conductor works the old power state stays,
and what failed is told afterwards, in ``last_error``. Its nodes are known by the UUID of the
host's resource provider, or by the host's name.
"""

from __future__ import annotations

from typing import Any

from drivers.simulated.bmc import Bmc
from drivers.simulated.errors import ApiError, Silent
from drivers.simulated.faces.http import Answer, Call
from drivers.simulated.faces.keystone import Versioned
from drivers.simulated.faces.redfish import system_host
from drivers.simulated.hosts import Host

#: what a BMC says -> power_state, target_power_state; anything else is passed on
STATES = {
    'on': ('power on', None),
    'off': ('power off', None),
    'powering-on': ('power off', 'power on'),
    'powering-off': ('power on', 'power off'),
}
TARGETS = {'power on': 'on', 'power off': 'off'}


def _target_of(call: Call) -> str:
    body = call.body if isinstance(call.body, dict) else {}
    return f'bmc.power-{TARGETS.get(str(body.get("target")), "reset")}'


class Ironic(Versioned):
    """The face of Ironic. Requests about one node have the kinds that a BMC has: 'bmc.*'."""

    prefix = '/baremetal'
    service = 'baremetal'
    lowest = (1, 1)
    highest = (1, 95)

    def __init__(self, tokens: Any) -> None:
        super().__init__(tokens)
        self.route('GET', '/v1/nodes/{}', 'bmc.power-state', self._node, system_host)
        self.route('PUT', '/v1/nodes/{}/states/power', _target_of, self._switch, system_host)

    def prepare(self, call: Call, kind: str) -> None:
        super().prepare(call, kind)
        self.admin(call, 'baremetal:node:*')

    def refusal(self, error: ApiError) -> Answer:
        if error.status == 401:
            return super().refusal(error)
        said = {'faultcode': 'Client', 'faultstring': error.message, 'debuginfo': None}
        return Answer({'error_message': said}, error.status)

    def _bmc(self, call: Call) -> tuple[Bmc, Host]:
        name = system_host(call.world, call.args)
        if not name:
            raise ApiError(404, f'Node {call.args[0]} could not be found.')
        return Bmc(call.world, name), call.world.hosts[name]

    def _node(self, call: Call) -> Answer:
        bmc, host = self._bmc(call)
        error = host.node_error
        try:
            state = bmc.state(call.met)
        except Silent:
            state, error = 'error', 'Failed to get the power state.'
        power, target = STATES.get(host.node_record or state, (state, None))
        view: dict[str, Any] = {
            'uuid': host.provider,
            'name': host.name,
            'power_state': power,
            'target_power_state': target,
            'last_error': error,
            'maintenance': host.node_maintenance,
            'maintenance_reason': None,
            'reservation': 'conductor-1' if target else None,
            'provision_state': 'active',
        }
        fields = call.one('fields')
        if fields is not None:
            wanted = fields.split(',')
            unknown = [name for name in wanted if name not in view]
            if unknown:
                raise ApiError(400, f'Field(s) "{", ".join(unknown)}" are not valid.')
            view = {name: view[name] for name in wanted}
        return Answer(view)

    def _switch(self, call: Call) -> Answer:
        wanted = TARGETS.get(str((call.body or {}).get('target')))
        if wanted is None:
            raise ApiError(400, f'The target must be one of {", ".join(TARGETS)}.')
        bmc, host = self._bmc(call)
        if bmc.machine.transition is not None:
            raise ApiError(409, f'Node {host.provider} is locked by host conductor-1.')
        host.node_error = host.node_record = None  # a conductor looks, and says what it saw
        try:
            bmc.switch(wanted, call.met)
        except Silent:
            host.node_error = f"Failed to change power state to 'power {wanted}': no answer."
        if 'stuck' in call.met:
            host.node_error = f"Failed to change power state to 'power {wanted}': timed out."
        return Answer(status=202)
