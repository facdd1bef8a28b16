"""Stuck at the power of the host: what no device can say, a human does."""

from __future__ import annotations

from tests.stuck.situation import HOST, Situation, situation

CONFIRM = f'recovery confirm-fenced {HOST}'
RERUN = 'recovery rerun ID'


def isolated(it: Situation) -> None:
    """Cut off, with its guests running; Nova has noticed."""
    it.world.isolate(HOST)
    it.stage.run(65.0)


def plug_pulled(it: Situation) -> None:
    """What a human does who says that the host is off."""
    it.world.lose_power(HOST)
    it.world.note('confirmed', HOST)


@situation('fence-exhausted')
def test_a_dead_bmc_is_answered_by_a_human(it: Situation) -> None:
    isolated(it)
    it.world.faults.add('bmc.*', 'drop')
    it.start()
    it.stage.alarm(HOST)
    it.stuck('fence-exhausted', f'{HOST} could not be fenced', CONFIRM)
    plug_pulled(it)
    it.follow()
    it.ends()


@situation('fence-exhausted', conf={'fencing.attempts': 1})
def test_a_bmc_that_lies_on_is_answered_by_repairing_it(it: Situation) -> None:
    """confirm-fenced is refused while a device reads ON, and names what leads on."""
    it.dies()
    lie = it.world.faults.add('bmc.power-state', 'lie', 'on')
    it.start()
    it.stage.alarm(HOST)
    it.stuck('fence-exhausted', 'only a human moves it', CONFIRM)
    plug_pulled(it)
    refused = it.follow(code=1)
    assert 'is not off: bmc reads on' in refused.err
    assert refused.next.startswith('recovery rerun ')
    it.world.faults.remove(lie)
    it.follow(refused.next)
    it.ends()


@situation('confirm-unknown')
def test_a_bmc_that_dies_before_the_second_reading(it: Situation) -> None:
    isolated(it)
    it.start()
    # A look before the request, one that sees it off, and the first of the two that count.
    it.world.faults.add('bmc.*', 'drop', skip=5)
    it.stage.alarm(HOST)
    it.stuck('confirm-unknown', 'now it cannot be confirmed', CONFIRM)
    it.world.note('confirmed', HOST)
    it.follow()
    it.ends()


@situation('rounds')
def test_a_host_that_comes_on_again_and_again(it: Situation) -> None:
    it.dies()
    it.start()
    asked = iter(range(100))

    def press(event: object) -> None:
        host = it.world.hosts[HOST]
        if getattr(event, 'what', '') == 'bmc.read' and not host.chassis and next(asked) % 2:
            it.world.schedule(0.5, lambda: it.world.power.switch(host, 'on'))

    it.world.trace.listeners.append(press)
    it.stage.alarm(HOST)
    it.stuck('rounds', 'round 5 ended like the ones before', RERUN)
    it.world.trace.listeners.remove(press)
    it.follow()
    it.ends()
    assert it.stage.recovery()['round'] == 6


@situation('sign-of-life')
def test_a_report_while_the_power_reads_off(it: Situation) -> None:
    """Swapped cables: what was switched off is another machine."""
    it.dies()
    it.start()
    it.stage.alarm(HOST)
    it.stage.until(lambda: any(it.world.trace.find('evacuate.accepted')), step=0.1)
    with it.world:
        it.world.hosts[HOST].last_report = it.world.time
    it.stuck('sign-of-life', 'reported again, although bmc reads off: wrong device?', RERUN)
    it.follow()
    it.ends()
