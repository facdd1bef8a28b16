"""Can the host be fenced, and would it be this host?"""

from __future__ import annotations

from recovery.policy.gate import Answer, Gate, admit, hold, unknown
from recovery.policy.inputs import Inputs, Missing


def _path(inputs: Inputs) -> Answer:
    devices = inputs.devices
    if isinstance(devices, Missing):
        return unknown(f'the fencing inventory cannot be used: {devices.why}', 'recovery doctor')
    if not devices:
        return hold(
            f'the fencing inventory has no device for {inputs.subject}; without one it can '
            'neither be fenced nor proven off: add it',
            f'recovery host check {inputs.subject}',
            devices=0,
        )
    levels = len({one.level for one in devices})
    return admit(
        f'{len(devices)} devices in {levels} levels', devices=[one.name for one in devices]
    )


def _alone(inputs: Inputs) -> Answer:
    clashes = inputs.clashes
    if isinstance(clashes, Missing):
        return unknown(f'cannot compare the devices of all hosts: {clashes.why}', 'recovery doctor')
    if clashes:
        # Each device by itself is in order: only a look at all hosts shows it.
        return hold('; '.join(clashes), 'recovery doctor', clashes=clashes)
    return admit('its devices belong to no other host')


def _identity(inputs: Inputs) -> Answer:
    devices = inputs.devices
    if isinstance(devices, Missing) or not devices:
        return admit('no device to ask')
    read: dict[str, str] = {}
    for device in devices:
        enrolled, now = inputs.host.identities.get(device.name), device.identity
        if enrolled is None:
            read[device.name] = 'not enrolled'
        elif isinstance(now, Missing):
            read[device.name] = 'does not answer'
        elif now != enrolled:
            return hold(
                f'{device.name} at {device.address} is no longer what it was at enrolment '
                f'({enrolled}); it says {now or "nothing"}: another machine may be behind it',
                f'recovery host check {inputs.subject}',
                device=device.name,
                enrolled=enrolled,
                now=now,
            )
        else:
            read[device.name] = 'unchanged'
    # A device that does not answer is no reason to wait: the next level is there for that.
    return admit('no device says that it is another machine', devices=read)


PATH = Gate(
    name='inventory',
    question='Does the inventory say how to fence the host?',
    on_missing='closed: a host that cannot be fenced cannot be recovered',
    decide=_path,
    needs=frozenset({'devices'}),
    approvable=False,
)

ALONE = Gate(
    name='device-alone',
    question='Do the devices of the host belong to it alone?',
    on_missing='closed: fencing might cut the power of a healthy host',
    decide=_alone,
    needs=frozenset({'services', 'clashes'}),
    approvable=False,
)

IDENTITY = Gate(
    name='identity',
    question='Are the devices the ones that were enrolled?',
    on_missing='open: a dead controller is what the next level of fencing is for',
    decide=_identity,
    needs=frozenset({'devices', 'identities'}),
    approvable=False,
)
