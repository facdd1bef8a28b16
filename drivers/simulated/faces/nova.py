"""Nova: services, hypervisors, servers, migrations, and evacuate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from drivers.simulated.errors import ApiError
from drivers.simulated.faces import nova_actions as actions
from drivers.simulated.faces import nova_views as views
from drivers.simulated.faces.http import Answer, Call, moment, page
from drivers.simulated.faces.keystone import Tokens, Versioned
from drivers.simulated.hosts import Host
from drivers.simulated.instances import Instance, Migration
from drivers.simulated.world import World


def _service_host(world: World, args: tuple[str, ...]) -> str:
    return next((host.name for host in world.hosts.values() if host.service_id == args[0]), '')


def _server_host(world: World, args: tuple[str, ...]) -> str:
    instance = world.instances.get(args[0])
    return (instance.host or '') if instance else ''


def _action_of(call: Call) -> str:
    if isinstance(call.body, dict) and 'evacuate' in call.body:
        return 'nova.evacuate'
    return 'nova.action'


class Nova(Versioned):
    """The face of Nova."""

    prefix = '/compute'
    service = 'compute'
    open_kinds = ('nova.versions',)
    admin_kinds = (
        'nova.services',
        'nova.set-service',
        'nova.hypervisors',
        'nova.aggregates',
        'nova.set-aggregate',
        'nova.evacuate',
        'nova.migrations',
    )

    def __init__(self, tokens: Tokens) -> None:
        super().__init__(tokens)
        self.route('GET', '', 'nova.versions', self._versions)
        self.route('GET', '/v2.1', 'nova.versions', self._version)
        self.route('GET', '/v2.1/os-services', 'nova.services', self._services)
        self.route(
            'PUT', '/v2.1/os-services/(?:enable|disable|disable-log-reason|force-down)',
            'nova.set-service', self._set_by_name,
        )  # fmt: skip
        self.route(
            'PUT', '/v2.1/os-services/{}', 'nova.set-service', self._set_service, _service_host
        )
        self.route('GET', '/v2.1/os-hypervisors/detail', 'nova.hypervisors', self._hypervisors)
        self.route('GET', '/v2.1/os-hypervisors', 'nova.hypervisors', self._hypervisors)
        self.route('GET', '/v2.1/os-aggregates', 'nova.aggregates', self._aggregates)
        self.route(
            'POST', '/v2.1/os-aggregates/{}/action', 'nova.set-aggregate', self._set_aggregate
        )
        self.route('GET', '/v2.1/servers/detail', 'nova.servers', self._servers)
        self.route('GET', '/v2.1/servers', 'nova.servers', self._servers)
        self.route('GET', '/v2.1/servers/{}', 'nova.server', self._server, _server_host)
        self.route('DELETE', '/v2.1/servers/{}', 'nova.delete', self._delete, _server_host)
        self.route('POST', '/v2.1/servers/{}/action', _action_of, self._action, _server_host)
        self.route('GET', '/v2.1/os-migrations', 'nova.migrations', self._migrations)

    def prepare(self, call: Call, kind: str) -> None:
        super().prepare(call, kind)
        if kind in self.admin_kinds:
            self.admin(call, kind)

    def finish(self, call: Call, answer: Answer, number: int) -> None:
        super().finish(call, answer, number)
        answer.headers['x-compute-request-id'] = answer.headers['x-openstack-request-id']
        if call.version > (0, 0):
            answer.headers['X-OpenStack-Nova-API-Version'] = '{}.{}'.format(*call.version)

    def refusal(self, error: ApiError) -> Answer:
        names = {400: 'badRequest', 401: 'unauthorized', 403: 'forbidden', 404: 'itemNotFound'}
        names |= {406: 'computeFault', 409: 'conflictingRequest'}
        name = names.get(error.status, 'computeFault')
        return Answer({name: {'code': error.status, 'message': error.message}}, error.status)

    # -- versions ----------------------------------------------------------------------------

    def _document(self, call: Call) -> dict[str, Any]:
        return {
            'id': 'v2.1',
            'status': 'CURRENT',
            'version': '{}.{}'.format(*self.highest),
            'min_version': '{}.{}'.format(*self.lowest),
            'updated': '2013-07-23T11:33:21Z',
            'links': [{'rel': 'self', 'href': f'{call.base}/v2.1/'}],
        }

    def _versions(self, call: Call) -> Answer:
        return Answer({'versions': [self._document(call)]})

    def _version(self, call: Call) -> Answer:
        return Answer({'version': self._document(call)})

    # -- services ----------------------------------------------------------------------------

    def _services(self, call: Call) -> Answer:
        world, wanted = call.world, call.one('host')
        found: list[dict[str, Any]] = []
        if call.one('binary') in (None, 'nova-compute') and not (
            world.cell_hangs and call.version < (2, 69)
        ):
            found += [
                views.service(world, host, call.version)
                for host in world.hosts.values()
                if wanted in (None, host.name)
            ]
        for binary in ('nova-conductor', 'nova-scheduler'):
            if call.one('binary') in (None, binary) and wanted in (None, 'controller'):
                found.append(views.controller(world, binary, call.version))
        return Answer({'services': found})

    def _set_service(self, call: Call) -> Answer:
        if call.version < (2, 53):
            raise ApiError(404, f'{call.path} is not served below 2.53')
        name = _service_host(call.world, call.args)
        if not name:
            raise ApiError(404, f'Service {call.args[0]} could not be found.')
        body = call.body if isinstance(call.body, dict) else {}
        status, reason = body.get('status'), body.get('disabled_reason')
        unknown = set(body) - {'status', 'disabled_reason', 'forced_down'}
        if not body or unknown or status not in (None, 'enabled', 'disabled'):
            raise ApiError(400, 'Specify "status" or "forced_down", and nothing unknown.')
        if reason is not None and status != 'disabled':
            raise ApiError(400, '"disabled_reason" goes with "status": "disabled" only.')
        enabled = None if status is None else status == 'enabled'
        return self._set(call, call.world.hosts[name], enabled, reason, body.get('forced_down'))

    def _set_by_name(self, call: Call) -> Answer:
        if call.version >= (2, 53):
            raise ApiError(404, f'{call.path} is not served from 2.53')
        body = call.body if isinstance(call.body, dict) else {}
        host = call.world.hosts.get(str(body.get('host')))
        if host is None:
            raise ApiError(404, f'Host {body.get("host")} could not be found.')
        verb = call.path.rsplit('/', 1)[-1]
        if verb == 'force-down':
            return self._set(call, host, None, None, bool(body.get('forced_down')))
        return self._set(call, host, verb == 'enable', body.get('disabled_reason'), None)

    def _set(
        self,
        call: Call,
        host: Host,
        enabled: bool | None,
        reason: str | None,
        forced_down: bool | None,
    ) -> Answer:
        hold = 0.0
        if 'stuck' not in call.met:
            hold = call.world.services.change(
                host, enabled=enabled, reason=reason, forced_down=forced_down
            )
        view = views.service(call.world, host, call.version)
        return Answer({'service': view}, hold=hold)

    def _hypervisors(self, call: Call) -> Answer:
        world = call.world
        found = [
            view
            for host in world.hosts.values()
            if not world.cell_hangs
            for view in views.hypervisors(world, host, call.version)
        ]
        if call.version >= (2, 53):
            name = call.one('hypervisor_hostname_pattern')
            found = [view for view in found if not name or name in view['hypervisor_hostname']]
        return Answer(page(call, found, 'hypervisors'))

    def _aggregates(self, call: Call) -> Answer:
        return Answer({'aggregates': views.aggregates(call.world, call.version)})

    def _set_aggregate(self, call: Call) -> Answer:
        return actions.set_aggregate(call)

    # -- servers -----------------------------------------------------------------------------

    def _chosen(self, call: Call) -> Iterator[Instance]:
        world, since = call.world, call.one('changes-since')
        after = None if since is None else moment(since)
        everyone = (call.one('all_tenants') or '').lower() in ('1', 'true', 'yes', 't', '')
        everyone = everyone and call.one('all_tenants') is not None
        if everyone:
            self.admin(call, 'os_compute_api:servers:detail:get_all_tenants')
        host, state = call.one('host'), call.one('vm_state')
        names = call.one('name')
        for instance in world.instances.values():
            if host is not None and instance.host != host:
                continue
            if after is None and instance.vm_state == 'deleted':
                continue
            if after is not None and instance.updated < after:
                continue
            if not everyone and instance.project != call.project:
                continue
            if state not in (None, instance.vm_state) or (names or '') not in instance.name:
                continue
            yield instance

    def _servers(self, call: Call) -> Answer:
        world = call.world
        chosen = [] if world.cell_hangs else list(self._chosen(call))
        chosen.reverse()  # the newest first
        admin, base = call.role == 'admin', f'{call.base}/v2.1'
        rows = ({'id': instance.id, 'instance': instance} for instance in chosen)
        body = page(call, rows, 'servers')
        body['servers'] = [
            views.server(world, row['instance'], call.version, base, admin)
            for row in body['servers']
        ]
        return Answer(body)

    def _instance(self, call: Call) -> Instance:
        instance = call.world.instances.get(call.args[0])
        if instance is None or instance.vm_state == 'deleted':
            raise ApiError(404, f'Instance {call.args[0]} could not be found.')
        return instance

    def _server(self, call: Call) -> Answer:
        instance = self._instance(call)
        if call.world.cell_hangs:
            if call.version < (2, 69):
                raise ApiError(500, 'Unexpected API Error. The cell does not answer.')
            view = {'id': instance.id, 'status': 'UNKNOWN', 'tenant_id': instance.project}
            return Answer({'server': view})
        base = f'{call.base}/v2.1'
        admin = call.role == 'admin'
        return Answer({'server': views.server(call.world, instance, call.version, base, admin)})

    def _delete(self, call: Call) -> Answer:
        call.world.delete_instance(self._instance(call).id)
        return Answer(status=204)

    def _action(self, call: Call) -> Answer:
        if 'os-resetState' in (call.body or {}):
            self.admin(call, 'os_compute_api:os-admin-actions:reset_state')
        return actions.act(call, self._instance(call))

    # -- migrations --------------------------------------------------------------------------

    def _migrations(self, call: Call) -> Answer:
        world = call.world
        wanted = {
            'instance_uuid': call.one('instance_uuid'),
            'status': call.one('status'),
            'source_compute': call.one('source_compute'),
            'migration_type': call.one('migration_type'),
        }
        since, host = call.one('changes-since'), call.one('host')
        after = None if since is None else moment(since)

        def fits(record: Migration) -> bool:
            has = {
                'instance_uuid': record.instance,
                'status': record.status,
                'source_compute': record.source,
                'migration_type': record.type,
            }
            return (
                all(value in (None, has[name]) for name, value in wanted.items())
                and host in (None, record.source, record.destination)
                and (after is None or (record.updated is not None and record.updated >= after))
            )

        found = [] if world.cell_hangs else [each for each in world.migrations if fits(each)]
        rows = [views.migration(world, each, call.version, call.base) for each in found[::-1]]
        if call.version < (2, 59):
            return Answer({'migrations': rows})
        return Answer(page(call, rows, 'migrations', 'uuid'))
