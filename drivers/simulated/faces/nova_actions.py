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
        if 'stuck' not in call.met:
            _switch(world, instance, start='os-start' in body)
    return Answer(status=202)


def _switch(world: World, instance: Instance, *, start: bool) -> None:
    host = world.hosts.get(instance.host or '')
    if instance.vm_state not in (('stopped',) if start else ('active', 'error')):
        raise ApiError(409, f'Cannot start or stop it while it is {instance.vm_state}.')
    if instance.task_state:
        raise ApiError(409, f'Cannot start or stop it while it is {instance.task_state}.')
    if host is None or not world.agents.up(host):
        raise ApiError(409, f'Service is unavailable at this time: {instance.host}')
    task = 'powering-on' if start else 'powering-off'
    world.update(instance, task_state=task)
    word = 'start' if start else 'stop'
    world.note(f'instance.{word}', instance.id, host=host.name, powered=host.powered)

    def done() -> None:
        # Whoever died, or took the instance away meanwhile, leaves the task as it is.
        if host.answers and instance.host == host.name and instance.task_state == task:
            world.set_guest(host, instance.id, 'running' if start else 'shutdown')
            world.update(instance, vm_state='active' if start else 'stopped', task_state=None)

    world.schedule(world.settings.switch_seconds, done)


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


def set_aggregate(call: Call) -> Answer:
    """Put a host into an aggregate, or take it out."""
    world = call.world
    body = call.body if isinstance(call.body, dict) else {}
    names = dict(enumerate(world.aggregates, 1))
    name = names.get(int(call.args[0])) if call.args[0].isdigit() else None
    if name is None:
        raise ApiError(404, f'Aggregate {call.args[0]} could not be found.')
    if len(body) != 1 or next(iter(body)) not in ('add_host', 'remove_host'):
        raise ApiError(400, 'One action is expected, add_host or remove_host.')
    how, wanted = next(iter(body.items()))
    host, inside = str(wanted.get('host')), world.aggregates[name]
    if host not in world.hosts:
        raise ApiError(404, f'Compute host {host} could not be found.')
    if how == 'add_host' and host in inside:
        raise ApiError(409, f'Host {host} already member of another availability zone or this.')
    if how == 'remove_host' and host not in inside:
        raise ApiError(404, f'Aggregate {call.args[0]} has no host {host}.')
    others = tuple(one for one in inside if one != host)
    world.aggregates[name] = (*others, host) if how == 'add_host' else others
    world.note(f'aggregate.{how.removesuffix("_host")}', host, aggregate=name)
    return Answer({'aggregate': {'id': int(call.args[0]), 'hosts': list(world.aggregates[name])}})
