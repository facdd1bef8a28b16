"""Compute through Nova and Placement, by openstacksdk's connection.

Answers are read as raw JSON: building the SDK's resource objects costs more time than the
request. Each call names the highest microversion at which its answer is known, and takes the
nearest below it that the cloud speaks (the oldest supported is Rocky; what a missing one costs is
said by :meth:`NovaCompute.check_access`).
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from drivers.clock import SystemClock
from drivers.compute import images, placement, records
from drivers.compute.api import Api, Versions, written
from drivers.compute.http import Cloud, Deadline, Mount
from drivers.compute.shared import Shared
from drivers.contracts.clock import Clock
from drivers.contracts.compute import (
    Aggregate,
    Capacity,
    ComputeDriver,
    Hypervisor,
    Instance,
    Migration,
    Service,
)
from drivers.contracts.errors import Refused

SERVICES: Versions = ((2, 53), (2, 69))  # from 2.69 a hung cell's services are listed as unknown
SET_SERVICE: Versions = ((2, 53), (2, 69))
HYPERVISORS: Versions = ((2, 53), (2, 87))  # from 2.88 the API asks every agent for its uptime
AGGREGATES: Versions = ((2, 1), (2, 41))  # one list, not paged; later ones change requests
# From 2.69 an instance in a hung cell is answered with half a record; below that it is an error.
SERVERS: Versions = ((2, 47), (2, 68))
MIGRATIONS: Versions = ((2, 59), (2, 80))
EVACUATE: Versions = ((2, 29), (2, 94))  # a running instance comes back running
SWITCH: Versions = ((2, 1), (2, 94))  # to stop and to start take no parameter in any of them
EVACUATE_STOPPED: Versions = ((2, 95), (2, 95))  # a running instance comes back stopped

FIRST_LOOK = '100'  #: migration records asked for when only recent ones are wanted


#: What a Nova that is too old for it costs.
COSTS = (
    ((2, 69), 'below 2.69 the services of a cell that hangs are not listed as unknown'),
    ((2, 95), 'below 2.95 no running instance can be left stopped after its evacuation'),
    (images.VERSIONS[0], 'below 2.98 no exclusion can look at properties of an image'),
)


class NovaCompute(ComputeDriver):
    """One region of a cloud that clouds.yaml describes."""

    def __init__(
        self,
        *,
        cloud: str | None = None,
        region: str | None = None,
        interface: str | None = None,
        client_config_file: str | None = None,
        pool_size: int = 32,
        clock: Clock | None = None,
        mount: Mount | None = None,
    ) -> None:
        """Read clouds.yaml; nothing is asked of the cloud before the first call.

        :param client_config_file: path of clouds.yaml; None: where openstacksdk looks for it.
        :param pool_size: connections kept open to each service; more at once open new ones.
        :param mount: is given the requests session, to mount a transport of its own on it.
        :raises Refused: clouds.yaml does not describe that cloud.
        """
        self._clock = clock or SystemClock()
        connected = Cloud(
            cloud=cloud,
            region=region,
            interface=interface,
            client_config_file=client_config_file,
            pool_size=pool_size,
            mount=mount,
        )
        self._nova = Api(connected, 'compute')
        self._placement = Api(connected, 'placement')
        self._changed = Shared(
            self._clock,
            lambda since, deadline: self._servers({'changes-since': records.text(since)}, deadline),
        )

    def services(self, *, timeout: float) -> tuple[Service, ...]:
        return self._nova.get(
            '/os-services?binary=nova-compute',
            SERVICES,
            Deadline(self._clock, timeout),
            lambda body: tuple(map(records.service, body['services'])),
        )

    def hypervisors(self, *, timeout: float) -> tuple[Hypervisor, ...]:
        return self._hypervisors(Deadline(self._clock, timeout))

    def aggregates(self, *, timeout: float) -> tuple[Aggregate, ...]:
        return self._nova.get(
            '/os-aggregates',
            AGGREGATES,
            Deadline(self._clock, timeout),
            lambda body: tuple(map(records.aggregate, body['aggregates'])),
        )

    def instances(self, *, host: str, timeout: float) -> tuple[Instance, ...]:
        return self._servers({'host': host}, Deadline(self._clock, timeout))

    def image_properties(
        self, *, host: str, timeout: float
    ) -> Mapping[str, Mapping[str, str]] | None:
        return images.of_host(self._nova, host, Deadline(self._clock, timeout))

    def instances_changed(self, *, since: float, timeout: float) -> tuple[Instance, ...]:
        return self._changed.ask(since, Deadline(self._clock, timeout))

    def instance(self, instance_id: str, *, timeout: float) -> Instance:
        return self._nova.get(
            f'/servers/{quote(instance_id, safe="")}',
            SERVERS,
            Deadline(self._clock, timeout),
            lambda body: records.instance(body['server']),
        )

    def migrations(
        self,
        *,
        host: str | None = None,
        instance: str | None = None,
        since: float | None = None,
        timeout: float,
    ) -> tuple[Migration, ...]:
        deadline = Deadline(self._clock, timeout)
        asked = {'host': host, 'instance_uuid': instance}
        query = {key: value for key, value in asked.items() if value is not None}
        if since is None:
            found = self._migrations(query, deadline)
        else:
            found = self._recent_migrations(query, since, deadline)
        return tuple(sorted(found, key=lambda one: (one.created_at, one.id), reverse=True))

    def consumers(self, provider: str, *, timeout: float) -> frozenset[str]:
        return placement.consumers(self._placement, provider, Deadline(self._clock, timeout))

    def traits(self, provider: str, *, timeout: float) -> frozenset[str]:
        return placement.traits(self._placement, provider, Deadline(self._clock, timeout))

    def capacities(self, *, timeout: float) -> tuple[Capacity, ...]:
        deadline = Deadline(self._clock, timeout)
        hosts = {node.id: node.host for node in self._hypervisors(deadline)}
        return placement.capacities(self._placement, hosts, deadline)

    def set_service(
        self,
        service_id: str,
        *,
        enabled: bool | None = None,
        disabled_reason: str | None = None,
        forced_down: bool | None = None,
        timeout: float,
    ) -> None:
        flags: dict[str, object] = {}
        if enabled is not None:
            flags['status'] = 'enabled' if enabled else 'disabled'
        if disabled_reason is not None:
            flags['disabled_reason'] = disabled_reason
        if forced_down is not None:
            flags['forced_down'] = forced_down
        if not flags:
            raise Refused('set_service was given no flag to change')
        self._nova.call(
            'PUT',
            f'/os-services/{quote(service_id, safe="")}',
            SET_SERVICE,
            Deadline(self._clock, timeout),
            body=flags,
        )

    def add_to_aggregate(self, aggregate_id: str, host: str, *, timeout: float) -> None:
        self._change_aggregate(aggregate_id, 'add_host', host, timeout)

    def remove_from_aggregate(self, aggregate_id: str, host: str, *, timeout: float) -> None:
        self._change_aggregate(aggregate_id, 'remove_host', host, timeout)

    def _change_aggregate(self, aggregate_id: str, how: str, host: str, timeout: float) -> None:
        self._nova.call(
            'POST',
            f'/os-aggregates/{quote(aggregate_id, safe="")}/action',
            AGGREGATES,
            Deadline(self._clock, timeout),
            body={how: {'host': host}},
        )

    def evacuate(
        self, instance_id: str, *, target: str | None, keep_stopped: bool, timeout: float
    ) -> str | None:
        body = {'evacuate': {} if target is None else {'host': target}}
        versions = EVACUATE_STOPPED if keep_stopped else EVACUATE
        return self._act(instance_id, body, versions, timeout)

    def reset_to_active(self, instance_id: str, *, timeout: float) -> None:
        self._act(instance_id, {'os-resetState': {'state': 'active'}}, EVACUATE, timeout)

    def stop_instance(self, instance_id: str, *, timeout: float) -> str | None:
        return self._act(instance_id, {'os-stop': None}, SWITCH, timeout)

    def start_instance(self, instance_id: str, *, timeout: float) -> str | None:
        return self._act(instance_id, {'os-start': None}, SWITCH, timeout)

    def check_access(self, *, timeout: float) -> str:
        deadline = Deadline(self._clock, timeout)
        said = []
        for api in (self._nova, self._placement):
            lowest, highest = api.spoken(deadline)
            said.append(f'{api.name} speaks {written(lowest)} to {written(highest)}')
        # Three questions that only an administrator's role is answered.
        self._nova.call('GET', '/os-services?binary=nova-compute', SERVICES, deadline)
        self._nova.call('GET', '/servers/detail?all_tenants=1&limit=1', SERVERS, deadline)
        placement.check(self._placement, deadline)
        missing = [words for least, words in COSTS if self._nova.spoken(deadline)[1] < least]
        return '; '.join([*said, *missing, 'our role may list services, instances and allocations'])

    def _act(
        self, instance_id: str, body: Mapping[str, object], versions: Versions, timeout: float
    ) -> str | None:
        answer = self._nova.call(
            'POST',
            f'/servers/{quote(instance_id, safe="")}/action',
            versions,
            Deadline(self._clock, timeout),
            body=body,
        )
        return answer.request_id

    def _hypervisors(self, deadline: Deadline) -> tuple[Hypervisor, ...]:
        return tuple(
            self._nova.pages(
                '/os-hypervisors/detail',
                {},
                HYPERVISORS,
                deadline,
                records.hypervisor,
                lambda node: node.id,
            )
        )

    def _servers(self, filters: dict[str, str], deadline: Deadline) -> tuple[Instance, ...]:
        return tuple(
            self._nova.pages(
                '/servers/detail',
                {'all_tenants': '1', **filters},
                SERVERS,
                deadline,
                records.instance,
                lambda instance: instance.id,
            )
        )

    def _migrations(self, query: dict[str, str], deadline: Deadline) -> list[Migration]:
        return list(
            self._nova.pages(
                '/os-migrations',
                query,
                MIGRATIONS,
                deadline,
                records.migration,
                lambda migration: migration.uuid,
            )
        )

    def _recent_migrations(
        self, query: dict[str, str], since: float, deadline: Deadline
    ) -> list[Migration]:
        # Nova's changes-since leaves out a record that was made but never changed: it has no
        # updated_at. So the newest are read without it, and it is asked only for older ones.
        since = float(int(since))
        recent: dict[int, Migration] = {}
        look = {**query, 'limit': FIRST_LOOK}
        while True:
            page, more = self._nova.page(
                '/os-migrations', look, MIGRATIONS, deadline, records.migration
            )
            recent.update((one.id, one) for one in page if _changed(one) >= since)
            if not more:
                return list(recent.values())
            if page[-1].created_at < since:
                break
            look = {**look, 'marker': page[-1].uuid}
        older = self._migrations({**query, 'changes-since': records.text(since)}, deadline)
        return list((recent | {one.id: one for one in older}).values())


def _changed(migration: Migration) -> float:
    return max(migration.created_at, migration.updated_at or 0.0)
