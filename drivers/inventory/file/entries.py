"""Devices as the file describes them, before any host's name is put in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Protocol

from drivers.contracts.fencing import FencingDriver, PowerOn
from drivers.contracts.inventory import InventoryError, InventoryProblem
from drivers.contracts.objection import Objection
from drivers.inventory.file import credentials, places, schema
from drivers.inventory.file.source import Source, Trail, read

HOST = '{host}'


class Buildable(Protocol):
    """What a fencing driver's class offers to an inventory.

    It may also have ``objections(settings, *, lab)``, which yields an Objection for each thing
    that is wrong with settings which the schema accepts. Credentials may still be references.
    """

    SETTINGS_SCHEMA: ClassVar[Mapping[str, Any]]  #: a JSON schema; "secret" marks passwords,
    #: "credential" what else may come from the environment or a file; "place" what stands for
    #: an address where there is none

    @classmethod
    def build(cls, settings: Mapping[str, Any]) -> FencingDriver:
        """A driver from settings that the schema accepts."""


Drivers = Mapping[str, type[Buildable]]


class EntryError(InventoryError):
    """One device cannot be used."""

    def __init__(self, where: str, sentence: str) -> None:
        super().__init__(f'{where}: {sentence}')
        self.where = where
        self.sentence = sentence


@dataclass(frozen=True)
class Entry:
    """One device of a host or of a pattern."""

    name: str
    driver: str
    settings: Mapping[str, Any]  #: with the defaults of its driver; credentials unresolved
    common: Mapping[str, Any]  #: fields of a FenceDevice that are given
    where: str

    def expanded(self, host: str) -> Entry:
        """The same with the host's name in place of ``{host}`` in the keys of its place."""
        named = {
            key: self.settings[key].replace(HOST, host)
            for key in places.PLACE_KEYS
            if isinstance(self.settings.get(key), str)
        }
        return replace(self, settings={**self.settings, **named})

    def objections(self, driver: type[Buildable], *, lab: bool) -> Iterable[Objection]:
        """What the driver has against the settings. ``lab``: pretence is permitted."""
        asked = getattr(driver, 'objections', None)
        found: Iterable[Objection] = asked(self.settings, lab=lab) if asked else ()
        return found

    def place(self, driver: type[Buildable]) -> places.Place:
        found = places.place(self.driver, self.settings, driver.SETTINGS_SCHEMA)
        return replace(found, protocol=getattr(driver, 'PROTOCOL', ''))

    def resolved(self, driver: type[Buildable], inventory: Path) -> dict[str, Any]:
        """The settings as the driver takes them. Raises InventoryError."""
        wanted = driver.SETTINGS_SCHEMA
        try:
            settings = credentials.resolved(self.settings, wanted, inventory.parent)
        except InventoryError as error:
            raise EntryError(self.where, str(error)) from error
        for _, sentence in schema.violations(wanted, settings):
            raise EntryError(self.where, sentence)
        return settings


@dataclass(frozen=True)
class HostEntry:
    """What a host, or a pattern, says."""

    levels: tuple[tuple[int, tuple[Entry, ...]], ...]  #: by number, in ascending order
    feeds: tuple[str, ...]
    network: str

    @property
    def devices(self) -> tuple[Entry, ...]:
        """Those of every level."""
        return tuple(entry for _, devices in self.levels for entry in devices)


@dataclass
class Entries:
    """All that a file holds."""

    hosts: dict[str, HostEntry] = field(default_factory=dict)
    patterns: list[tuple[str, HostEntry]] = field(default_factory=list)
    management_network: str = ''

    def everywhere(self) -> Iterator[Entry]:
        """Every device of every host and pattern, patterns unexpanded."""
        for host in (*self.hosts.values(), *(pattern for _, pattern in self.patterns)):
            yield from host.devices


def read_entries(file: Path, drivers: Drivers) -> Entries:
    """Everything in the file, checked. Raises InventoryError with one line per problem."""
    source = read(file)
    wrong = [
        f'{source.where(trail)}: {sentence}'
        for trail, sentence in schema.violations(schema.FILE, source.data)
    ]
    if wrong:
        raise InventoryError('\n'.join(wrong))
    return _Checker(source, drivers).check()


class _Checker:
    def __init__(self, source: Source, drivers: Drivers) -> None:
        self._source = source
        self._drivers = drivers
        self._defaults: Mapping[str, Mapping[str, Any]] = source.data.get('defaults', {})
        self._wrong: list[str] = []

    def check(self) -> Entries:
        entries = Entries(management_network=self._source.data.get('management_network', ''))
        for name in self._defaults:
            self._known(name, ('defaults', name))
        for host, said in self._source.data.get('hosts', {}).items():
            trail = ('hosts', host)
            if isinstance(said, dict):
                entries.hosts[host] = self._host(said, (*trail, 'levels'))
            else:
                entries.hosts[host] = self._host({'levels': said}, trail)
        for at, pattern in enumerate(self._source.data.get('patterns', [])):
            made = self._host(pattern, ('patterns', at, 'levels'))
            entries.patterns.append((pattern['match'], made))
            self._pattern(made)
        if self._wrong:
            raise InventoryError('\n'.join(self._wrong))
        return entries

    def _say(self, where: str, sentence: str) -> None:
        self._wrong.append(f'{where}: {sentence}')

    def _known(self, driver: str, trail: Trail) -> bool:
        if driver in self._drivers:
            return True
        installed = ', '.join(sorted(self._drivers))
        self._say(
            self._source.where(trail), f'no driver is called "{driver}"; there are {installed}'
        )
        return False

    def _host(self, said: Mapping[str, Any], trail: Trail) -> HostEntry:
        """:param trail: that of its levels."""
        shares = {**self._source.data.get('every_host', {}), **said}
        return HostEntry(
            self._levels(said['levels'], trail),
            tuple(shares.get('feeds', ())),
            shares.get('network', ''),
        )

    def _levels(self, levels: Any, trail: Trail) -> tuple[tuple[int, tuple[Entry, ...]], ...]:
        names: set[str] = set()
        result = []
        for number, key, devices in _numbered(levels):
            made = [self._entry(one, (*trail, key, at)) for at, one in enumerate(devices)]
            for entry in filter(None, made):
                if entry.name in names:
                    self._say(entry.where, f'a second device "{entry.name}"; give it a "name"')
                names.add(entry.name)
            result.append((number, tuple(filter(None, made))))
        return tuple(result)

    def _entry(self, device: dict[str, Any], trail: Trail) -> Entry | None:
        driver = device['driver']
        if not self._known(driver, (*trail, 'driver')):
            return None
        given = {**self._defaults.get(driver, {}), **device}
        settings = {key: value for key, value in given.items() if key not in schema.DEVICE}
        common = {key: given[key] for key in schema.DEVICE if key in given}
        accepted = credentials.with_references(self._drivers[driver].SETTINGS_SCHEMA)
        device_schema = {'type': 'object', 'properties': schema.DEVICE}
        for wanted, part in ((accepted, settings), (device_schema, common)):
            for inside, sentence in schema.violations(wanted, part):
                self._say(self._where(driver, trail, inside), sentence)
        name = common.pop('name', driver)
        return Entry(name, driver, settings, _fields(common), self._source.where(trail))

    def _where(self, driver: str, trail: Trail, inside: Trail) -> str:
        """A setting stands with its device, or else in its driver's defaults."""
        default = ('defaults', driver, *inside[:1])
        lines = self._source.lines
        if inside and (*trail, inside[0]) not in lines and default in lines:
            trail = default[:2]
        return self._source.where((*trail, *inside))

    def _pattern(self, pattern: HostEntry) -> None:
        for entry in pattern.devices:
            if not places.has_place(self._drivers[entry.driver].SETTINGS_SCHEMA):
                continue
            if not any(HOST in str(entry.settings.get(key, '')) for key in places.PLACE_KEYS):
                self._say(
                    entry.where,
                    f'every host that matches would be fenced through this one device; put '
                    f'{HOST} into its address, system or plug, or list the host by name',
                )


def _numbered(levels: Any) -> list[tuple[int, str | int, list[dict[str, Any]]]]:
    """Number, key in the file, devices; in ascending order."""
    if isinstance(levels, dict):
        return [(int(key), key, levels[key]) for key in sorted(levels)]
    return [(at + 1, at, devices) for at, devices in enumerate(levels)]


def _fields(common: Mapping[str, Any]) -> dict[str, Any]:
    """As a FenceDevice takes them. What has been complained of already is left out."""
    fields = {key: value for key, value in common.items() if key != 'driver'}
    if isinstance(fields.get('feeds'), list):
        fields['feeds'] = tuple(fields['feeds'])
    if fields.get('power_on') in (PowerOn.AUTO.value, PowerOn.NEVER.value):
        fields['power_on'] = PowerOn(fields['power_on'])
    return fields


def exposed_secrets(entries: Entries, drivers: Drivers, file: Path) -> Iterator[InventoryProblem]:
    """A warning for each secret, or file of secrets, that other users can read now."""
    said = set()
    for entry in entries.everywhere():
        wanted = drivers[entry.driver].SETTINGS_SCHEMA
        for sentence in credentials.exposed(entry.settings, wanted, file):
            if sentence not in said:
                said.add(sentence)
                yield InventoryProblem(entry.where, sentence, blocks=False)


def warnings(entries: Entries, drivers: Drivers, *, lab: bool) -> Iterator[InventoryProblem]:
    """What somebody should know of devices that can be used; once, at the first that says it."""
    said = set()
    for entry in entries.everywhere():
        for objection in entry.objections(drivers[entry.driver], lab=lab):
            if not objection.blocks and objection.sentence not in said:
                said.add(objection.sentence)
                yield InventoryProblem(entry.where, objection.sentence, blocks=False)
