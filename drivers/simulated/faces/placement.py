"""Placement: providers, what they have, and who holds it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from drivers.simulated.errors import ApiError
from drivers.simulated.faces.http import Answer, Call
from drivers.simulated.faces.keystone import Tokens, Versioned
from drivers.simulated.hosts import Host
from drivers.simulated.records import RATIOS
from drivers.simulated.world import World


def _provider(world: World, args: tuple[str, ...]) -> str:
    return next((host.name for host in world.hosts.values() if host.provider == args[0]), '')


class Placement(Versioned):
    """The face of Placement."""

    prefix = '/placement'
    service = 'placement'
    lowest = (1, 0)
    highest = (1, 39)
    open_kinds = ('placement.versions',)

    def __init__(self, tokens: Tokens) -> None:
        super().__init__(tokens)
        self.route('GET', '', 'placement.versions', self._versions)
        one = '/resource_providers/{}'
        self.route('GET', '/resource_providers', 'placement.providers', self._providers)
        self.route('GET', one, 'placement.provider', self._one, _provider)
        self.route('GET', one + '/allocations', 'placement.consumers', self._consumers, _provider)
        self.route('GET', one + '/traits', 'placement.traits', self._traits, _provider)
        self.route('GET', one + '/inventories', 'placement.inventories', self._have, _provider)
        self.route('GET', one + '/usages', 'placement.usages', self._usages, _provider)
        self.route('GET', '/allocations/{}', 'placement.allocations', self._allocations)
        self.route('DELETE', '/allocations/{}', 'placement.free', self._free)
        self.route('GET', '/allocation_candidates', 'placement.candidates', self._candidates)

    def prepare(self, call: Call, kind: str) -> None:
        super().prepare(call, kind)
        if kind not in self.open_kinds:
            self.admin(call, kind)

    def refusal(self, error: ApiError) -> Answer:
        body = {'errors': [{'status': error.status, 'detail': error.message, 'title': 'Error'}]}
        return Answer(body, error.status)

    def _versions(self, call: Call) -> Answer:
        return Answer(
            {
                'versions': [
                    {
                        'id': 'v1.0',
                        'min_version': '{}.{}'.format(*self.lowest),
                        'max_version': '{}.{}'.format(*self.highest),
                        'status': 'CURRENT',
                        'links': [{'rel': 'self', 'href': ''}],
                    }
                ]
            }
        )

    def _host(self, call: Call) -> Host:
        name = _provider(call.world, call.args)
        if not name:
            raise ApiError(404, f'No resource provider with uuid {call.args[0]} found')
        return call.world.hosts[name]

    def _view(self, host: Host) -> dict[str, Any]:
        return {
            'uuid': host.provider,
            'name': host.node,
            'generation': host.boots,
            'parent_provider_uuid': None,
            'root_provider_uuid': host.provider,
            'links': [],
        }

    def _providers(self, call: Call) -> Answer:
        wanted = {name: call.one(name) for name in ('uuid', 'name')}
        views: Iterable[dict[str, Any]] = map(self._view, call.world.hosts.values())
        found = [
            view
            for view in views
            if all(value in (None, view[name]) for name, value in wanted.items())
        ]
        return Answer({'resource_providers': found})

    def _one(self, call: Call) -> Answer:
        return Answer(self._view(self._host(call)))

    def _consumers(self, call: Call) -> Answer:
        host = self._host(call)
        held = {
            consumer: {'resources': amounts, 'consumer_generation': 1}
            for consumer, amounts in call.world.consumers(host.provider).items()
        }
        return Answer({'allocations': held, 'resource_provider_generation': host.boots})

    def _traits(self, call: Call) -> Answer:
        host = self._host(call)
        return Answer({'traits': _traits(host), 'resource_provider_generation': host.boots})

    def _have(self, call: Call) -> Answer:
        host = self._host(call)
        have = {
            name: {
                'total': total,
                'reserved': 0,
                'min_unit': 1,
                'max_unit': total,
                'step_size': 1,
                'allocation_ratio': float(RATIOS[name]),
            }
            for name, total in call.world.inventory(host).items()
        }
        return Answer({'inventories': have, 'resource_provider_generation': host.boots})

    def _usages(self, call: Call) -> Answer:
        host = self._host(call)
        usages = call.world.used(host)
        return Answer({'usages': usages, 'resource_provider_generation': host.boots})

    def _allocations(self, call: Call) -> Answer:
        held = call.world.allocations(call.args[0])
        if not held:
            return Answer({'allocations': {}})
        instance = call.world.instances.get(call.args[0])
        body: dict[str, Any] = {
            'allocations': {
                provider: {'resources': amounts, 'generation': 1}
                for provider, amounts in held.items()
            }
        }
        if call.version >= (1, 12):
            body['project_id'] = instance.project if instance else ''
            body['user_id'] = body['project_id']
            body['consumer_generation'] = 1
        return Answer(body)

    def _free(self, call: Call) -> Answer:
        call.world.release(call.args[0])
        return Answer(status=204)

    def _candidates(self, call: Call) -> Answer:
        world, wanted = call.world, _amounts(call.one('resources'))
        forbidden = {
            name[1:]
            for text in call.query.get('required', [])
            for name in text.split(',')
            if name.startswith('!')
        }
        fit = [
            host
            for host in world.hosts.values()
            if not forbidden & set(_traits(host))
            and all(world.free(host).get(name, 0) >= amount for name, amount in wanted.items())
        ]
        limit = call.number('limit')
        fit = fit if limit is None else fit[:limit]
        return Answer(
            {
                'allocation_requests': [
                    {'allocations': {host.provider: {'resources': wanted}}, 'mappings': {}}
                    for host in fit
                ],
                'provider_summaries': {host.provider: _summary(world, host) for host in fit},
            }
        )


def _traits(host: Host) -> list[str]:
    traits = ['COMPUTE_NODE', 'HW_CPU_X86_SSE2']
    return [*traits, 'COMPUTE_STATUS_DISABLED'] if host.trait_disabled else traits


def _amounts(text: str | None) -> dict[str, int]:
    if not text:
        raise ApiError(400, 'Badly formed resources parameter: it is required')
    amounts: dict[str, int] = {}
    for part in text.split(','):
        name, _, amount = part.partition(':')
        if name not in RATIOS or not amount.isdigit():
            raise ApiError(400, f'Badly formed resources parameter: {part!r}')
        amounts[name] = int(amount)
    return amounts


def _summary(world: World, host: Host) -> dict[str, Any]:
    used = world.used(host)
    return {
        'resources': {
            name: {'capacity': total * RATIOS[name], 'used': used[name]}
            for name, total in world.inventory(host).items()
        },
        'traits': _traits(host),
        'parent_provider_uuid': None,
        'root_provider_uuid': host.provider,
    }
