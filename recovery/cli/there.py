"""The desk behind the API: for who has a token of Keystone, and not the database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from recovery.cli import exits
from recovery.view import times

if TYPE_CHECKING:
    from recovery.cli.client import Client
    from recovery.view.finding import Finding
    from recovery.view.page import Page

Document = dict[str, Any]
Order = Mapping[str, Any]
PAGE = 1000  #: rows of one answer


class There:
    """Asks the API, which asks the rules, and names who called in the records."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def allow(self, order: str, host: str, segment: str | None) -> None:
        """The API refuses, with the rules of the site."""

    def _pages(self, key: str, path: str, **query: Any) -> Iterator[Document]:
        """Every row of a list, page by page."""
        asked = {name: value for name, value in query.items() if value not in (None, ())}
        marker: str | None = None
        while True:
            more = {'marker': marker} if marker else {}
            answer = self._client.get(path, {**asked, 'limit': PAGE, **more})
            yield from answer[key]
            marker = answer['next']
            if marker is None:
                return

    def recoveries(
        self,
        *,
        states: Collection[str] = (),
        host: str | None = None,
        kind: str | None = None,
        since: float | None = None,
    ) -> Iterable[Document]:
        after, chosen = times.stamp(since), sorted(states)
        query = {'host': host, 'kind': kind, 'since': after}
        return self._pages('recoveries', '/recoveries', state=tuple(chosen), **query)

    def recovery(self, given: str) -> Document:
        return self._json(f'/recoveries/{_word(given)}')

    def _json(self, path: str) -> Document:
        found: Document = self._client.get(path)
        return found

    def page(self, given: str) -> Page:
        from recovery.view.page import page_of

        return page_of(self.recovery(given))

    def waiting_for(self, host: str) -> list[str]:
        """Whether it waits is judged when the word is given; nothing is done if it does not."""
        from recovery.db import states

        found = self.recoveries(states=states.LIVE, host=host, kind='host-down')
        return [f'Recovery {one["id"]} is {one["state"]}: {one["reason"]}' for one in found]

    def items(self, given: str, states: Collection[str]) -> Iterable[Document]:
        return self._pages('items', f'/recoveries/{_word(given)}/items', state=tuple(states))

    def history(self, given: str, sorts: Collection[str]) -> Iterable[Document]:
        return self._pages('history', f'/recoveries/{_word(given)}/history', sort=tuple(sorts))

    def graph(self, of: str, form: str, plain: bool) -> list[str]:
        kinds = self._client.get('')['kinds']
        path = f'/kinds/{of}' if of in kinds else f'/recoveries/{_word(of)}'
        query = {'format': form, 'plain': 'true' if plain else 'false'}
        text: str = self._client.get(f'{path}/graph', query)
        return text.splitlines()

    def bundle(self, given: str) -> Document:
        return self._json(f'/recoveries/{_word(given)}/bundle')

    def bundle_of_alarm(self, given: str) -> Document:
        return self._json(f'/alarms/{_word(given)}/bundle')

    def alarms(self, since: float | None, answer: str | None) -> Iterable[Document]:
        return self._pages('alarms', '/alarms', since=times.stamp(since), answer=answer)

    def alarm(self, given: str) -> Document:
        return self._json(f'/alarms/{_word(given)}')

    def hosts(self) -> Document:
        trouble: list[str] = []
        found: list[Document] = []
        marker: str | None = ''
        while marker is not None:
            more = {'marker': marker} if marker else {}
            answer = self._client.get('/hosts', {'limit': PAGE, **more})
            found += answer['hosts']
            trouble, marker = answer['trouble'], answer['next']
        return {'hosts': found, 'trouble': trouble}

    def host(self, name: str) -> Document:
        return self._json(f'/hosts/{_word(name)}')

    def plan(self, host: str, kind: str) -> Document:
        return self._client.post(f'/hosts/{_word(host)}/plan', {'kind': kind})

    def windows(self, ended: bool) -> Iterable[Document]:
        return self._pages('windows', '/windows', all='true' if ended else 'false')

    def window(self, given: str) -> Document:
        return self._json(f'/windows/{_word(given)}')

    def fence_paths(self) -> Iterable[Document]:
        return self._pages('fence_paths', '/fence-paths')

    def fence_path(self, name: str) -> Document:
        return self._json(f'/fence-paths/{_word(name)}')

    def workers(self) -> Iterable[Document]:
        return self._pages('workers', '/workers')

    def findings(self, devices: bool) -> Iterable[Finding]:
        from recovery.view.finding import Finding, Level

        if devices:
            raise exits.UsageError('--devices asks the devices from this machine, and no API')
        for one in self._json('/findings')['findings']:
            yield Finding(Level(one['level']), one['check'], one['finding'], one['todo'])

    def order_recovery(self, identifier: str, order: Order) -> Document:
        return self._client.post(f'/recoveries/{_word(identifier)}/actions', order)

    def order_host(self, host: str, order: Order) -> Document:
        return self._client.post(f'/hosts/{_word(host)}/actions', order)

    def order_workers(self, name: str | None, order: Order) -> Document:
        path = '/workers/actions' if name is None else f'/workers/{_word(name)}/actions'
        return self._client.post(path, order)

    def switch(self, order: Order) -> Document:
        return self._client.post('/service/actions', order)

    def raise_alarm(self, said: Order, by: str) -> Document:
        if by:
            raise exits.UsageError('the API knows who calls by the token: leave --by away')
        return self._client.post('/alarms', _timed(said, 'at'))

    def decide(self, identifier: str, reason: str) -> Document:
        order = {'action': 'decide', 'reason': reason}
        return self._client.post(f'/alarms/{_word(identifier)}/actions', order)

    def add_window(self, order: Order) -> Document:
        return self._client.post('/windows', _timed(order, 'begins_at', 'ends_at'))

    def close_window(self, identifier: str, reason: str) -> Document:
        order = {'action': 'close', 'reason': reason}
        return self._client.post(f'/windows/{_word(identifier)}/actions', order)


def _word(text: str) -> str:
    """As one part of a path."""
    return quote(text.strip(), safe='')


def _timed(order: Order, *names: str) -> dict[str, Any]:
    """With times as text, and without those that are not given."""
    found = {name: value for name, value in order.items() if value is not None}
    return found | {name: times.stamp(found[name]) for name in names if name in found}
