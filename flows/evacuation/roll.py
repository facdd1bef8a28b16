"""The roll of one evacuation: every item and attempt, in memory, shared by loop and senders.

Only the owner of the recovery writes items, so memory and database say the same, but for what
:meth:`Roll.flush` has not handed out yet; that much Nova's records tell again after a crash.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from flows.records import Attempt, Item, ItemState

OPEN = (ItemState.PENDING, ItemState.STARTED, ItemState.UNSETTLED)


class Roll:
    """:param at_once: evacuations that may be under way at the same time."""

    def __init__(self, items: Iterable[Item], attempts: Iterable[Attempt], at_once: int) -> None:
        self._lock = threading.Lock()
        self._items = {item.instance: item for item in items}  # in the order of sending
        self._attempts: dict[str, dict[int, Attempt]] = {}
        for attempt in attempts:
            self._attempts.setdefault(attempt.instance, {})[attempt.id] = attempt
        self._open = {one for one, item in self._items.items() if item.state in OPEN}
        # Nobody has looked at these since they became pending: not sent before that (H1, H5).
        self._unseen = {one for one, item in self._items.items() if item.state is ItemState.PENDING}
        self._newest: dict[str, int] = {}  # id of Nova's newest record when a look allowed it
        self._held: set[str] = set()  # taken by a sender, not recorded as started yet
        self._sending: set[str] = set()  # its request is on the way from this very process
        self._at_once = at_once
        self._written: tuple[dict[str, Any], dict[int, Any]] = ({}, {})
        self._writing: set[str] = set()
        self.blocked: dict[str, str] = {}  #: instances that must not be touched now, and why
        self.passed: set[str] = set()  #: pending ones that this pass does not send (any more)
        self.wake_senders = threading.Event()
        self.wake_loop = threading.Event()

    # --- for senders --------------------------------------------------------------------------

    def next(self) -> Item | None:
        """Take the next item to send; None when there is none, or too many are under way."""
        with self._lock:
            if self._under_way() < self._at_once:
                for instance in self._items:
                    if self._sendable(instance):
                        self._held.add(instance)
                        return self._items[instance]
            self.wake_senders.clear()
            self.wake_loop.set()  # the loop may make room, or find that all is over
            return None

    def give_back(self, item: Item) -> None:
        """It was not sent after all."""
        with self._lock:
            self._held.discard(item.instance)

    def newest(self, item: Item) -> int:
        """Id of the newest record of Nova that was known to the look that allowed it; 0: none."""
        with self._lock:
            return self._newest.get(item.instance, 0)

    def look_again(self, item: Item) -> None:
        """It was not sent: there is more to be seen of it than when it was allowed."""
        with self._lock:
            self._unseen.add(item.instance)
            self._held.discard(item.instance)
            self.wake_loop.set()

    def started(self, item: Item, attempt: Attempt) -> None:
        """The attempt is recorded in the database; the request goes out now."""
        with self._lock:
            self._items[item.instance] = replace(item, state=ItemState.STARTED)
            self._attempts.setdefault(item.instance, {})[attempt.id] = attempt
            self._held.discard(item.instance)
            self._sending.add(item.instance)

    def sent(self, item: Item) -> None:
        """The request was answered, or given up: from now on only Nova's records count."""
        with self._lock:
            self._sending.discard(item.instance)

    def pass_on(self, instance: str) -> None:
        """This pass does not send it: it stays pending for a later one."""
        with self._lock:
            self.passed.add(instance)
            self._held.discard(instance)
            self._unseen.discard(instance)
            self.wake_loop.set()

    # --- for both -----------------------------------------------------------------------------

    def change(
        self,
        instance: str,
        item: Mapping[str, Any],
        attempts: Mapping[int, Mapping[str, Any]] | None = None,
    ) -> None:
        """Change an item and its attempts: in memory now, in the database with the next flush."""
        with self._lock:
            if item:
                self._items[instance] = replace(self._items[instance], **item)
                self._written[0].setdefault(instance, {}).update(item)
                if item.get('state') is ItemState.PENDING:
                    self._unseen.add(instance)
                still = self._items[instance].state in OPEN
                (self._open.add if still else self._open.discard)(instance)
            for identifier, values in (attempts or {}).items():
                own = self._attempts[instance]
                own[identifier] = replace(own[identifier], **values)
                self._written[1].setdefault(identifier, {}).update(values)

    # --- for the loop -------------------------------------------------------------------------

    def allow(self, instance: str, newest: int = 0) -> None:
        """A look found that it may be sent now. :param newest: see :meth:`newest`."""
        with self._lock:
            self.blocked.pop(instance, None)
            self._newest[instance] = newest
            self._unseen.discard(instance)
            self.wake_senders.set()

    def block(self, instance: str, why: str) -> None:
        """A look found that it must not be touched now."""
        with self._lock:
            self.blocked[instance] = why
            self._unseen.discard(instance)

    def open_items(self) -> tuple[Item, ...]:
        """Items that have not ended and that no sender has in hand right now."""
        with self._lock:
            return tuple(self._items[one] for one in self._open - self._held - self._sending)

    def attempts(self, instance: str) -> tuple[Attempt, ...]:
        """Every attempt for an instance, oldest first."""
        with self._lock:
            return tuple(self._attempts.get(instance, {}).values())

    def flush(self, write: Callable[[dict[str, Any], dict[int, Any]], None]) -> None:
        """Write what changed since the last call; its items are not sent before that is done."""
        with self._lock:
            written, self._written = self._written, ({}, {})
            self._writing = set(written[0])
        write(*written)
        with self._lock:
            self._writing = set()
            self.wake_senders.set()

    def over(self) -> bool:
        """Whether nothing can be sent, nothing is under way, and all is written."""
        with self._lock:
            if self._under_way() or self._written[0] or self._written[1]:
                return False
            return not any(map(self._waits_to_be_sent, self._open))

    def sendable(self) -> int:
        """How many items wait to be sent."""
        with self._lock:
            return sum(map(self._sendable, self._open))

    def unended(self) -> int:
        """How many items have not ended."""
        with self._lock:
            return len(self._open)

    def counts(self) -> dict[str, int]:
        """How many items are in each state."""
        counts: dict[str, int] = {}
        for item in self._items.values():
            counts[item.state.value] = counts.get(item.state.value, 0) + 1
        return counts

    def in_state(self, state: ItemState) -> tuple[Item, ...]:
        """Items of one state."""
        with self._lock:
            return tuple(item for item in self._items.values() if item.state is state)

    def _waits_to_be_sent(self, instance: str) -> bool:
        if instance in self.passed:
            return False
        unseen = instance in self._unseen and self._items[instance].state is ItemState.PENDING
        return unseen or self._sendable(instance)

    def _sendable(self, instance: str) -> bool:
        if self._items[instance].state is not ItemState.PENDING or instance in self._held:
            return False
        if instance in self.passed:
            return False
        unwritten = instance in self._written[0] or instance in self._writing
        return not unwritten and instance not in self.blocked and instance not in self._unseen

    def _under_way(self) -> int:
        started = sum(self._items[one].state is ItemState.STARTED for one in self._open)
        return started + len(self._held)
