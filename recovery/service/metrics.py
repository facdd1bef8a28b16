"""The numbers of the site in the form that Prometheus reads, counted anew for each scrape."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Info, Metric, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from flows.stop import StoreAway
from recovery.db import states, workers
from recovery.policy import order
from recovery.site import Site
from recovery.view.numbers import Numbers, count

LOG = logging.getLogger(__name__)

ENDED = tuple(sorted(states.ENDED))
GRADES = ('well', 'degraded', 'broken', 'unclear', 'unchecked')
RESULTS = ('off', 'not-off', 'refused', 'unanswered', 'open')


class SiteCollector(Collector):
    """Reads the database, and says so when it cannot: old numbers would look like good ones."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def describe(self) -> Iterable[Metric]:
        """Nothing is asked when it is registered."""
        return ()

    def collect(self) -> Iterator[Metric]:
        site, window = self._site, self._site.conf.metrics.window_seconds
        try:
            with site.store.read() as connection:
                numbers = count(connection, site.clock.now(), window)
        except StoreAway as away:
            LOG.warning('no metrics: %s', away.reason)
            yield _gauge('recovery_database_up', UP, {(): 0})
            return
        yield _gauge('recovery_database_up', UP, {(): 1})
        yield from _recoveries(numbers)
        yield from _fencing(numbers, site.conf.watcher.fence_check_seconds > 0)
        yield from _service(numbers)


def site_registry(site: Site, *more: Collector) -> CollectorRegistry:
    """Everything that a process tells: its own numbers, those of the site, and who it is."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    who = Info('recovery_process', 'The process that answers.', registry=registry)
    identity = site.identity
    who.info({'name': identity.name, 'kind': identity.kind, 'version': workers.VERSION})
    for collector in more:
        registry.register(collector)
    return registry


UP = 'Whether the database answered. When it is 0, there are no other numbers.'


def _gauge(
    name: str,
    text: str,
    values: Mapping[Any, float],
    labels: Sequence[str] = (),
) -> Metric:
    family = GaugeMetricFamily(name, text, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(list(key), value)
    return family


def _recoveries(numbers: Numbers) -> Iterator[Metric]:
    kinds = {*order.ORDER, *(kind for kind, _state in numbers.recoveries)}
    zero = {(kind, state): 0 for kind in kinds for state in states.MEANINGS}
    yield _gauge('recovery_recoveries', 'Recoveries in the database, by kind and state.',
                 zero | dict(numbers.recoveries), ('kind', 'state'))  # fmt: skip
    zero = {(kind, state): 0 for kind in kinds for state in ENDED}
    yield _gauge(
        'recovery_ended_recently',
        'Recoveries that ended within [metrics] window_seconds, by kind and outcome.',
        zero | dict(numbers.ended),
        ('kind', 'outcome'),
    )
    yield _gauge('recovery_held', 'Recoveries that a gate holds, by kind and gate.',
                 numbers.held, ('kind', 'gate'))  # fmt: skip
    yield _gauge('recovery_waiting', 'Recoveries that wait, by kind and the code of the reason.',
                 numbers.waiting, ('kind', 'code'))  # fmt: skip
    yield _gauge('recovery_waiting_by_hand', 'Waiting recoveries that only a human moves.',
                 {(): numbers.by_hand})  # fmt: skip
    yield _gauge('recovery_oldest_seconds', 'Age of the oldest live recovery, by its state.',
                 {(state,): age for state, age in numbers.oldest.items()}, ('state',))  # fmt: skip
    yield _gauge('recovery_queue_age_seconds', 'For how long a ready recovery wants a worker.',
                 {(): numbers.queue_age})  # fmt: skip
    yield _gauge(
        'recovery_items',
        'Instances of live recoveries and of those that ended within the window, by state.',
        {(state,): n for state, n in numbers.items.items()},
        ('state',),
    )


def _fencing(numbers: Numbers, checking: bool) -> Iterator[Metric]:
    drivers = {driver for driver, _result in numbers.fences}
    zero = {(driver, result): 0 for driver in drivers for result in RESULTS}
    yield _gauge(
        'recovery_fence_requests_recently',
        'Requests to cut the power within the window, by driver and what became of them: off only '
        'when a fencing proof was made.',
        zero | dict(numbers.fences),
        ('driver', 'result'),
    )
    zero_paths = {(grade,): numbers.paths.get(grade, 0) for grade in GRADES}
    yield _gauge('recovery_fence_paths', 'Hosts by how their fence path is.',
                 zero_paths, ('grade',))  # fmt: skip
    yield _gauge('recovery_fence_path_ill', 'A host whose fence path is not well: 1.',
                 dict.fromkeys(numbers.ill_paths.items(), 1), ('host', 'grade'))  # fmt: skip
    yield _gauge('recovery_fence_path_check_age_seconds',
                 'For how long a healthy host was not checked; 0 while that is switched off.',
                 {(): numbers.oldest_path if checking else 0.0})  # fmt: skip


def _service(numbers: Numbers) -> Iterator[Metric]:
    zero = {(kind, how): 0 for kind in ('api', *workers.LOOKS)
            for how in ('alive', 'draining', 'silent')}  # fmt: skip
    yield _gauge('recovery_processes', 'Processes by kind: alive, draining, or silent.',
                 zero | dict(numbers.workers), ('kind', 'state'))  # fmt: skip
    yield _gauge(
        'recovery_claims_lost_recently',
        'Recoveries taken from a worker that stopped answering, within the window.',
        {(): numbers.taken_over},
    )
    yield _gauge('recovery_alarms_recently', 'Alarms within the window by answer; none: undecided.',
                 {(answer,): n for answer, n in numbers.alarms.items()}, ('answer',))  # fmt: skip
    yield _gauge('recovery_hosts_marked', 'Hosts in maintenance, or marked failed by a recovery.',
                 {(mark,): n for mark, n in numbers.hosts.items()}, ('mark',))  # fmt: skip
    yield _gauge('recovery_paused', 'Whether an operator paused the service.',
                 {(): numbers.paused})  # fmt: skip
    yield _gauge('recovery_disarmed', 'Whether an operator disarmed the service.',
                 {(): numbers.disarmed})  # fmt: skip
    yield _gauge('recovery_storm', 'Whether a storm is on: many hosts failed at once, or just did.',
                 {(): numbers.storm})  # fmt: skip
