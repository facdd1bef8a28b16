"""A look at what the hosts are fenced with: each finding says what to do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from drivers.contracts.fencing import FencePath
from drivers.contracts.inventory import InventoryError
from recovery.view import hosts
from recovery.view.finding import Finding, Level
from recovery.view.ids import Unknown

if TYPE_CHECKING:
    from recovery.site import Site

CHECK = 'fence path'
HOSTS = 'HOSTS'  #: stands for names in a sentence that several hosts may share
SHOWN = 3  #: hosts that a sentence names


def inventory(site: Site, names: list[str]) -> Iterator[Finding]:
    """What is wrong with the inventory, and where it leaves a host with a single way."""
    try:
        problems = site.inventory.problems(names)
    except InventoryError as error:
        for line in str(error).splitlines():
            yield Finding(Level.BAD, 'inventory', line)
        return
    for problem in problems:
        level = Level.BAD if problem.blocks else Level.WARN
        yield Finding(level, 'inventory', f'{problem.where}: {problem.message}')
    if not problems:
        yield Finding(Level.OK, 'inventory', f'every one of {len(names)} hosts can be fenced')
    yield from weaknesses([*_paths(site, names)], site.inventory.management_network())


def _paths(site: Site, names: list[str]) -> Iterator[FencePath]:
    for name in names:
        try:
            yield site.inventory.path(name)
        except (KeyError, InventoryError):
            continue  # it has been said


def weaknesses(paths: Sequence[FencePath], management: str) -> Iterator[Finding]:
    """Single points of failure, as far as the inventory declares what depends on what.

    :param management: the network over which the control plane is reached; '' for not declared.
    """
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path in map(_without_humans, paths):
        for weakness in (
            *_alone(path),
            *_records(path),
            *_feeds(path),
            *_networks(path, management),
        ):
            found[weakness].append(path.host)
    for (said, todo), names in found.items():
        yield Finding(Level.WARN, CHECK, said.replace(HOSTS, _named(names)), todo)
    if paths and not found:
        yield Finding(Level.OK, CHECK, f'no single point of failure of {len(paths)} is known')


def _without_humans(path: FencePath) -> FencePath:
    """A human is no second level: she is what is left when every level has failed."""
    levels = tuple(
        level for level in path.levels if not any(device.by_hand for device in level.devices)
    )
    return replace(path, levels=levels)


def _alone(path: FencePath) -> Iterator[tuple[str, str]]:
    if not path.levels:
        yield (
            f'nothing but a human can fence {HOSTS}',
            'name a device that can be asked, such as the outlets that feed the host',
        )
        return
    if len(path.levels) == 1:
        yield (
            f'one level, and no second one, fences {HOSTS}',
            'when a device of it does not answer only a human can go on (recovery confirm-fenced): '
            'add a level, such as the outlets that feed the host',
        )
        return
    by_level = [{_controller(device.address) for device in level.devices} for level in path.levels]
    if set.intersection(*by_level):
        yield (
            f'every level of {HOSTS} goes through one controller',
            'IPMI and Redfish of one BMC die together: add a level that another controller '
            'switches, such as the outlets that feed the host',
        )


def _records(path: FencePath) -> Iterator[tuple[str, str]]:
    """A proof that is watched by what a service remembers (H3)."""
    if path.levels and all(device.from_record for device in path.levels[0].devices):
        yield (
            f'level {path.levels[0].number} of {HOSTS} reads a record, and no device: that '
            'somebody switches them on while their instances are evacuated is seen only when the '
            'record is renewed',
            "lower Ironic's [conductor] sync_power_state_interval (60 s as delivered) to 15, or "
            'name the BMC itself, with ipmi or redfish, as the first level',
        )


def _controller(address: str) -> str:
    """The machine that is asked: '192.0.2.7' of 'https://192.0.2.7:443 Bay7'."""
    place = address.split()[0].rpartition('//')[2]
    return urlsplit(f'//{place}').hostname or place


def _feeds(path: FencePath) -> Iterator[tuple[str, str]]:
    """A feed with which every level is lost; a device lives on any one of its feeds."""
    for feed in sorted({feed for device in path.devices for feed in device.feeds}):
        if not all(any(one.feeds == (feed,) for one in level.devices) for level in path.levels):
            continue
        todo = f'give one level devices that live without feed {feed}'
        if path.feeds == (feed,):
            yield (
                f'feed {feed} keeps these alive and all that fences them; when it fails nobody can '
                f'prove that they are off: {HOSTS}',
                f'{todo}, or expect recovery confirm-fenced',
            )
        else:
            yield f'when feed {feed} fails no level works any more for {HOSTS}', todo


def _networks(path: FencePath, management: str) -> Iterator[tuple[str, str]]:
    """A network with which every level is lost, and with which the hosts look dead."""
    for network in sorted({device.network for device in path.devices if device.network}):
        if not all(any(one.network == network for one in each.devices) for each in path.levels):
            continue
        if network == management:
            why = 'the management network'
        elif network == path.network:
            why = 'the network on which they are seen to be up'
        else:
            continue
        yield (
            f'the only way to fence these is network {network}, {why}; when it fails they look '
            f'dead, and none can be fenced: {HOSTS}',
            f'reach the devices of one level over another network than {network}',
        )


def _named(names: Sequence[str]) -> str:
    more = len(names) - SHOWN
    return ', '.join(names[:SHOWN]) + (f' and {more} more' if more > 0 else '')


def devices(site: Site, names: list[str]) -> Iterator[Finding]:
    """What every device of these hosts answers now."""
    for name in names:
        try:
            found = hosts.devices(site, name)
        except (Unknown, InventoryError):
            continue  # the inventory's own check has said so
        for one in found:
            yield _DEVICE[one.verdict](name, one)


def _device(level: Level, todo: str) -> Callable[[str, hosts.Device], Finding]:
    def finding(name: str, one: hosts.Device) -> Finding:
        said = one.error or f'reads {one.power}, identity {one.verdict}'
        return Finding(
            level, f'device of {name}', f'{one.name} at {one.address}: {said}', todo.format(name)
        )

    return finding


_DEVICE = {
    'ok': _device(Level.OK, ''),
    'not enrolled': _device(Level.WARN, 'recovery host check {} --enrol'),
    'changed': _device(
        Level.BAD, 'find out which machine it is; then recovery host check {} --enrol'
    ),
    'unreachable': _device(Level.AWAY, 'see its network, address and password'),
}
