"""Properties of the images that instances were made from, as far as Nova shows them."""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter

from drivers.compute import records
from drivers.compute.api import Api, Versions
from drivers.compute.http import Deadline

VERSIONS: Versions = ((2, 98), (2, 98))  # shows those properties of an image that Nova knows


def of_host(nova: Api, host: str, deadline: Deadline) -> Mapping[str, Mapping[str, str]] | None:
    """By instance of the host; None: this Nova is too old to say. Raises DriverError."""
    if nova.spoken(deadline)[1] < VERSIONS[0]:
        return None
    query = {'all_tenants': '1', 'host': host}
    parse, marker = records.image_properties, itemgetter(0)
    return dict(nova.pages('/servers/detail', query, VERSIONS, deadline, parse, marker))
