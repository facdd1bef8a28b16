"""MAAS: a machine for each host, whose ``system_id`` is the host's name."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from drivers.simulated.bmc import Bmc
from drivers.simulated.errors import ApiError, Silent
from drivers.simulated.faces.http import Answer, Call, Face
from drivers.simulated.faces.redfish import system_host
from drivers.simulated.hosts import Host

API_KEY = 'a-consumer:a-token:simulated'  #: of the only user
SKEW_SECONDS = 300  #: how wrong a client's clock may be, as in MAAS
PAIR = re.compile(r'\s*(\w+)="([^"]*)"\s*')
STATES = ('on', 'off')
OPERATIONS = {'power_on': 'on', 'power_off': 'off'}


def _asked(call: Call) -> str:
    return 'bmc.power-state' if call.one('op') == 'query_power_state' else 'bmc.identity'


def _switched(call: Call) -> str:
    return f'bmc.power-{OPERATIONS.get(str(call.one("op")), "reset")}'


class Maas(Face):
    """The face of MAAS. Requests about one machine have the kinds that its BMC has: 'bmc.*'."""

    prefix = '/MAAS'

    def __init__(self) -> None:
        super().__init__()
        self._nonces: set[str] = set()
        self.route('GET', '/api/2.0/machines/{}', _asked, self._read, system_host)
        self.route('POST', '/api/2.0/machines/{}', _switched, self._switch, system_host)

    def prepare(self, call: Call, kind: str) -> None:
        scheme, _, rest = call.headers.get('authorization', '').partition(' ')
        given = {name: unquote(value) for name, value in PAIR.findall(rest)}
        consumer, token, secret = API_KEY.split(':')
        wanted = {
            'oauth_version': '1.0',
            'oauth_signature_method': 'PLAINTEXT',
            'oauth_consumer_key': consumer,
            'oauth_token': token,
            'oauth_signature': f'&{secret}',
        }
        if scheme != 'OAuth' or any(given.get(name) != value for name, value in wanted.items()):
            raise ApiError(401, 'Authorization Error: Invalid API key.')
        stamp, nonce = given.get('oauth_timestamp', ''), given.get('oauth_nonce', '')
        if not stamp.isdigit() or abs(int(stamp) - call.world.wall()) > SKEW_SECONDS:
            raise ApiError(401, "Authorization Error: 'Expired timestamp'")
        if not nonce or nonce in self._nonces:
            raise ApiError(401, "Authorization Error: 'Nonce already used'")
        self._nonces.add(nonce)

    def refusal(self, error: ApiError) -> Answer:
        text = {'Content-Type': 'text/plain; charset=utf-8'}
        return Answer(error.message.encode(), error.status, text)

    def _bmc(self, call: Call) -> tuple[Bmc, Host]:
        name = system_host(call.world, call.args)
        if not name:
            raise ApiError(404, 'No Machine matches the given query.')
        return Bmc(call.world, name), call.world.hosts[name]

    def _read(self, call: Call) -> Answer:
        bmc, host = self._bmc(call)
        if call.one('op') is None:
            return Answer(self._view(host))
        if call.one('op') != 'query_power_state':
            raise ApiError(400, f'Unrecognised signature: method=GET op={call.one("op")}')
        try:
            state = bmc.state(call.met)
        except Silent:
            state = 'error'
        return Answer({'state': state if state in STATES else 'unknown'})

    def _switch(self, call: Call) -> Answer:
        wanted = OPERATIONS.get(str(call.one('op')))
        if wanted is None:
            raise ApiError(400, f'Unrecognised signature: method=POST op={call.one("op")}')
        form = call.body if isinstance(call.body, dict) else {}
        if form.get('stop_mode', 'hard') != 'hard':
            raise ApiError(400, 'Only a hard power off is served.')
        bmc, host = self._bmc(call)
        try:
            bmc.switch(wanted, call.met)
        except Silent as error:
            raise ApiError(503, 'Unable to reach the BMC of the machine.') from error
        return Answer(self._view(host))

    def _view(self, host: Host) -> dict[str, Any]:
        return {
            'system_id': host.name,
            'hostname': host.name,
            'hardware_uuid': host.provider,
            'power_type': 'redfish',
            'power_state': 'unknown',  # what MAAS last saw; nobody should go by it
            'status_name': 'Deployed',
        }
