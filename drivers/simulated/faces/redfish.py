"""Redfish: one service with a System for each host, in front of the hosts' BMCs."""

from __future__ import annotations

import base64
from typing import Any

from drivers.simulated.bmc import Bmc
from drivers.simulated.errors import ApiError
from drivers.simulated.faces.http import Answer, Call, Face
from drivers.simulated.hosts import Host
from drivers.simulated.world import World

ROOT = '/redfish/v1'
STATES = {'on': 'On', 'off': 'Off', 'powering-on': 'PoweringOn', 'powering-off': 'PoweringOff'}
RESETS = {'On': 'on', 'ForceOn': 'on', 'ForceOff': 'off'}


def system_host(world: World, args: tuple[str, ...]) -> str:
    """The host that a request names, by its name or its UUID; '' when there is none."""
    for host in world.hosts.values():
        if args[0] in (host.name, host.provider):
            return host.name
    return ''


def _reset_of(call: Call) -> str:
    body = call.body if isinstance(call.body, dict) else {}
    return f'bmc.power-{RESETS.get(str(body.get("ResetType")), "reset")}'


class Redfish(Face):
    """The face of the BMCs. Requests about one host have the kinds that its BMC has: 'bmc.*'."""

    prefix = '/redfish'

    def __init__(self, username: str = 'admin') -> None:
        super().__init__()
        self._username = username
        self.route('GET', '/v1', 'redfish.root', self._root)
        self.route('GET', '/v1/Systems', 'redfish.systems', self._systems)
        self.route('GET', '/v1/Systems/{}', 'bmc.power-state', self._system, system_host)
        self.route(
            'POST', '/v1/Systems/{}/Actions/ComputerSystem.Reset', _reset_of, self._reset,
            system_host,
        )  # fmt: skip

    def prepare(self, call: Call, kind: str) -> None:
        password = call.world.bmc_password
        if kind == 'redfish.root' or password is None:
            return
        wanted = base64.b64encode(f'{self._username}:{password}'.encode()).decode()
        if call.headers.get('authorization') != f'Basic {wanted}':
            raise ApiError(401, 'The credentials are wrong.')

    def finish(self, call: Call, answer: Answer, number: int) -> None:
        answer.headers['OData-Version'] = '4.0'

    def refusal(self, error: ApiError) -> Answer:
        body = {'error': {'code': 'Base.1.0.GeneralError', 'message': error.message}}
        return Answer(body, error.status)

    def _root(self, call: Call) -> Answer:
        return Answer(
            {
                '@odata.type': '#ServiceRoot.v1_5_0.ServiceRoot',
                '@odata.id': f'{ROOT}/',
                'Id': 'RootService',
                'Name': 'Simulated BMCs',
                'RedfishVersion': '1.6.0',
                'UUID': '00000000-0000-4000-8000-000000000000',
                'Systems': {'@odata.id': f'{ROOT}/Systems'},
                'Links': {},
            }
        )

    def _systems(self, call: Call) -> Answer:
        members = [{'@odata.id': f'{ROOT}/Systems/{name}'} for name in call.world.hosts]
        return Answer(
            {
                '@odata.type': '#ComputerSystemCollection.ComputerSystemCollection',
                '@odata.id': f'{ROOT}/Systems',
                'Name': 'Systems',
                'Members@odata.count': len(members),
                'Members': members,
            }
        )

    def _bmc(self, call: Call) -> tuple[Bmc, Host]:
        name = system_host(call.world, call.args)
        if not name:
            raise ApiError(404, f'There is no system {call.args[0]}.')
        bmc = Bmc(call.world, name)
        return bmc, bmc.machine

    def _system(self, call: Call) -> Answer:
        bmc, machine = self._bmc(call)
        state = bmc.state(call.met)
        path = f'{ROOT}/Systems/{call.args[0]}'
        view: dict[str, Any] = {
            '@odata.type': '#ComputerSystem.v1_10_0.ComputerSystem',
            '@odata.id': path,
            'Id': call.args[0],
            'Name': bmc.host,
            'UUID': machine.provider,
            'SerialNumber': machine.serial,
            'PowerState': STATES.get(state, state),
            'Status': {'State': 'Enabled', 'Health': 'OK'},
            'Actions': {
                '#ComputerSystem.Reset': {
                    'target': f'{path}/Actions/ComputerSystem.Reset',
                    'ResetType@Redfish.AllowableValues': list(RESETS),
                }
            },
        }
        return Answer(view)

    def _reset(self, call: Call) -> Answer:
        wanted = RESETS.get(str((call.body or {}).get('ResetType')))
        if wanted is None:
            raise ApiError(400, f'ResetType must be one of {", ".join(RESETS)}.')
        bmc, _ = self._bmc(call)
        bmc.switch(wanted, call.met)
        return Answer(status=204)
