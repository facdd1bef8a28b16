"""How the hosts of a play are reached, and who is asked about them before they are fenced."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from drivers.simulated.faces.maas import API_KEY

ASKS = Path(__file__).with_name('asks.py')
#: Isolated and without site packages: they start with each question.
COMMAND = [sys.executable, '-I', '-S', str(ASKS)]
SIMULATED = 'simulated'
#: Several plays share the processors, and each question starts an interpreter with a library.
PATIENT = {'request_timeout': 60, 'off_timeout': 240}
#: Each of them asks the same BMCs, and each by a process of its own.
DRIVERS = ('ironic', 'maas', 'external', 'fence-agent')
#: Kinds of the requests of witnesses and channels, see :func:`outside`.
WITNESSED, LOOKED = 'redfish.root', 'redfish.systems'


def device(driver: str, folder: Path, url: str) -> dict[str, Any]:
    """The settings of one device, for the inventory.

    :param url: of the served world.
    """
    where = urlsplit(url)
    settings: Mapping[str, Mapping[str, Any]] = {
        SIMULATED: {'address': url, 'system': '{host}'},
        'ironic': {
            'address': 'simulated',
            'system': '{host}',
            'clouds_file': str(folder / 'clouds.yaml'),
        },
        'maas': {'address': f'{url}/MAAS', 'system': '{host}', 'api_key': API_KEY},
        'external': {'command': COMMAND, 'address': url, 'plug': '{host}'},
        'fence-agent': {
            'agent': str(folder / 'fence_world'),
            'address': where.hostname,
            'port': where.port,
            'plug': '{host}',
            'class': 'power',
            'reason': 'it asks the BMCs of the world, and says OFF only when they do',
        },
    }
    patient = {} if driver == SIMULATED else PATIENT
    return {'name': 'bmc', 'driver': driver, **patient, **settings[driver]}


def write_agent(folder: Path) -> None:
    """Put the agent there."""
    path = folder / 'fence_world'
    path.write_text(f'#!/bin/sh\nexec {" ".join(COMMAND)}\n')
    path.chmod(0o755)


def outside(url: str) -> dict[str, Any]:
    """Options by which each decision asks three witnesses and a channel of life."""
    where = urlsplit(url)
    witnesses = [f'{url}/redfish/v1', f'{url}/redfish/v1/', f'tcp://{where.netloc}']
    return {
        'isolation.witnesses': ','.join(witnesses),
        'isolation.keep_seconds': 0,
        'isolation.look_seconds': 300,  # those who only tell the others are not meant here
        'isolation.fresh_seconds': 900,
        'life.channel': f'hold command:{" ".join(COMMAND)} alive {{host}} {url}',
    }
