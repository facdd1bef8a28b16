"""One source, and all of them, as the file describes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from oslo_config import cfg

from drivers.contracts.alarms import AlarmDriver, BadPayload, Heard, Post
from drivers.contracts.inventory import InventoryError
from drivers.inventory.file.schema import violations
from drivers.inventory.file.source import Source as File
from drivers.inventory.file.source import Trail, read
from recovery import plugins
from recovery.conf.reading import BadOptions
from recovery.intake.sources import schema
from recovery.intake.sources.secrets import BadSecret, Secret
from recovery.policy import order
from recovery.site import Site

DRIVERS = 'recovery.alarms'
NO_KEYSTONE = (
    '[api] auth = noauth knows no tokens of Keystone: set it to keystone, or give the source '
    'a token'
)
KEYS = ('token', 'hmac', 'keystone')  #: ways to be known, one of which a source has


class BadSources(BadOptions):
    """The file cannot be used: one line for each thing that is wrong."""


@dataclass(frozen=True)
class Source:
    """One sender of alarms."""

    name: str
    driver: str
    reader: AlarmDriver
    known_by: str  #: 'token', 'hmac', 'keystone', or '' for anybody, in labs
    secret: Secret | None = None
    kind: str = order.HOST_DOWN  #: where its messages do not say which
    resolved: str = schema.IGNORE
    aliases: Mapping[str, str] = field(default_factory=dict)  #: those of all sources included
    users: frozenset[str] = frozenset()  #: of Keystone, by id; none: whoever may raise alarms
    unusable: str = ''  #: why nobody can be known as it here

    def read(self, post: Post) -> Heard:
        """What a message says. Raises BadPayload."""
        if self.unusable:
            raise BadPayload(f'source {self.name}: {self.unusable}')
        return self.reader.read(post)

    def without_secret(self) -> str:
        """Why its secret cannot be used; '' when it can, or there is none."""
        if self.unusable:
            return self.unusable
        try:
            if self.secret is not None:
                self.secret.values()
        except BadSecret as error:
            return str(error)
        return ''


class Sources:
    """All of them, as the file was when the process started or was told to read it again."""

    def __init__(self, found: Mapping[str, Source], aliases: Mapping[str, str]) -> None:
        self._found = dict(found)
        self.aliases = dict(aliases)  #: of all sources, and of those that post nothing

    def get(self, name: str) -> Source | None:
        """The source of that name."""
        return self._found.get(name)

    def __iter__(self) -> Iterator[Source]:
        return iter(self._found.values())

    def __len__(self) -> int:
        return len(self._found)

    def refuse_secretless(self) -> None:
        """For who is going to be posted to: others need no secret, and may not be able to read it.

        :raises BadSources: a secret cannot be used.
        """
        wrong = [f'source {one.name}: {why}' for one in self if (why := one.without_secret())]
        if wrong:
            raise BadSources('\n'.join(wrong))

    @classmethod
    def load(cls, conf: cfg.ConfigOpts) -> Sources:
        """Read and check the file; a secret that cannot be read is no mistake here. Without a file
        there are no sources.

        :raises BadSources: it cannot be used.
        """
        path = conf.sources.file
        return _Checker(Path(path), conf.api.auth == 'noauth').check() if path else cls({}, {})

    @classmethod
    def of(cls, site: Site) -> Sources:
        """Those of this process. Raises BadSources."""
        return site.one(_Kept, lambda: _Kept(cls.load(site.conf))).sources

    @classmethod
    def renew(cls, site: Site) -> None:
        """Read the file again. Raises BadSources, and keeps what there was."""
        loaded = cls.load(site.conf)
        site.one(_Kept, lambda: _Kept(loaded)).sources = loaded


@dataclass
class _Kept:
    sources: Sources


class _Checker:
    def __init__(self, path: Path, lab: bool) -> None:
        self._path = path
        self._lab = lab
        self._wrong: list[str] = []
        self._file: File

    def check(self) -> Sources:
        try:
            self._file = read(self._path)
        except InventoryError as error:
            raise BadSources(str(error)) from error
        for trail, sentence in violations(schema.FILE, self._file.data):
            self._say(trail, sentence)
        self._raise()
        aliases = self._file.data.get('aliases', {})
        found = {}
        for name, said in self._file.data.get('sources', {}).items():
            source = self._source(name, said, aliases)
            if source is not None:
                found[name] = source
        self._refuse_shared(found.values())
        self._raise()
        return Sources(found, aliases)

    def _refuse_shared(self, found: Iterable[Source]) -> None:
        """What is signed does not name the source, so that one key is one source's alone."""
        seen: dict[bytes, str] = {}
        for source in found:
            if source.secret is None or source.known_by != 'hmac':
                continue
            try:
                keys = source.secret.values()
            except BadSecret:
                continue  # who is going to be posted to says so; others may not read it
            others = {seen.setdefault(key, source.name) for key in keys} - {source.name}
            if others:
                self._say(
                    ('sources', source.name, 'hmac'),
                    f'{source.name} has the key of {min(others)}: a message that was signed for '
                    'one could be sent again to the other; give each a key of its own',
                )

    def _raise(self) -> None:
        if self._wrong:
            raise BadSources('\n'.join(self._wrong))

    def _say(self, trail: Trail, sentence: str) -> None:
        self._wrong.append(f'{self._file.where(trail)}: {sentence}')

    def _source(
        self, name: str, said: Mapping[str, Any], aliases: Mapping[str, str]
    ) -> Source | None:
        trail: Trail = ('sources', name)
        if not schema.NAME.fullmatch(name):
            self._say(
                trail, f'{name!r} is no name of a source: give lower case letters, digits, . _ -'
            )
        kind = said.get('kind', order.HOST_DOWN)
        if kind not in order.RAISED:
            known = ', '.join(sorted(order.RAISED))
            self._say((*trail, 'kind'), f'there is no failure kind {kind!r}; there are: {known}')
        known_by, secret = self._known_by(trail, said)
        reader = self._reader(trail, said)
        if reader is None:
            return None
        return Source(
            name=name,
            driver=said['driver'],
            reader=reader,
            known_by=known_by,
            secret=secret,
            kind=kind,
            resolved=said.get('resolved', schema.IGNORE),
            aliases={**aliases, **said.get('aliases', {})},
            users=_users(said.get('keystone')),
            unusable=NO_KEYSTONE if known_by == 'keystone' and self._lab else '',
        )

    def _known_by(self, trail: Trail, said: Mapping[str, Any]) -> tuple[str, Secret | None]:
        given = [key for key in KEYS if key in said]
        if len(given) > 1:
            self._say(trail, f'give one of {", ".join(KEYS)}, and not {" and ".join(given)}')
        elif not given and not self._lab:
            self._say(trail, f'anybody could raise its alarms: give it one of {", ".join(KEYS)}')
        if not given:
            return '', None
        key = given[0]
        if key == 'keystone':
            return key, None
        return key, Secret(key, said[key], self._path.parent)

    def _reader(self, trail: Trail, said: Mapping[str, Any]) -> AlarmDriver | None:
        try:
            driver: type[AlarmDriver] = plugins.load(DRIVERS, said['driver'])
        except LookupError:
            installed = ', '.join(plugins.names(DRIVERS))
            self._say(
                (*trail, 'driver'), f'no driver is called "{said["driver"]}"; there are {installed}'
            )
            return None
        settings = said.get('settings', {})
        wrong = list(violations(driver.SETTINGS_SCHEMA, settings))
        for inside, sentence in wrong:
            self._say((*trail, 'settings', *inside), sentence)
        if wrong:
            return None
        objections = list(driver.objections(settings))
        for sentence in objections:
            self._say((*trail, 'settings'), sentence)
        return None if objections else driver.build(settings)


def _users(keystone: Any) -> frozenset[str]:
    return frozenset(keystone['users'] if isinstance(keystone, dict) else ())
