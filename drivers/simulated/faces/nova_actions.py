"""What can be asked of a server: to be evacuated, above all."""

from __future__ import annotations

from typing import Any

from drivers.simulated.errors import ApiError
from drivers.simulated.faces.http import Answer, Call
from drivers.simulated.instances import Instance
from drivers.simulated.world import World

ACTIONS = ('evacuate', 'os-stop', 'os-start', 'lock', 'unlock', 'os-resetState')


def act(call: Call, instance: Instance) -> Answer:
    """Carry out the one action that the body names."""
    world = call.world
    body = call.body if isinstance(call.body, dict) else {}
    if len(body) != 1 or next(iter(body)) not in ACTIONS:
        raise ApiError(400, f'One action is expected, one of {", ".join(ACTIONS)}.')
    if 'evacuate' in body:
        return _evacuate(call, instance, body['evacuate'] or {})
    if 'os-resetState' in body:
        state = (body['os-resetState'] or {}).get('state', 'error')
        world.update(instance, vm_state=state, task_state=None)
        still = world.rebuilds.open(instance)
        world.note('instance.reset-state', instance.id, state=state, open=still)
    elif 'lock' in body or 'unlock' in body:
        world.update(instance, locked='lock' in body)
    else:
        _switch(world, instance, start='os-start' in body)
    return Answer(status=202)


def _switch(world: World, instance: Instance, *, start: bool) -> None:
    host = world.hosts.get(instance.host or '')
    if instance.vm_state != ('stopped' if start else 'active') or instance.task_state:
        raise ApiError(409, f'Cannot start or stop it while it is {instance.vm_state}.')
    if host is None or not world.agents.up(host):
        raise ApiError(409, f'Service is unavailable at this time: {instance.host}')
    if host.answers:
        world.set_guest(host, instance.id, 'running' if start else 'shutdown')
        world.update(instance, vm_state='active' if start else 'stopped')


def _evacuate(call: Call, instance: Instance, wanted: dict[str, Any]) -> Answer:
    known = {'host', 'adminPass'}
    if call.version < (2, 14):
        known.add('onSharedStorage')
        if 'onSharedStorage' not in wanted:
            raise ApiError(400, "'onSharedStorage' is a required property")
    if (2, 29) <= call.version < (2, 68):
        known.add('force')
    for name in set(wanted) - known:
        raise ApiError(400, f"Additional properties are not allowed ('{name}' was unexpected)")
    host = wanted.get('host')
    call.world.rebuilds.accept(
        instance,
        target=host,
        forced=host is not None and (call.version < (2, 29) or bool(wanted.get('force'))),
        keep_stopped=call.version >= (2, 95),
        stuck='stuck' in call.met,
    )
    return Answer({'adminPass': 'simulated-admin-pass'})
