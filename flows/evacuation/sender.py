"""Sending evacuate requests side by side; each one a guarded act of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection

from drivers.contracts.clock import Clock
from drivers.contracts.compute import ComputeDriver, Instance
from drivers.contracts.errors import AccessDenied, DriverError, NotFound, Refused, Unreachable
from flows.evacuation.aim import Aim
from flows.evacuation.roll import Roll
from flows.evacuation.settings import EvacuationSettings
from flows.evacuation.settle import Seen, newest_record
from flows.evacuation.slots import Slots
from flows.evacuation.table import needs_reset
from flows.evacuation.targets import Nowhere, Only, Targets
from flows.fencing.watch import PowerWatch
from flows.ports import Act, Claim
from flows.records import Attempt, AttemptState, Item, ItemState
from flows.stop import Stop, Waiting

IDLE_SECONDS = 1.0
STALE_SECONDS = 0.2


class Sender:
    """What all senders of one evacuation share.

    :param unfit: hosts that must not be named now; asked for each target, because a host may get
        an alarm of its own between two views of where there is room (S17).
    """

    def __init__(
        self,
        *,
        claim: Claim,
        compute: ComputeDriver,
        watch: PowerWatch,
        slots: Slots,
        roll: Roll,
        clock: Clock,
        settings: EvacuationSettings,
        unfit: Callable[[], Collection[str]],
        aim: Aim,
        extend: Callable[[int], None],
        word: int | None = None,
    ) -> None:
        self._claim = claim
        self._compute = compute
        self._watch = watch
        self._slots = slots
        self._roll = roll
        self._clock = clock
        self._settings = settings
        self._unfit = unfit
        self._lock = threading.Lock()
        self._aim = aim
        self._seen = Seen(0.0, frozenset(), {}, {})  # nothing is sent before the first look
        self._word = word  # of a human, which the first request has to use before it expires
        self._extend: Callable[[int], None] | None = extend
        self._targets: Targets | Only = Targets((), ())
        if aim.spare is not None:  # never the scheduler's choice, also before the first look
            self._targets = Only(aim.spare, None, ())
        self._unnamed: set[str] = set()  # instances whose named target was refused
        self.ended = threading.Event()
        self.trouble: BaseException | None = None

    def aim(self, targets: Targets | Only) -> None:
        """Take a fresh view of where there is room."""
        with self._lock:
            self._targets = targets

    def look(self, seen: Seen, closed: Collection[str]) -> None:
        """Take a fresh view of the instances, and of hosts that are not to be named."""
        self._seen = seen
        if self._aim.spare is not None:
            return  # it is the only one: what one look alone says of it passes nothing on
        with self._lock:
            for host in closed:
                self._targets.drop(host)

    def run(self) -> None:
        """Send until :attr:`ended`; the body of one sender."""
        try:
            while not self.ended.is_set():
                if not self._watch.fresh():
                    self._clock.wait(self.ended, STALE_SECONDS)
                elif (item := self._roll.next()) is None:
                    self._clock.wait(self._roll.wake_senders, IDLE_SECONDS)
                else:
                    self._send(item)
        except (Stop, Exception) as trouble:  # handed on: the step's own thread raises it
            self.trouble = self.trouble or trouble
            self.ended.set()
            self._roll.wake_loop.set()

    def _send(self, item: Item) -> None:
        with self._slots.one():
            if not self._ready(item):
                return
            try:
                target = self._target(item)
            except Nowhere as why:
                self._roll.change(item.instance, {'reason': str(why)})
                self._roll.pass_on(item.instance)
                return
            if needs_reset(item.vm_state, keep_stopped=item.keep_stopped):
                self._reset(item)
                if not self._ready(item):  # it may have taken longer than a reading is good for
                    return
            self._evacuate(item, target)

    def _ready(self, item: Item) -> bool:
        """Whether it may be sent as far as is known now; else somebody looks at it again."""
        if not self._off():
            self._roll.give_back(item)
            return False
        return not self._more_to_see(item)

    def _off(self) -> bool:
        """Whether the host was read OFF just now, and nobody has ended the sending (S2)."""
        return self._watch.fresh() and not self.ended.is_set()

    def _more_to_see(self, item: Item) -> bool:
        """Whether somebody else has evacuated it since a look allowed to send it: a sender may have
        waited for its turn. The next look decides then."""
        if newest_record(self._seen, item.instance) <= self._roll.newest(item):
            return False
        self._roll.look_again(item)
        return True

    def _reset(self, item: Item) -> None:
        within = self._settings.write_seconds
        try:
            with self._claim.act(
                'reset-state', item.instance, observed={'vm_state': item.vm_state}, within=within
            ) as act:
                self._compute.reset_to_active(item.instance, timeout=act.timeout)
        except (Unreachable, Refused):
            return  # the evacuate says what is wrong

    def _evacuate(self, item: Item, target: str | None) -> None:
        after = self._roll.newest(item)
        with self._claim.act(
            'evacuate',
            item.instance,
            observed={'source': item.source, 'power': self._watch.last},
            within=self._settings.write_seconds,
            attempt_target=target,
            attempt_after=after,
            attempt_word=self._word,
        ) as act:
            attempt = self._attempt(item, target, after, act)
            self._roll.started(item, attempt)
            try:
                sent = self._request(item, target, attempt, act)
            finally:
                self._roll.sent(item)
        extend = self._extend
        if sent and extend is not None and self._word is not None:
            self._extend = None
            extend(self._word)

    def _request(self, item: Item, target: str | None, attempt: Attempt, act: Act) -> bool:
        """Whether it was accepted, or may have been."""
        if not self._off():  # the commit took its time
            unsent = f'not sent: {self._watch.last}'
            self._ended(item, attempt, unsent, ItemState.PENDING, AttemptState.ABSENT)
            return False
        # What was stopped Nova keeps stopped unasked, also where it is too old to be asked.
        keep_stopped = item.keep_stopped and item.vm_state != 'stopped'
        try:
            request = self._compute.evacuate(
                item.instance, target=target, keep_stopped=keep_stopped, timeout=act.timeout
            )
        except Unreachable as error:
            # It may have arrived: the attempt stays open until Nova's records tell.
            self._roll.change(item.instance, {}, {attempt.id: {'reason': str(error)[:500]}})
            return True
        except AccessDenied as error:
            self._refused(item, attempt, str(error), ItemState.PENDING)
            raise Waiting(
                f'Nova does not accept our credentials or role: {error}',
                code='nova-denied',
                verb='recovery doctor',
                again_in=60.0,
            ) from error
        except Refused as error:
            if isinstance(error, NotFound) and self._deleted(item):
                self._refused(item, attempt, 'it was deleted meanwhile', ItemState.LEFT)
                return False
            self._said_no(item, target, attempt, error)
            return False
        values = {'state': AttemptState.ACCEPTED, 'request_id': request}
        self._roll.change(item.instance, {}, {attempt.id: values})
        return True

    def _said_no(self, item: Item, target: str | None, attempt: Attempt, error: Refused) -> None:
        # Without a status Nova was not even asked: another target would not help.
        why = f'Nova refused: {error}'
        if self._aim.spare is None and target is not None and error.status is not None:
            self._unnamed.add(item.instance)
            self._targets.drop(target)
            self._refused(item, attempt, why, ItemState.PENDING)
        elif self._aim.last:
            self._refused(item, attempt, why, ItemState.FAILED)
        else:
            self._refused(item, attempt, why, ItemState.PENDING)
            self._roll.pass_on(item.instance)

    def _deleted(self, item: Item) -> bool:
        """Whether it was the instance that Nova did not find: it may have been the target."""
        try:
            self._compute.instance(item.instance, timeout=self._settings.read_seconds)
        except NotFound:
            return True
        except DriverError:
            return False
        return False

    def _attempt(self, item: Item, target: str | None, after: int, act: Act) -> Attempt:
        assert act.attempt_id is not None
        now = self._clock.now()
        return Attempt(
            id=act.attempt_id,
            instance=item.instance,
            round=self._claim.round,
            state=AttemptState.INTENDED,
            target=target,
            at=now,
            deadline_at=now + act.timeout,
            destination_seen_at=now,
            after_record=after,
        )

    def _refused(self, item: Item, attempt: Attempt, why: str, state: ItemState) -> None:
        self._ended(item, attempt, why, state, AttemptState.REFUSED)

    def _ended(
        self, item: Item, attempt: Attempt, why: str, state: ItemState, how: AttemptState
    ) -> None:
        ended = {'state': how, 'ended_at': self._clock.now(), 'reason': why[:500]}
        self._roll.change(item.instance, {'state': state, 'reason': why[:500]}, {attempt.id: ended})

    def _target(self, item: Item) -> str | None:
        instance = self._seen.instances.get(item.instance)
        spread = self._settings.spread == 'capacity' and item.instance not in self._unnamed
        if self._aim.spare is None and not (spread and instance):
            return None
        unfit = self._unfit()
        with self._lock:
            for host in unfit:
                self._targets.drop(host)
            return self._targets.choose(**needed(instance))


def needed(instance: Instance | None) -> dict[str, int]:
    """What an instance asks of a host; nothing when nobody knows."""
    if instance is None:
        return {'vcpus': 0, 'ram_mb': 0, 'disk_gb': 0}
    disk = 0 if instance.boot_from_volume else instance.disk_gb
    return {'vcpus': instance.vcpus, 'ram_mb': instance.ram_mb, 'disk_gb': disk}
