"""From the JSON of Nova and Placement to the contract's records.

A missing field raises KeyError and the like; the driver says what that means.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from drivers.contracts.compute import Aggregate, Capacity, Hypervisor, Instance, Migration, Service

Json = Mapping[str, Any]


def seconds(text: str | None) -> float | None:
    """Seconds since 1970 of a timestamp of OpenStack, which is UTC even when it does not say so."""
    if text is None:
        return None
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def text(at: float) -> str:
    """The timestamp that Nova takes as a filter; rounded down, so that nothing is missed."""
    return datetime.fromtimestamp(math.floor(at), UTC).strftime('%Y-%m-%dT%H:%M:%SZ')


def service(record: Json) -> Service:
    if record['status'] == 'UNKNOWN':  # its cell did not answer: Nova knows the name, no more
        return Service(
            id=record.get('id', ''),
            host=record['host'],
            enabled=False,
            state='unknown',
            forced_down=False,
            disabled_reason=None,
            updated_at=None,
        )
    return Service(
        id=record['id'],
        host=record['host'],
        enabled=record['status'] == 'enabled',
        state=record['state'],
        forced_down=record['forced_down'],
        disabled_reason=record['disabled_reason'],
        updated_at=seconds(record['updated_at']),
        zone=record.get('zone'),
    )


def hypervisor(record: Json) -> Hypervisor:
    return Hypervisor(
        id=record['id'],
        hostname=record['hypervisor_hostname'],
        host=record['service']['host'],
        type=record['hypervisor_type'],
        state=record['state'],
    )


def aggregate(record: Json) -> Aggregate:
    return Aggregate(record['name'], frozenset(record['hosts']), str(record['id']))


def instance(record: Json) -> Instance:
    flavor = record['flavor']
    ephemeral = flavor['ephemeral']
    return Instance(
        id=record['id'],
        name=record['name'],
        host=record['OS-EXT-SRV-ATTR:host'],
        vm_state=record['OS-EXT-STS:vm_state'],
        task_state=record['OS-EXT-STS:task_state'],
        power_state=record['OS-EXT-STS:power_state'],
        locked=record['locked'],
        metadata=record['metadata'],
        vcpus=flavor['vcpus'],
        ram_mb=flavor['ram'],
        disk_gb=flavor['disk'] + ephemeral,
        boot_from_volume=not record['image'],
        ephemeral_disk=bool(ephemeral or flavor['swap']),
        project=record['tenant_id'],
        zone=record['OS-EXT-AZ:availability_zone'] or None,
        tags=frozenset(record.get('tags', ())),
        flavor=flavor.get('original_name', ''),
        flavor_specs=flavor.get('extra_specs', {}),  # kept back from who may not see them
        image=record['image']['id'] if record['image'] else None,
    )


def image_properties(record: Json) -> tuple[str, Mapping[str, str]]:
    """An instance's id and the properties of its image, as of 2.98."""
    image = record['image']
    return record['id'], dict(image['properties']) if image else {}


def migration(record: Json) -> Migration:
    created = seconds(record['created_at'])
    if created is None:
        raise ValueError('a migration record without created_at')
    return Migration(
        id=record['id'],
        uuid=record['uuid'],
        instance=record['instance_uuid'],
        type=record['migration_type'],
        status=record['status'],
        source=record['source_compute'],
        destination=record['dest_compute'],
        created_at=created,
        updated_at=seconds(record['updated_at']),
    )


def capacity(host: str, provider: str, summary: Json) -> Capacity:
    resources: Mapping[str, Json] = summary['resources']
    return Capacity(
        host=host,
        provider=provider,
        free_vcpus=_free(resources, 'VCPU', absent=0) + _free(resources, 'PCPU', absent=0),
        free_ram_mb=_free(resources, 'MEMORY_MB', absent=0),
        # No disk of its own: its instances live on storage that is accounted for elsewhere.
        free_disk_gb=_free(resources, 'DISK_GB', absent=math.inf),
        traits=frozenset(summary['traits']),
    )


def _free(resources: Mapping[str, Json], kind: str, *, absent: float) -> float:
    if kind not in resources:
        return absent
    return float(resources[kind]['capacity'] - resources[kind]['used'])
