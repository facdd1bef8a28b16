"""Who comes in: a token of Keystone, or nobody but labs on this very machine."""

from __future__ import annotations

import importlib.util
import ipaddress
import logging
import socket
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import webob.exc
from keystoneauth1.exceptions import ClientException
from keystonemiddleware import auth_token

from recovery.api.caller import ENVIRON
from recovery.api.faults import RETRY_SECONDS, Fault, text
from recovery.conf.reading import BadOptions
from recovery.operate.callers import Caller
from recovery.operate.rules import OPERATOR, READER, SENDER
from recovery.site import Site

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
LOG = logging.getLogger(__name__)
KEYSTONE_SECONDS = 10  #: until it counts as away, unless [keystone_authtoken] says otherwise
HOOKS = '/alarms/'
LAB = (f'system:all {OPERATOR},{READER},{SENDER}',)


def guard(site: Site, inner: Application, is_open: Callable[[str], bool]) -> Application:
    """The application behind its door.

    :param is_open: whether a path needs no token.
    :raises BadOptions: [keystone_authtoken] cannot be used.
    """
    lab = site.conf.api.auth == 'noauth'
    closed = _lab(site, inner) if lab else _keystone(site, inner)
    opened = _by_name(site, inner) if lab else inner

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        environ.pop(ENVIRON, None)
        path = str(environ.get('PATH_INFO', ''))
        # Aodh shows a token of Keystone at a path that is open to senders with other secrets.
        shown = 'HTTP_X_AUTH_TOKEN' in environ and path.startswith(HOOKS)
        through = opened if is_open(path) and not shown else closed
        return through(environ, start)

    return application


def refuse_wide(address: str) -> None:
    """For noauth. Raises BadOptions unless all that the name of the host stands for is loopback."""
    host = address.rpartition(':')[0].strip('[]')
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, None)}
    except OSError as error:
        raise BadOptions(f'[api] listen = {address}: {host} has no address ({error})') from error
    wide = sorted(one for one in found if not loopback(one))
    if wide or not found:
        raise BadOptions(
            f'[api] auth = noauth lets everybody in, and so listens on loopback addresses alone: '
            f'[api] listen = {address} is {", ".join(wide)}; set it to 127.0.0.1:15868, or auth '
            'to keystone'
        )


def loopback(address: str) -> bool:
    """Whether only this machine reaches it; a Unix socket has no address."""
    if address in ('', 'localhost'):
        return True
    try:
        found = ipaddress.ip_address(address.partition('%')[0])
    except ValueError:
        return False
    return (getattr(found, 'ipv4_mapped', None) or found).is_loopback


def _lab(site: Site, inner: Application) -> Application:
    """A server that is not ours may listen anywhere, so each request is looked at, too."""
    named = _by_name(site, inner)

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if not loopback(str(environ.get('REMOTE_ADDR', ''))):
            return _forbidden(start, 'Without authentication only this machine itself is answered.')
        name = str(environ.get('HTTP_X_AUTH_TOKEN', '')).partition(':')[0][:64]
        known = name if name.isascii() and name.isprintable() else ''
        environ[ENVIRON] = Caller(known or 'noauth', system=True, lines=LAB)
        return named(environ, start)

    return application


def _by_name(site: Site, inner: Application) -> Application:
    """Asked from this machine, by a name of this machine: the page of a stranger whose name stands
    for 127.0.0.1 asks with the browser of this one."""
    own = _name(site.conf.api.listen or '')

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        host = _name(str(environ.get('HTTP_HOST', '')))
        here = loopback(str(environ.get('REMOTE_ADDR', '')))
        if here and host != own and not loopback(host):
            return _forbidden(
                start, 'Without authentication only localhost is answered, by that name.'
            )
        return inner(environ, start)

    return application


def _name(address: str) -> str:
    """Of a Host header, or of [api] listen, without its port."""
    host, colon, port = address.strip().lower().rpartition(':')
    return (host if colon and port.isdecimal() else address.strip().lower()).strip('[]')


def _forbidden(start: Callable[..., Any], sentence: str) -> Iterable[bytes]:
    start('403 Forbidden', [('Content-Type', 'application/json')])
    return [text(Fault(403, sentence)).encode()]


def _keystone(site: Site, inner: Application) -> Application:
    def known(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        # With delay_auth_decision the middleware lets strangers pass, and only says that they are.
        if environ.get('HTTP_X_IDENTITY_STATUS') == 'Confirmed':
            environ[ENVIRON] = _caller(environ['keystone.token_info']['token'])
        return inner(environ, start)

    conf, group = site.conf, 'keystone_authtoken'
    try:
        for where, options in auth_token.list_opts():
            conf.register_opts(options, group=where)
        # Its own default is to wait without an end.
        conf.set_default('http_connect_timeout', KEYSTONE_SECONDS, group=group)
        if not (conf[group].auth_type or conf[group].auth_section):
            raise BadOptions(
                '[api] auth = keystone needs a service user in [keystone_authtoken]: auth_type = '
                'password, auth_url, username, password, project_name and their domains'
            )
        _refuse_without_library(conf[group])
        return _Protocol(known, {'oslo_config_config': conf})
    except BadOptions:
        raise
    except Exception as error:  # of oslo.config, of keystoneauth and of its plugins
        raise BadOptions(f'[keystone_authtoken] cannot be used: {error}') from error


def _refuse_without_library(group: Any) -> None:
    """The middleware looks for it when the first request comes, and answers none without it."""
    binary = group.memcache_tls_enabled or group.memcache_sasl_enabled
    module, package = (
        ('bmemcached', 'python-binary-memcached') if binary else ('memcache', 'python-memcached')
    )
    if group.memcached_servers and importlib.util.find_spec(module) is None:
        raise BadOptions(
            f'[keystone_authtoken] memcached_servers needs the package {package}, which is not '
            'installed here: install it, or leave the option away, and each process remembers '
            'tokens for itself'
        )


class _Protocol(auth_token.AuthProtocol):
    """Says in our words that Keystone cannot be asked."""

    def process_request(self, request: Any) -> Any:
        try:
            return super().process_request(request)
        except (webob.exc.HTTPServiceUnavailable, ClientException) as error:
            LOG.warning('no token can be checked: %s', error)
        fault = Fault(503, 'Keystone does not answer; the token cannot be checked.')
        raise webob.exc.HTTPServiceUnavailable(
            body=text(fault).encode(),
            headers=[('Retry-After', str(int(RETRY_SECONDS)))],
            charset='UTF-8',
            content_type='application/json',
        )


def _caller(token: Mapping[str, Any]) -> Caller:
    """What Keystone says about a token. The headers that the middleware makes of it are no help:
    the scope of a service token that comes with it would stand in place of its own."""
    user = token['user']
    return Caller(
        name=user.get('name') or user['id'],
        roles=tuple(role['name'] for role in token.get('roles', ())),
        project=(token.get('project') or {}).get('id'),
        user=user['id'],
        system=bool((token.get('system') or {}).get('all')),
    )
