"""Devices as the file describes them, before any host's name is put in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Protocol

from drivers.contracts.fencing import FencingDriver
from drivers.contracts.inventory import InventoryError, InventoryProblem
from drivers.inventory.file import credentials, places, schema
from drivers.inventory.file.source import Source, Trail, read

HOST = '{host}'
TIMEOUTS: tuple[str, ...] = ('off_timeout', 'request_timeout')


class Buildable(Protocol):
    """What a fencing driver's class offers to an inventory."""

    SETTINGS_SCHEMA: ClassVar[Mapping[str, Any]]  #: a JSON schema; "secret" marks passwords,
    #: "credential" what else may come from the environment or a file

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
    timeouts: Mapping[str, float]  #: those of off_timeout and request_timeout that are given
    where: str

    def expanded(self, host: str) -> Entry:
        """The same with the host's name in place of ``{host}`` in the keys of its place."""
        named = {
            key: self.settings[key].replace(HOST, host)
            for key in places.PLACE_KEYS
            if isinstance(self.settings.get(key), str)
        }
        return replace(self, settings={**self.settings, **named})

    def place(self, driver: type[Buildable]) -> places.Place:
        return places.place(self.driver, self.settings, driver.SETTINGS_SCHEMA)

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


Levels = tuple[tuple[Entry, ...], ...]


@dataclass
class Entries:
    """All that a file holds."""

    hosts: dict[str, Levels] = field(default_factory=dict)
    patterns: list[tuple[str, Levels]] = field(default_factory=list)


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
        entries = Entries()
        for name in self._defaults:
            self._known(name, ('defaults', name))
        for host, levels in self._source.data.get('hosts', {}).items():
            entries.hosts[host] = self._levels(levels, ('hosts', host))
        for at, pattern in enumerate(self._source.data.get('patterns', [])):
            levels = self._levels(pattern['levels'], ('patterns', at, 'levels'))
            entries.patterns.append((pattern['match'], levels))
            self._pattern(levels)
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

    def _levels(self, levels: list[list[dict[str, Any]]], trail: Trail) -> Levels:
        names: set[str] = set()
        result = []
        for number, devices in enumerate(levels):
            made = [self._entry(one, (*trail, number, at)) for at, one in enumerate(devices)]
            for entry in filter(None, made):
                if entry.name in names:
                    self._say(entry.where, f'a second device "{entry.name}"; give it a "name"')
                names.add(entry.name)
            result.append(tuple(filter(None, made)))
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
        timeouts = {key: common[key] for key in TIMEOUTS if key in common}
        where = self._source.where(trail)
        return Entry(common.get('name', driver), driver, settings, timeouts, where)

    def _where(self, driver: str, trail: Trail, inside: Trail) -> str:
        """A setting stands with its device, or else in its driver's defaults."""
        default = ('defaults', driver, *inside[:1])
        lines = self._source.lines
        if inside and (*trail, inside[0]) not in lines and default in lines:
            trail = default[:2]
        return self._source.where((*trail, *inside))

    def _pattern(self, levels: Levels) -> None:
        for entry in (entry for devices in levels for entry in devices):
            if not any(HOST in str(entry.settings.get(key, '')) for key in places.PLACE_KEYS):
                self._say(
                    entry.where,
                    f'every host that matches would be fenced through this one device; put '
                    f'{HOST} into its address, system or plug, or list the host by name',
                )


def exposed_secrets(entries: Entries, drivers: Drivers, file: Path) -> Iterator[InventoryProblem]:
    """A warning for each secret, or file of secrets, that other users can read now."""
    levels = [*entries.hosts.values(), *(levels for _, levels in entries.patterns)]
    said = set()
    for entry in (entry for level in levels for devices in level for entry in devices):
        wanted = drivers[entry.driver].SETTINGS_SCHEMA
        for sentence in credentials.exposed(entry.settings, wanted, file):
            if sentence not in said:
                said.add(sentence)
                yield InventoryProblem(entry.where, sentence, blocks=False)
