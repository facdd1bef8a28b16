"""For each rule that is never broken, a line of the product undone that breaks it, and the scene
in which that is seen. A rule without one counts as untested.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from drivers.compute.http import Deadline
from drivers.compute.nova import NovaCompute
from drivers.contracts.alarms import Alarm
from drivers.contracts.fencing import FenceLevel, PowerState
from drivers.inventory import file as inventory
from drivers.inventory.file import FileInventory
from drivers.simulated import bmc
from flows.evacuation import judge, reserve, retry_rule, settle, table
from flows.fencing import levels, readings, watch
from flows.stop import StoreAway
from flows.tasks import instances, returning, service
from flows.tasks import spares as tasks_spares
from recovery import intake
from recovery.board.conductor import RecoveryConductor
from recovery.claims import act
from recovery.claims.claim import Claim
from recovery.claims.ledger import Ledger
from recovery.claims.orphans import Orphans
from recovery.claims.together import Together
from recovery.db import decisions, intents, items, recoveries, scopes, states
from recovery.intake import gates_port
from recovery.policy import decide
from recovery.policy.gate import FOUND, admit
from recovery.policy.inputs import Approval
from recovery.site import Site
from recovery.view import numbers
from tests.oracle import approved, comebacks, outlets, pauses, scenes, spares
from tests.oracle.scenes import Patch, Scene

#: Rules that come with a later order, and why.
LATER: Mapping[str, str] = {}
#: Parts of rules that come later.
PARTS_LATER: Mapping[str, str] = {
    'S26': 'notifications: come with the API; states, sentences, counts and metrics are judged',
}


@dataclass(frozen=True)
class Sabotage:
    """One line of the product, undone."""

    rule: str  #: what the oracle has to say
    name: str
    sentence: str  #: what the product then does
    patch: Patch
    scene: Scene


def gate(*names: str) -> Patch:
    """These gates let everything pass."""
    asked = decide._ask

    def ask(one: Any, *more: Any) -> Any:
        return decide.Asked(one, admit('sabotaged')) if one.name in names else asked(one, *more)

    return lambda patch: patch.setattr(decide, '_ask', ask)


def put(where: object, name: str, value: object) -> Patch:
    """Something else in its place."""
    return lambda patch: patch.setattr(where, name, value)


def _off_without_asking(self: watch.PowerWatch) -> None:
    vars(self)['_off_at'] = self._clock.elapsed()


def _unwritten(self: Together, work: Any) -> Any:
    try:
        return _run(self, work)
    except StoreAway:
        return self._clock.elapsed() + 5.0, 0, None


_run = Together.run


def _unknown_is_off(device: Any, clock: Any, timeout: float | None = None) -> Any:
    return replace(_read(device, clock, timeout), state=PowerState.OFF)


_read = readings.read
_path = FileInventory.path
_explained = bmc.SimulatedFencing._explained


def _with_password(self: Any, status: int, message: str) -> Any:
    return _explained(self, status, f'{message} (we said {self._password})')


def _half_a_level(number: int, devices: tuple[Any, ...]) -> FenceLevel:
    return FenceLevel(number, devices[:1])


def _one_is_enough(patch: Any) -> None:
    patch.setattr(levels, 'all', any, raising=False)
    patch.setattr(readings, 'all', any, raising=False)


def _as_an_alarm(site: Site, host: str) -> Any:
    return intake.receive(site, Alarm('plan', 'key', 'host-down', host, site.clock.now()))


def _not_forced(self: Any, **_arguments: Any) -> dict[str, Any]:
    return {'service': '', 'at': 0.0}


_note = Ledger.note


def _tries_are_forgotten(self: Ledger, name: str, value: Any) -> None:
    if not name.startswith('fence-tries'):
        _note(self, name, value)


_many = iter(range(10_000))

SABOTAGES: tuple[Sabotage, ...] = (
    Sabotage('S1', 'on is off', 'an ON of the device counts as OFF',
             lambda patch: patch.setitem(bmc.POWER, 'on', PowerState.OFF),
             scenes.it_is_cut_off_and_its_bmc_is_stuck),
    Sabotage('S1', 'every host is proven', 'an earlier destination counts as fenced that was not',
             put(judge.Judge, '_proven_off_since', lambda *_: True), scenes.a_destination_freezes),
    Sabotage('S2', 'silence is off', 'a device that does not answer counts as OFF',
             put(readings, 'read', _unknown_is_off), scenes.it_is_cut_off_and_its_bmc_is_dead),
    Sabotage('S3', 'the wrong device', "another host's device is read and switched",
             put(FileInventory, 'path', lambda self, host: _path(self, 'compute-03')),
             scenes.it_is_cut_off_beside_one_that_is_off),
    Sabotage('S4', 'a watch that sleeps', 'the proof stays fresh without a reading',
             put(watch.PowerWatch, 'look', _off_without_asking), scenes.it_takes_a_minute),
    Sabotage('S5', 'a proof is inherited', 'a new owner looks at the power once only',
             put(instances.Evacuate, '_prove_again', lambda *given: given[2].look()),
             scenes.a_worker_is_killed),
    Sabotage('S6', 'no blocking key', 'two recoveries of one host may be live',
             put(recoveries, 'open_key', lambda kind, subject: f'{subject}:{next(_many)}'),
             scenes.two_alarms),
    Sabotage('S6', 'an instance for itself', 'an instance is started on a host that is fenced',
             put(recoveries, 'above', lambda *_, **__: None),
             scenes.an_instance_fails_beside_its_host),
    Sabotage('S7', 'a claim for ever', 'a write no longer proves that the recovery is ours',
             put(Claim, 'touch', lambda *_, **__: None), scenes.a_worker_freezes),
    Sabotage('S8', 'no force-down', 'instances are evacuated from a host that Nova believes in',
             put(service.ForceDown, 'execute', _not_forced), scenes.a_host_dies),
    Sabotage('S9', 'Nova is not asked', 'a host is fenced although its service reports',
             gate('nova'), scenes.it_is_alive),
    Sabotage('S9', 'nobody listens', 'a host is fenced although it answers',
             gate('signs-of-life'), scenes.it_answers),
    Sabotage('S9', 'a veto is nothing', 'a host is fenced although its agent vetoes',
             gate('veto'), scenes.its_agent_vetoes),
    Sabotage('S10', 'we are never cut off', 'hosts are fenced although no witness is reached',
             gate('isolated'), scenes.we_are_cut_off),
    Sabotage('S11', 'a rack is no domain', 'hosts are fenced although most of a rack looks failed',
             gate('domain-failure', 'storm'), scenes.most_of_a_segment_dies),
    Sabotage('S15', 'no cool-down', 'hosts are fenced while others return from a storm',
             gate('storm'), scenes.a_storm_has_just_passed),
    Sabotage('S16', 'a window is nothing', 'hosts are fenced in a maintenance window',
             gate('window'), scenes.a_window_is_open),
    Sabotage('S11', 'nobody counts', 'hosts are fenced however many look failed',
             gate('mass-failure', 'storm'), scenes.many_hosts_die),
    Sabotage('S11', 'a name is enough', 'an approval passes whatever its gates find later',
             put(Approval, 'passes', lambda self, gate, *_: self.saw(gate, FOUND)),
             approved.more_hosts_die_than_were_approved),
    Sabotage('S12', 'no budget', 'any number of hosts is fenced within the window',
             gate('fence-budget'), scenes.two_hosts_die_one_after_the_other),
    Sabotage('S12', 'any number of recoveries', 'a host is recovered however often it dies',
             gate('attempts'), scenes.it_dies_too_often),
    Sabotage('S12', 'any number of tries', 'a device that never obeys is asked for ever',
             put(Ledger, 'note', _tries_are_forgotten), scenes.a_bmc_reads_on_for_ever),
    Sabotage('S13', 'loops go on', 'a host that just returned is fenced again',
             gate('fence-loop'), scenes.it_dies_again_after_its_return),
    Sabotage('S14', 'no look first', 'hosts are fenced right after the start of the service',
             gate('start-up'), scenes.it_is_dead_at_the_start),
    Sabotage('S16', 'maintenance is nothing', 'a host in maintenance is fenced',
             gate('maintenance'), scenes.it_is_in_maintenance),
    Sabotage('S16', 'only asked at first', 'a host comes back under the hands of who works on it',
             put(act, 'OPENING', frozenset()), scenes.it_is_taken_in_hand_while_it_returns),
    Sabotage('S16', 'disabled is nothing', 'a host that somebody else disabled is fenced',
             gate('foreign'), scenes.somebody_disabled_it),
    Sabotage('S16', 'every mark is ours', "somebody else's force-down is taken back",
             put(intents, 'owned', lambda *_, **__: True),
             scenes.somebody_forced_down_what_returns),
    Sabotage('S17', 'every target is sound', 'a host under recovery is named as target',
             put(Ledger, 'hosts_under_recovery', lambda _: frozenset()),
             scenes.the_next_host_is_under_recovery),
    Sabotage('S18', 'half a level', 'only the first device of a level is switched and read',
             put(inventory, 'FenceLevel', _half_a_level), outlets.it_has_two_outlets),
    Sabotage('S18', 'one is enough', 'a level passes when one of its devices reads OFF',
             _one_is_enough, outlets.one_of_its_outlets_says_nothing),
    Sabotage('S19', 'no record is open', 'a host boots while an evacuation from it is open',
             put(returning, 'evacuations', lambda *_: []),
             scenes.an_evacuation_is_open_when_it_is_asked_back),
    Sabotage('S20', 'nothing is strange', 'a host is opened with an instance nobody explains',
             put(Ledger, 'marked_failed', lambda _: False),
             scenes.something_is_there_when_it_comes_back),
    Sabotage('S21', 'Placement is not asked', 'an empty list is believed',
             put(NovaCompute, 'consumers', lambda *_, **__: frozenset()),
             scenes.nova_lists_nothing),
    Sabotage('S21', 'moved for good', 'what came back to a host counts as moved when that dies',
             put(items, '_is_back', lambda *_: False),
             comebacks.it_comes_back_and_dies_with_its_host),
    Sabotage('S22', 'failed is failed', 'an evacuate is sent while another may still arrive',
             put(retry_rule, 'forbids', lambda *_: ''), scenes.a_destination_freezes),
    Sabotage('S22', 'always up', 'a destination counts as up that nobody saw for a minute',
             put(settle, '_watch_destination', lambda attempt, _seen: attempt),
             scenes.a_destination_freezes),
    Sabotage('S23', 'everything is undone', 'a host that was told to die is enabled',
             put(intents, 'acted_for_good', lambda *_: False),
             scenes.an_undo_is_asked_for_too_late),
    Sabotage('S1', 'a spare too early', 'a reserved host is opened for one that is not proven off',
             put(service.ForceDown, 'execute', _not_forced), spares.a_spare_takes_all),
    Sabotage('S23', 'nothing is there', 'a spare is given back with instances on it',
             put(reserve.Reserve, '_holds', lambda *_: ''), spares.a_spare_takes_all),
    Sabotage('S23', 'who returns it', 'a spare that nothing came to stays in service',
             put(tasks_spares.ReturnSpare, 'execute', lambda *_, **__: {'kept': []}),
             spares.nothing_comes_to_the_spare),
    Sabotage('S24', 'every disk is shared', 'instances on local disks are rebuilt empty',
             put(table, '_loses_disk', lambda *_: False), scenes.its_disks_are_local),
    Sabotage('S25', 'nothing is written down', 'decisions leave no record',
             put(decisions, 'add', lambda *_, **__: 0), scenes.a_host_dies),
    Sabotage('S25', 'the line is not written down', 'the host is fenced without a word why',
             put(gates_port, 'record', lambda *_: None), scenes.a_host_dies),
    Sabotage('S26', 'all is well', 'a recovery with failures says that it is done',
             put(states, 'DONE_WITH_FAILURES', 'done'), scenes.no_host_has_room),
    Sabotage('S26', 'accepted is off', 'a request that changed nothing counts as a success',
             put(numbers, '_result', lambda *_: 'off'),
             scenes.a_device_takes_the_request_and_does_nothing),
    Sabotage('S27', 'an error tells all', 'a password is part of an error message',
             put(bmc.SimulatedFencing, '_explained', _with_password),
             scenes.a_bmc_refuses_the_password),
    Sabotage('S28', 'a plan is an alarm', 'asking what would be begins it',
             put(intake, 'plan', _as_an_alarm), scenes.somebody_asks_what_would_be),
    Sabotage('S29', 'unknown is fine', 'a host is fenced although Nova could not be asked',
             gate('service'), scenes.nova_does_not_say_what_kind_it_is),
    Sabotage('S29', 'it will have been written', 'a host is fenced although the intent was lost',
             put(Together, 'run', _unwritten), scenes.the_database_goes_away_in_mid_fence),
    Sabotage('S30', 'each request anew', 'every request of a question gets the whole time',
             put(Deadline, 'left', lambda self: self.seconds),
             scenes.nova_is_slow_to_each_request),
    Sabotage('S31', 'the dead are not missed', 'what a dead worker held stays where it is',
             put(Orphans, 'sweep', lambda _: ()), scenes.a_worker_is_killed),
    Sabotage('S31', 'nobody lets go', 'a worker that is told to stop keeps what it holds',
             put(RecoveryConductor, 'stop', lambda *_: True), scenes.a_worker_is_told_to_stop),
    Sabotage('S32', 'a pause is a wish', 'what is under way goes on in a pause',
             put(act, '_allowed', lambda *_: None), pauses.it_is_paused_half_way),
    Sabotage('S32', 'a pause has no scope', 'the pause of a host or its segment is not seen',
             put(scopes, 'covering', lambda *_: (scopes.CLOUD,)), pauses.its_host_is_paused),
)  # fmt: skip
