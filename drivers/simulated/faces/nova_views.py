"""How Nova writes down services, hypervisors, servers and migrations, by microversion."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from drivers.simulated.faces.http import stamp
from drivers.simulated.hosts import Host
from drivers.simulated.instances import STATUS, Instance, Migration
from drivers.simulated.world import World

Version = tuple[int, int]


def service(world: World, host: Host, version: Version) -> dict[str, Any]:
    """One nova-compute service; in a hung cell no more than its name (H2)."""
    if world.cell_hangs:
        return {'binary': 'nova-compute', 'host': host.name, 'status': 'UNKNOWN'}
    seen = world.agents.last_report(host)
    changed = seen if host.flags_changed is None else max(seen, host.flags_changed)
    view: dict[str, Any] = {
        'id': host.service_id if version >= (2, 53) else list(world.hosts).index(host.name) + 1,
        'binary': 'nova-compute',
        'host': host.name,
        'zone': host.zone,
        'status': 'enabled' if host.enabled else 'disabled',
        'state': 'up' if world.agents.up(host) else 'down',
        'updated_at': stamp(world.wall(changed) - world.api_step, '.000000'),
        'disabled_reason': host.disabled_reason,
    }
    if version >= (2, 11):
        view['forced_down'] = host.forced_down
    return view


def controller(world: World, binary: str, version: Version) -> dict[str, Any]:
    """A service of the control plane, which always works here."""
    view: dict[str, Any] = {
        'id': binary,
        'binary': binary,
        'host': 'controller',
        'zone': 'internal',
        'status': 'enabled',
        'state': 'up',
        'updated_at': stamp(world.wall(), '.000000'),
        'disabled_reason': None,
    }
    if version >= (2, 11):
        view['forced_down'] = False
    return view


def hypervisors(world: World, host: Host, version: Version) -> list[dict[str, Any]]:
    """The compute nodes of a host: one, but for those of a kind that cannot be evacuated."""
    used = world.used(host)
    views = []
    for number in range(host.hypervisors):
        view: dict[str, Any] = {
            'id': host.provider if not number else f'{host.provider[:-4]}{number:04d}',
            'hypervisor_hostname': host.node if not number else f'{host.node}-{number}',
            'hypervisor_type': host.hypervisor_type,
            'hypervisor_version': 8_002_000,
            'host_ip': '192.0.2.1',
            'state': 'up' if world.agents.up(host) else 'down',
            'status': 'enabled' if host.enabled else 'disabled',
            'service': {
                'id': host.service_id,
                'host': host.name,
                'disabled_reason': host.disabled_reason,
            },
        }
        if version < (2, 88):
            view |= {
                'vcpus': host.vcpus,
                'vcpus_used': used['VCPU'],
                'memory_mb': host.ram_mb,
                'memory_mb_used': used['MEMORY_MB'],
                'free_ram_mb': host.ram_mb - used['MEMORY_MB'],
                'local_gb': host.disk_gb,
                'local_gb_used': used['DISK_GB'],
                'free_disk_gb': host.disk_gb - used['DISK_GB'],
                'disk_available_least': host.disk_gb,
                'current_workload': 0,
                'running_vms': len(list(world.instances_on(host.name))),
                'cpu_info': {},
            }
        views.append(view)
    return views


def aggregates(world: World, version: Version) -> list[dict[str, Any]]:
    """Every host aggregate."""
    views = []
    for number, (name, hosts) in enumerate(world.aggregates.items(), 1):
        view: dict[str, Any] = {
            'id': number,
            'name': name,
            'hosts': list(hosts),
            'availability_zone': None,
            'metadata': {},
            'deleted': False,
            'created_at': stamp(world.wall(0.0), '.000000'),
            'updated_at': None,
            'deleted_at': None,
        }
        if version >= (2, 41):
            view['uuid'] = str(uuid.uuid5(uuid.NAMESPACE_DNS, name))
        views.append(view)
    return views


def server(
    world: World, instance: Instance, version: Version, base: str, admin: bool
) -> dict[str, Any]:
    """One server in detail."""
    host = world.hosts.get(instance.host or '')
    view: dict[str, Any] = {
        'id': instance.id,
        'name': instance.name,
        'status': _status(instance),
        'tenant_id': instance.project,
        'user_id': instance.project,
        'metadata': instance.metadata,
        'hostId': _digest(instance),
        'image': '' if instance.boot_from_volume else _image(instance, version),
        'flavor': _flavor(instance, version),
        'created': stamp(instance.created),
        'updated': stamp(instance.updated),
        'addresses': {},
        'accessIPv4': '',
        'accessIPv6': '',
        'links': [{'rel': 'self', 'href': f'{base}/servers/{instance.id}'}],
        'OS-DCF:diskConfig': 'AUTO',
        'OS-EXT-AZ:availability_zone': instance.zone or (host.zone if host else ''),
        'config_drive': '',
        'key_name': None,
        'progress': 0,
        'OS-SRV-USG:launched_at': stamp(instance.launched or instance.created, '.000000'),
        'OS-SRV-USG:terminated_at': None,
        'OS-EXT-STS:vm_state': instance.vm_state,
        'OS-EXT-STS:task_state': instance.task_state,
        'OS-EXT-STS:power_state': instance.power_state,
        'os-extended-volumes:volumes_attached': [],
    }
    if instance.boot_from_volume:
        view['os-extended-volumes:volumes_attached'] = [_volume(instance)]
    if instance.fault and instance.vm_state == 'error':
        view['fault'] = {'code': 500, 'message': instance.fault, 'created': view['updated']}
    view |= {'locked': instance.locked} if version >= (2, 9) else {}
    view |= {'tags': list(instance.tags)} if version >= (2, 26) else {}
    return view | (_for_admin(world, instance, version) if admin else {})


def _volume(instance: Instance) -> dict[str, Any]:
    return {'id': f'{instance.id[:-4]}0000', 'delete_on_termination': False}


def _for_admin(world: World, instance: Instance, version: Version) -> dict[str, Any]:
    host = world.hosts.get(instance.host or '')
    view: dict[str, Any] = {
        'OS-EXT-SRV-ATTR:host': instance.host,
        'OS-EXT-SRV-ATTR:instance_name': f'instance-{instance.id[:8]}',
        'OS-EXT-SRV-ATTR:hypervisor_hostname': host.node if host else None,
    }
    if version >= (2, 16):
        view['host_status'] = _host_status(world, host)
    return view


def _status(instance: Instance) -> str:
    if instance.task_state in ('rebuilding', 'rebuild_spawning') and instance.vm_state != 'error':
        return 'REBUILD'
    return STATUS[instance.vm_state]


def _digest(instance: Instance) -> str:
    return hashlib.sha224(f'{instance.project}{instance.host}'.encode()).hexdigest()


def _host_status(world: World, host: Host | None) -> str:
    if host is None:
        return ''
    if world.agents.up(host):
        return 'UP' if host.enabled else 'MAINTENANCE'
    return 'DOWN' if host.forced_down or not host.enabled else 'UNKNOWN'


def _image(instance: Instance, version: Version) -> dict[str, Any]:
    view: dict[str, Any] = {'id': instance.image, 'links': []}
    return view | {'properties': instance.image_properties} if version >= (2, 98) else view


def _flavor(instance: Instance, version: Version) -> dict[str, Any]:
    flavor = instance.flavor
    if version < (2, 47):
        return {'id': flavor.name, 'links': []}
    return {
        'original_name': flavor.name,
        'vcpus': flavor.vcpus,
        'ram': flavor.ram_mb,
        'disk': flavor.disk_gb,
        'ephemeral': flavor.ephemeral_gb,
        'swap': flavor.swap_mb,
        'extra_specs': dict(flavor.specs),
    }


def migration(world: World, record: Migration, version: Version, base: str) -> dict[str, Any]:
    """One migration record."""
    source = world.hosts.get(record.source)
    destination = world.hosts.get(record.destination or '')
    view: dict[str, Any] = {
        'id': record.id,
        'instance_uuid': record.instance,
        'source_compute': record.source,
        'source_node': source.node if source else record.source,
        'dest_compute': record.destination,
        'dest_node': destination.node if destination else None,
        'dest_host': None,
        'status': record.status,
        'created_at': stamp(record.created, '.000000'),
        'updated_at': stamp(record.updated, '.000000'),
        'old_instance_type_id': 1,
        'new_instance_type_id': 1,
    }
    if version >= (2, 23):
        view['migration_type'] = record.type
        view['links'] = []
    if version >= (2, 59):
        view['uuid'] = record.uuid
    if version >= (2, 80):
        view['project_id'] = view['user_id'] = record.project
    return view
