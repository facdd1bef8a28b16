"""What stands around the application: numbers, proxies, and pages of other sites."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

from oslo_middleware.cors import CORS
from oslo_middleware.http_proxy_to_wsgi import HTTPProxyToWSGI
from oslo_middleware.request_id import ENV_REQUEST_ID, RequestId

from recovery.api.faults import Fault, text
from recovery.api.meter import Meter
from recovery.conf.reading import BadOptions
from recovery.site import Site

LOG = logging.getLogger(__name__)
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def around(site: Site, inside: Application) -> Application:
    """The application as a server calls it.

    :raises recovery.conf.reading.BadOptions: a proxy is believed who calls, without authentication.
    """
    return _outer(site, RequestId(_measured(site, inside)))


def _measured(site: Site, inside: Application) -> Application:
    meter = site.one(Meter, Meter)

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        begun, seen = site.clock.elapsed(), ['500']

        def noting(status: str, *more: Any) -> Any:
            seen[0] = status[:3]
            return start(status, *more)

        try:
            return inside(environ, noting)
        except Exception:  # of what stands in front of Flask, which handles its own
            LOG.exception('%s: an error nobody handled', environ.get(ENV_REQUEST_ID))
            noting('500 Internal Server Error', [('Content-Type', 'application/json')])
            return [text(Fault(500, 'Something is wrong here; the log tells more.')).encode()]
        finally:
            route, method = environ.get('recovery.route'), str(environ.get('REQUEST_METHOD'))
            meter.answered(route, method, seen[0], site.clock.elapsed() - begun)

    return application


def _outer(site: Site, inside: Any) -> Application:
    """What changes the request before anybody looks at it, as operators of OpenStack know it."""
    stack: Application = HTTPProxyToWSGI(CORS(inside, site.conf), site.conf)
    if site.conf.api.auth == 'noauth' and site.conf.oslo_middleware.enable_proxy_headers_parsing:
        # A header would say that the caller is this very machine.
        raise BadOptions(
            '[api] auth = noauth lets in whoever is on this machine, and with [oslo_middleware] '
            'enable_proxy_headers_parsing everybody may say so: set that to false, or auth to '
            'keystone'
        )
    return stack
