"""Looking at all evacuations of one host with a fixed number of requests, however many they are."""

from __future__ import annotations

from collections.abc import Iterable

from drivers.contracts.clock import Clock
from drivers.contracts.compute import ComputeDriver, Instance, Migration, Service
from drivers.contracts.errors import Unreachable
from flows.evacuation.listing import REAL_STATES
from flows.evacuation.settle import Seen

SERVICES_SECONDS = 5.0  # hosts go up and down on Nova's scale of tens of seconds
WHOLE_SECONDS = 30.0  # a list of changes may miss one; the whole list does not
OVERLAP_SECONDS = 5.0


class Look:
    """Asks for what changed since the last look, on Nova's clock, and keeps the newest of each.

    A list counts only while the cell of the host answers; a whole one only if it did before and
    after (H2).

    :param known: the instances as they were listed when the evacuation began.
    :param baseline: records up to this id are older than the evacuation.
    """

    def __init__(
        self,
        compute: ComputeDriver,
        host: str,
        *,
        clock: Clock,
        timeout: float,
        known: Iterable[Instance],
        baseline: int = 0,
        reported: float | None = None,
    ) -> None:
        self._compute = compute
        self._host = host
        self._clock = clock
        self._timeout = timeout
        self._baseline = baseline
        self._instances = {instance.id: instance for instance in known}
        self._migrations: dict[int, Migration] = {}
        self._moving: dict[str, dict[int, Migration]] = {}
        self._evacuations: dict[str, dict[int, Migration]] = {}
        self._services: tuple[Service, ...] = ()
        self._services_at = float('-inf')
        self._whole_at = float('-inf')
        self._first_report = reported  # None: what the first look shows
        self.life = ''  #: a sentence, once the failed host's service reported again (H3)

    def take(self) -> Seen:
        """Ask. Raises DriverError; Unreachable also when the cell of the host does not answer."""
        now = self._clock.elapsed()
        whole = now - self._whole_at > WHOLE_SECONDS
        if whole or now - self._services_at > SERVICES_SECONDS:
            self._ask_services()
        since = None if whole else self._newest()
        for record in self._compute.migrations(host=self._host, since=since, timeout=self._timeout):
            self._migrations[record.id] = record
            self._moving.setdefault(record.instance, {})[record.id] = record
            if record.type == 'evacuation' and record.source == self._host:
                self._evacuations.setdefault(record.instance, {})[record.id] = record
        earliest = self._newest() if not whole else self._oldest()
        if earliest is not None:
            changed = self._compute.instances_changed(since=earliest, timeout=self._timeout)
            # Others of the whole cloud changed, too: with many recoveries that is a lot to keep.
            ours = self._instances.keys() | self._evacuations.keys()
            self._instances.update((one.id, one) for one in changed if one.id in ours)
        if whole:
            self._ask_services()
            self._whole_at = now
        return Seen(
            whole=whole,
            asked_at=now,
            at=self._clock.now(),
            up=frozenset(one.host for one in self._services if one.state == 'up'),
            records={key: tuple(found.values()) for key, found in self._evacuations.items()},
            instances=self._instances,
        )

    def whole_next(self) -> None:
        """Make the next look a whole one."""
        self._whole_at = float('-inf')

    def _ask_services(self) -> None:
        asked = self._clock.elapsed()
        self._services = self._compute.services(timeout=self._timeout)
        if not any(one.host == self._host and one.state in REAL_STATES for one in self._services):
            raise Unreachable(f'the cell of {self._host} does not answer')
        self._services_at = asked
        self._watch_report()

    def migrations_of(self, instance: str) -> tuple[Migration, ...]:
        """Records of every type for an instance, as of the last look."""
        return tuple(self._moving.get(instance, {}).values())

    def services(self) -> tuple[Service, ...]:
        """Services, as of the last look."""
        return self._services

    def fetch(self, instance_id: str) -> Instance:
        """Ask for one instance that no list shows. Raises DriverError."""
        found = self._compute.instance(instance_id, timeout=self._timeout)
        self._instances[instance_id] = found
        return found

    def _newest(self) -> float | None:
        times = [one.updated_at or one.created_at for one in self._migrations.values()]
        return max(times) - OVERLAP_SECONDS if times else None

    def _oldest(self) -> float | None:
        """When the oldest record of this evacuation was made, or the newest at all. Older ones
        may be years old: a list of what changed since then would be that of the whole cloud."""
        live = [one.created_at for one in self._migrations.values() if one.id > self._baseline]
        return min(live) - OVERLAP_SECONDS if live else self._newest()

    def _watch_report(self) -> None:
        for service in self._services:
            if service.host != self._host or service.updated_at is None:
                continue
            if self._first_report is None:
                self._first_report = service.updated_at
            elif service.updated_at > self._first_report:
                self.life = f'the nova-compute service of {self._host} reported again'
