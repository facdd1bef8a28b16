"""The desk at the database of the site."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from recovery.cli import exits
from recovery.cli.people import person, who

if TYPE_CHECKING:
    from recovery.cli.context import Context
    from recovery.view.finding import Finding
    from recovery.view.page import Page

Document = dict[str, Any]
Order = Mapping[str, Any]


class Here:
    """Reads and writes with what the context has; imports what a command needs, when it does."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def allow(self, order: str, host: str, segment: str | None) -> None:
        from recovery.db import hosts
        from recovery.operate.rules import Rules

        if host and segment is None:
            with self._context.store.read() as connection:
                segment = hosts.get(connection, host).segment
        Rules(self._context.conf).demand(order, person(), host=host, segment=segment)

    def recoveries(
        self,
        *,
        states: Collection[str] = (),
        host: str | None = None,
        kind: str | None = None,
        since: float | None = None,
    ) -> Iterable[Document]:
        from recovery.view.documents import recoveries
        from recovery.view.recoveries import Filter

        return recoveries.listing(self._context.store, Filter(states, host, kind, since))

    def recovery(self, given: str) -> Document:
        from recovery.view.page import described

        return described(self.page(given))

    def page(self, given: str) -> Page:
        from recovery.view.page import read

        return read(self._context.store, given)

    def waiting_for(self, host: str) -> list[str]:
        from recovery.operate.confirm import waiting_for

        row = waiting_for(self._context.store, host)
        return [f'Recovery {row["id"]} waits: {row["reason"]}']

    def items(self, given: str, states: Collection[str]) -> Iterable[Document]:
        from recovery.view.documents import recoveries

        return recoveries.items(self._context.store, given, states)

    def history(self, given: str, sorts: Collection[str]) -> Iterable[Document]:
        from recovery.view.documents import recoveries

        return recoveries.history(self._context.store, given, sorts)

    def graph(self, of: str, form: str, plain: bool) -> list[str]:
        from recovery.view import graph, shape

        if of in shape.kinds():
            return graph.of_kind(of).lines(form, plain=plain)
        return graph.of_recovery(self._context.store, of).lines(form, plain=plain)

    def bundle(self, given: str) -> Document:
        from recovery.view import bundle, bundle_file

        return bundle_file.sealed(bundle.body(self._context.store, given))

    def bundle_of_alarm(self, given: str) -> Document:
        from recovery.view import bundle, bundle_file

        return bundle_file.sealed(bundle.body_of_alarm(self._context.store, given))

    def alarms(self, since: float | None, answer: str | None) -> Iterable[Document]:
        from recovery.view.documents import alarms

        return alarms.listing(self._context.store, since=since, answer=answer)

    def alarm(self, given: str) -> Document:
        from recovery.view.documents import alarms

        return alarms.one(self._context.store, given)

    def hosts(self) -> Document:
        from recovery.view.documents import hosts

        return hosts.listing(self._context.site)

    def host(self, name: str) -> Document:
        from recovery.view.documents import hosts

        return hosts.one(self._context.site, name)

    def plan(self, host: str, kind: str) -> Document:
        from recovery.intake.plan import plan

        return plan(self._context.site, host, kind).as_dict()

    def windows(self, ended: bool) -> Iterable[Document]:
        from recovery.view.documents import windows

        return windows.listing(self._context.store, ended=ended)

    def window(self, given: str) -> Document:
        from recovery.operate import windows
        from recovery.view.documents.windows import one

        store = self._context.store
        return one(windows.find(store, given), store.clock.now())

    def fence_paths(self) -> Iterable[Document]:
        from recovery.view.documents import hosts

        return hosts.paths(self._context.store)

    def fence_path(self, name: str) -> Document:
        from recovery.view.documents import hosts

        return hosts.path(self._context.store, name)

    def workers(self) -> Iterable[Document]:
        from recovery.view.documents import processes

        return processes.listing(self._context.store)

    def findings(self, devices: bool) -> Iterable[Finding]:
        from recovery.view.doctor import examine

        return examine(self._context.site, devices=devices)

    def order_recovery(self, identifier: str, order: Order) -> Document:
        from recovery.operate.orders import recoveries

        return recoveries.give(self._context.store, identifier, order, by=who())

    def order_host(self, host: str, order: Order) -> Document:
        from recovery.operate.orders import hosts

        return hosts.give(self._context.site, host, order, by=who())

    def order_workers(self, name: str | None, order: Order) -> Document:
        from recovery.operate.orders import workers

        return workers.give(self._context.store, name, order, by=who())

    def switch(self, order: Order) -> Document:
        from recovery.operate.orders import scopes

        return scopes.switch(self._context.store, order, by=who())

    def raise_alarm(self, said: Order, by: str) -> Document:
        from recovery import intake
        from recovery.operate.orders import alarms

        try:
            return alarms.raise_(self._context.site, said, by=by or who(), source='cli')
        except intake.BadAlarm as error:
            raise exits.UsageError(str(error)) from error

    def decide(self, identifier: str, reason: str) -> Document:
        from recovery.operate.orders import alarms

        return alarms.decided(self._context.site, identifier, by=who(), reason=reason)

    def add_window(self, order: Order) -> Document:
        from recovery.operate.orders import scopes

        return scopes.add_window(self._context.store, order, by=who())

    def close_window(self, identifier: str, reason: str) -> Document:
        from recovery.operate import windows
        from recovery.operate.orders import scopes

        store = self._context.store
        window = windows.find(store, identifier)
        return scopes.close_window(store, window, by=who(), reason=reason)
