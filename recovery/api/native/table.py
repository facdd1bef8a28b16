"""Every route below /recovery/v1, once."""

from __future__ import annotations

from importlib import metadata
from typing import Any

from recovery.api.native import alarms, hosts, recoveries, service
from recovery.api.native import schemas as s
from recovery.api.native.route import Call, Route
from recovery.view import shape

PREFIX = '/recovery/v1'


def version() -> str:
    """Of this release."""
    try:
        return metadata.version('openstack-recovery')
    except metadata.PackageNotFoundError:
        return '0'


def _index(_call: Call) -> Any:
    return {
        'name': 'openstack-recovery',
        'version': version(),
        'openapi': f'{PREFIX}/openapi.json',
        'kinds': list(shape.kinds()),
    }


ROUTES: tuple[Route, ...] = (
    Route('GET', '', 'show_index', 'What this is', _index, answer=s.ref('Index')),
    *recoveries.ROUTES,
    *alarms.ROUTES,
    *hosts.ROUTES,
    *service.ROUTES,
)
