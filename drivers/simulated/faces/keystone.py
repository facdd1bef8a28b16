"""Keystone: passwords for tokens, and the catalogue."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from drivers.simulated.errors import ApiError
from drivers.simulated.faces.http import Answer, Call, Face, stamp
from drivers.simulated.world import World

REGION = 'RegionOne'
PROJECTS = {'admin': 'a' * 32, 'demo': 'd' * 32, 'service': 'e' * 32}
#: user -> project and roles; Nova's face goes by the name
USERS = {
    'admin': ('admin', ('admin',)),
    'demo': ('demo', ('demo',)),
    'member': ('demo', ('member', 'reader')),
    'monitor': ('service', ('service',)),
    'reader': ('demo', ('reader',)),
}
#: service type -> where its face is
CATALOGUE = {
    'identity': '/identity/v3',
    'compute': '/compute/v2.1',
    'placement': '/placement',
    'baremetal': '/baremetal',
}


@dataclass(frozen=True)
class Token:
    """Who holds it, and how long it lasts on the world's time."""

    user: str
    project: str | None  #: None: of the whole system
    expires: float

    @property
    def roles(self) -> tuple[str, ...]:
        """What it allows."""
        return USERS[self.user][1]


class Tokens:
    """The tokens that are valid, and who may have one."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tokens: dict[str, Token] = {}
        self._lock = threading.Lock()
        self.passwords = dict.fromkeys(USERS, 'simulated')
        self.elsewhere: dict[str, str] = {}  #: service type -> URL of what no face here is

    def issue(self, user: str, password: str, *, system: bool = False) -> tuple[str, Token]:
        """A new token, of the user's project or of the system. Raises ApiError."""
        if password != self.passwords.get(user):
            raise ApiError(401, 'The request you have made requires authentication.')
        world = self._world
        project = None if system else PROJECTS[USERS[user][0]]
        token = Token(user, project, world.time + world.settings.token_seconds)
        with self._lock:
            name = world.new_id().replace('-', '')
            self._tokens[name] = token
        return name, token

    def holder(self, name: str | None, status: int = 401) -> Token:
        """Who holds a token that is still valid. Raises ApiError, with this status."""
        token = self._tokens.get(name or '')
        if token is None or token.expires <= self._world.time:
            raise ApiError(status, 'The request you have made requires authentication.')
        return token

    def revoke_all(self) -> None:
        """Every token is void, as after a change of Keystone's keys."""
        with self._lock:
            self._tokens.clear()


class Keystone(Face):
    """The face of Keystone."""

    prefix = '/identity'

    def __init__(self, tokens: Tokens) -> None:
        super().__init__()
        self._tokens = tokens
        self.route('GET', '', 'keystone.versions', self._versions)
        self.route('GET', '/v3', 'keystone.versions', self._version)
        self.route('POST', '/v3/auth/tokens', 'keystone.token', self._issue)
        self.route('GET', '/v3/auth/tokens', 'keystone.check', self._check)

    def _document(self, call: Call) -> dict[str, Any]:
        return {
            'id': 'v3.14',
            'status': 'stable',
            'updated': '2020-04-07T00:00:00Z',
            'links': [{'rel': 'self', 'href': f'{call.base}/v3/'}],
            'media-types': [
                {
                    'base': 'application/json',
                    'type': 'application/vnd.openstack.identity-v3+json',
                }
            ],
        }

    def _versions(self, call: Call) -> Answer:
        return Answer({'versions': {'values': [self._document(call)]}}, 300)

    def _version(self, call: Call) -> Answer:
        return Answer({'version': self._document(call)})

    def _issue(self, call: Call) -> Answer:
        try:
            user = call.body['auth']['identity']['password']['user']
            name, password = user['name'], user['password']
        except (KeyError, TypeError) as error:
            raise ApiError(400, 'Only the password method with a user name is served.') from error
        scope = call.body['auth'].get('scope') or {}
        system = isinstance(scope, dict) and 'system' in scope
        key, token = self._tokens.issue(name, password, system=system)
        headers = {'X-Subject-Token': key, 'Vary': 'X-Auth-Token'}
        return Answer({'token': self._view(call, token)}, 201, headers)

    def _check(self, call: Call) -> Answer:
        self._tokens.holder(call.headers.get('x-auth-token'))
        subject = call.headers.get('x-subject-token')
        # Keystone's word for a token that is no good: 401 would be about the one who asks.
        token = self._tokens.holder(subject, 404)
        return Answer({'token': self._view(call, token)}, 200, {'X-Subject-Token': subject or ''})

    def _view(self, call: Call, token: Token) -> dict[str, Any]:
        world, origin = call.world, call.base.removesuffix(self.prefix)
        domain = {'id': 'default', 'name': 'Default'}
        wall = world.wall(token.expires)
        project = {'id': token.project, 'name': USERS[token.user][0], 'domain': domain}
        places = {kind: f'{origin}{path}' for kind, path in CATALOGUE.items()}
        return {
            'methods': ['password'],
            'user': {'id': f'{token.user:0<32}', 'name': token.user, 'domain': domain},
            **({'project': project} if token.project else {'system': {'all': True}}),
            'roles': [{'id': role, 'name': role} for role in token.roles],
            'is_domain': False,
            'audit_ids': ['simulated'],
            'issued_at': stamp(world.wall(), '.000000Z'),
            'expires_at': stamp(wall, '.000000Z'),
            'catalog': [
                {
                    'id': kind,
                    'type': kind,
                    'name': kind,
                    'endpoints': [
                        {
                            'id': f'{kind}-{interface}',
                            'interface': interface,
                            'region': REGION,
                            'region_id': REGION,
                            'url': url,
                        }
                        for interface in ('public', 'internal', 'admin')
                    ],
                }
                for kind, url in (places | self._tokens.elsewhere).items()
            ],
        }


class Versioned(Face):
    """A service with microversions, that asks for a token."""

    service = ''
    lowest = (2, 1)
    highest = (2, 100)
    open_kinds: tuple[str, ...] = ()  #: kinds that need no token

    def __init__(self, tokens: Tokens) -> None:
        super().__init__()
        self._tokens = tokens

    def prepare(self, call: Call, kind: str) -> None:
        if kind in self.open_kinds:
            return
        token = self._tokens.holder(call.headers.get('x-auth-token'))
        call.role, call.project = token.user, token.project or ''
        call.version = self._version_of(call)
        if not self.lowest <= call.version <= self.highest:
            low, high = '{}.{}'.format(*self.lowest), '{}.{}'.format(*self.highest)
            wanted = '{}.{}'.format(*call.version)
            raise ApiError(
                406,
                f'Version {wanted} is not supported by the API. Minimum is {low} and '
                f'maximum is {high}.',
            )

    def _version_of(self, call: Call) -> tuple[int, int]:
        for part in call.headers.get('openstack-api-version', '').split(','):
            service, _, version = part.strip().partition(' ')
            if service != self.service:
                continue
            if version == 'latest':
                return self.highest
            major, _, minor = version.partition('.')
            if not (major.isdigit() and minor.isdigit()):
                raise ApiError(400, f'Version {version!r} is no version.')
            return (int(major), int(minor))
        return self.lowest

    def finish(self, call: Call, answer: Answer, number: int) -> None:
        request_id = f'req-{number:08x}-0000-4000-8000-{number:012x}'
        answer.headers['x-openstack-request-id'] = request_id
        if call.version > (0, 0):
            version = f'{self.service} {call.version[0]}.{call.version[1]}'
            answer.headers['OpenStack-API-Version'] = version
            answer.headers['Vary'] = 'OpenStack-API-Version'

    def admin(self, call: Call, what: str) -> None:
        """Raise ApiError unless an administrator asks."""
        if call.role != 'admin':
            raise ApiError(403, f"Policy doesn't allow {what} to be performed.")
