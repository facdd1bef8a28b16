"""One OpenIPMI ipmi_sim per host: a BMC that nobody here wrote."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from peer_scripts import machine
from peer_scripts.peer import Farm
from peer_scripts.processes import Failed, Process, wait_for
from peer_scripts.settings import Settings

KEPT = ('ok', 'refuse', 'stuck', 'slow', 'lie')  #: faults that the chassis script acts out
SIGNALLED = {'hang': signal.SIGSTOP, 'dead': signal.SIGKILL}  #: faults of the whole BMC

LAN = """\
name "{name}"
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 {port}
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid {guid}
  endlan
  chassis_control "{chassis} {directory} {name} 0x20"
  user 1 true "" "" user 10 none md2 md5 straight
  user 2 true "{user}" "{password}" admin 10 none md2 md5 straight
"""
MACHINE = """\
mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
mc_enable 0x20
"""


class IpmiFarm(Farm):
    """All the hosts' BMCs. ``fault``, ``power`` and ``received`` may be used while they run."""

    name = 'ipmi'
    packages = ('openipmi', 'ipmitool')
    programs = ('ipmi_sim',)

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.processes = {name: Process(self.directory / name) for name in settings.names}

    def start(self) -> None:
        for name, process in self.processes.items():
            if process.pid() is None:
                self._start_one(name, process)
            (process.directory / 'hook').write_text(self.settings.hook + '\n')

    def _start_one(self, name: str, process: Process) -> None:
        own = process.directory
        (own / 'state').mkdir(parents=True, exist_ok=True)
        if any(mark in str(own) for mark in ' "'):
            raise Failed(f'ipmi_sim takes no blanks in its directory: {own}')
        settings = self.settings
        (own / 'fault').write_text('ok\n')
        (own / 'received').write_text('')
        if not (own / 'power').exists():
            (own / 'power').write_text('on\n')
        (own / 'lan.conf').write_text(
            LAN.format(
                name=name,
                port=settings.ipmi_port(name),
                guid=settings.guid(name),
                chassis=machine.CHASSIS,
                directory=own,
                user=settings.user,
                password=settings.password,
            )
        )
        (own / 'machine.emu').write_text(MACHINE)
        process.start(
            [
                *('ipmi_sim', '-n', '-c', own / 'lan.conf'),
                *('-f', own / 'machine.emu', '-s', own / 'state'),
            ]
        )

    def wait(self) -> None:
        for name in self.processes:
            self._wait_for(name)

    def _wait_for(self, name: str) -> None:
        port, process = self.settings.ipmi_port(name), self.processes[name]
        if not wait_for(partial(_listens, port), 10.0) or process.pid() is None:
            raise Failed(f'{name} does not listen on port {port}; see {process.log}')

    def stop(self) -> None:
        for process in self.processes.values():
            process.stop()

    def runs(self) -> bool:
        return all(process.pid() is not None for process in self.processes.values())

    def environment(self) -> Mapping[str, str]:
        ports = (f'{name}:{self.settings.ipmi_port(name)}' for name in self.settings.names)
        return {'RECOVERY_TEST_IPMI': ' '.join(ports)}

    def fault(self, name: str, kind: str) -> None:
        process = self.processes[name]
        if kind in SIGNALLED:
            process.signal(SIGNALLED[kind])
            return
        if kind not in KEPT:
            raise Failed(f'no fault is called {kind}; there are {", ".join((*KEPT, *SIGNALLED))}')
        process.signal(signal.SIGCONT)
        if process.pid() is None:
            self._start_one(name, process)
            self._wait_for(name)
        (process.directory / 'fault').write_text(kind + '\n')

    def power(self, name: str, state: str) -> str:
        return machine.power(self.directory / name, state)

    def received(self, name: str) -> list[str]:
        return (self.directory / name / 'received').read_text().splitlines()


def _listens(port: int) -> bool:
    wanted = f'0100007F:{port:04X}'
    return wanted in Path('/proc/net/udp').read_text()
