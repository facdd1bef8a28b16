"""The cloud that clouds.yaml describes, as openstacksdk reads it."""

from __future__ import annotations

from typing import Any

import requests
from keystoneauth1 import exceptions as auth_errors
from keystoneauth1 import session as auth_session
from openstack import config as openstack_config
from openstack import connection as openstack_connection
from openstack import exceptions as openstack_errors

from drivers.contracts.errors import Refused


def connection(
    cloud: str | None,
    region: str | None,
    interface: str | None,
    client_config_file: str | None,
    *,
    http: requests.Session,
) -> Any:
    """A connection whose requests all go through ``http``; nothing is asked yet.

    :raises Refused: clouds.yaml has no such cloud, or not all that is needed to sign in.
    """

    def session(**options: Any) -> auth_session.Session:
        return auth_session.Session(session=http, **options)

    options: dict[str, Any] = {'region_name': region, 'interface': interface}
    try:
        clouds = openstack_config.OpenStackConfig(
            config_files=[client_config_file] if client_config_file else None,
            # OS_CLIENT_CONFIG_FILE would be read before the file that was asked for.
            load_envvars=not client_config_file,
            session_constructor=session,  # type: ignore[arg-type]
            app_name='openstack-recovery',
        )
        found = clouds.get_one(cloud, **{key: value for key, value in options.items() if value})
        return openstack_connection.Connection(config=found)
    except (openstack_errors.ConfigException, auth_errors.ClientException, OSError) as error:
        name = f'cloud {cloud!r}' if cloud else 'a cloud (no name was given)'
        raise Refused(f'cannot use {name} as clouds.yaml describes it: {error}') from error
