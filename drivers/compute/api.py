"""One service of the cloud: its microversions chosen, its lists paged to the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import urlencode

from drivers.compute.http import NAMES, Answer, Cloud, Deadline
from drivers.contracts.errors import Refused, Unreachable

T = TypeVar('T')

Versions = tuple[tuple[int, int], tuple[int, int]]  #: the lowest that will do, the highest known


class Api:
    """Nova or Placement, asked with raw JSON."""

    def __init__(self, cloud: Cloud, service: str) -> None:
        self.name = NAMES[service]
        self._cloud = cloud
        self._service = service

    def spoken(self, deadline: Deadline) -> Versions:
        """The lowest and the highest microversion that the service speaks."""
        endpoint = self._cloud.endpoint(self._service, deadline)
        return endpoint.lowest, endpoint.highest

    def call(
        self,
        method: str,
        path: str,
        versions: Versions,
        deadline: Deadline,
        *,
        body: object | None = None,
    ) -> Answer:
        """One request, at the highest microversion of the range that the service speaks."""
        return self._cloud.call(
            self._service,
            method,
            path,
            microversion=self._chosen(versions, path, deadline),
            deadline=deadline,
            body=body,
        )

    def get(
        self, path: str, versions: Versions, deadline: Deadline, parse: Callable[[Any], T]
    ) -> T:
        """What ``parse`` makes of the answer. Raises Unreachable when it cannot."""
        return self._parsed(self.call('GET', path, versions, deadline), path, parse)

    def page(
        self,
        path: str,
        query: Mapping[str, str],
        versions: Versions,
        deadline: Deadline,
        parse: Callable[[Mapping[str, Any]], T],
    ) -> tuple[list[T], bool]:
        """One page of a list of Nova's, and whether there are more."""
        answer = self.call('GET', f'{path}?{urlencode(query)}'.rstrip('?'), versions, deadline)
        name = _collection(path)

        def whole(body: Any) -> tuple[list[T], bool]:
            records = [parse(record) for record in body[name]]
            more = any(link['rel'] == 'next' for link in body.get(f'{name}_links', ()))
            return records, more and bool(records)

        return self._parsed(answer, path, whole)

    def pages(
        self,
        path: str,
        query: Mapping[str, str],
        versions: Versions,
        deadline: Deadline,
        parse: Callable[[Mapping[str, Any]], T],
        marker: Callable[[T], str],
    ) -> Iterator[T]:
        """All of a list of Nova's, in pages as large as the service allows."""
        after: dict[str, str] = {}
        while True:
            # The link of the answer is not followed: behind a proxy it may lead elsewhere.
            records, more = self.page(path, {**query, **after}, versions, deadline, parse)
            yield from records
            if not more:
                return
            after = {'marker': marker(records[-1])}

    def _chosen(self, versions: Versions, path: str, deadline: Deadline) -> str:
        wanted_lowest, wanted_highest = versions
        lowest, highest = self.spoken(deadline)
        chosen = min(wanted_highest, highest)
        if chosen < wanted_lowest or chosen < lowest:
            raise Refused(
                f'{self.name} speaks {written(lowest)} to {written(highest)}; '
                f'{path.partition("?")[0]} needs {written(wanted_lowest)} '
                f'to {written(wanted_highest)}'
            )
        return written(chosen)

    def _parsed(self, answer: Answer, path: str, parse: Callable[[Any], T]) -> T:
        try:
            return parse(answer.body)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise Unreachable(
                f'{self.name} answered {path} with something else than its API promises: '
                f'{type(error).__name__} {error}',
                request_id=answer.request_id,
            ) from error


def written(version: tuple[int, int]) -> str:
    return f'{version[0]}.{version[1]}'


def _collection(path: str) -> str:
    """'/servers/detail' lists 'servers', '/os-migrations' lists 'migrations'."""
    return path.split('/')[1].removeprefix('os-')
