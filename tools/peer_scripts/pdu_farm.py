"""snmpsim as a rack PDU, one outlet per host: a peer for fence_apc_snmp."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from peer_scripts import machine
from peer_scripts.peer import Farm
from peer_scripts.processes import Failed, Process, wait_for
from peer_scripts.settings import TOP, Settings

SIMULATOR = TOP / '.venv/bin/snmpsim-command-responder'
MODULES = Path(__file__).with_name('pdu')
KEPT = ('ok', 'refuse', 'stuck', 'slow', 'lie', 'odd', 'busy')  #: faults of one outlet
SIGNALLED = {'hang': signal.SIGSTOP, 'dead': signal.SIGKILL}  #: faults of the whole PDU

MODEL = '1.3.6.1.4.1.318.1.3.4.5'  # an APC rack PDU
MODEL_OF_DEVICE = '1.3.6.1.2.1.1.2.0'
CONTROL = '1.3.6.1.4.1.318.1.1.12.3.3.1.1.4'
NAMES = '1.3.6.1.4.1.318.1.1.12.3.5.1.1.2'
STATUS = '1.3.6.1.4.1.318.1.1.12.3.5.1.1.4'


class PduFarm(Farm):
    """One PDU. ``fault``, ``power`` and ``received`` may be used while it runs."""

    name = 'pdu'
    packages = ('fence-agents', 'snmp')
    programs = (str(SIMULATOR), 'snmpget')

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.process = Process(self.directory)

    def start(self) -> None:
        if self.runs():
            return
        for name in self.settings.names:
            own = self.directory / name
            own.mkdir(parents=True, exist_ok=True)
            (own / 'hook').write_text(self.settings.hook + '\n')
            (own / 'fault').write_text('ok\n')
            (own / 'received').write_text('')
            if not (own / 'power').exists():
                (own / 'power').write_text('on\n')
        data = self.directory / 'data'
        data.mkdir(exist_ok=True)
        (data / f'{self.settings.password}.snmprec').write_text(self._records())
        command = [
            str(SIMULATOR),
            f'--agent-udpv4-endpoint=127.0.0.1:{self.settings.pdu_port}',
            f'--data-dir={data}',
            f'--cache-dir={self.directory / "cache"}',
            f'--variation-modules-dir={MODULES}',
            '--log-level=error',
        ]
        if os.geteuid() == 0:  # it would become nobody, who may read none of this
            command += ['--process-user=root', '--process-group=root']
        self.process.start(command)

    def _records(self) -> str:
        records = [f'{MODEL_OF_DEVICE}|6|{MODEL}']
        for table, kind in ((CONTROL, '2:outlet'), (NAMES, '4'), (STATUS, '2:outlet')):
            for number, name in enumerate(self.settings.names, start=1):
                behind = f'{machine.CHASSIS},{self.directory / name},{name}'
                records.append(f'{table}.{number}|{kind}|{name if kind == "4" else behind}')
        # It finds records by bisection: they have to be in the order of their numbers.
        order = sorted(
            records, key=lambda line: [int(one) for one in line.split('|')[0].split('.')]
        )
        return '\n'.join(order) + '\n'

    def wait(self) -> None:
        def answers() -> bool:
            if self.process.pid() is None:
                raise Failed(f'it ended at once; see {self.process.log}')
            ask = [
                *('snmpget', '-v', '2c', '-c', self.settings.password, '-r', '0', '-t', '1'),
                *(f'127.0.0.1:{self.settings.pdu_port}', MODEL_OF_DEVICE),
            ]
            return subprocess.run(ask, capture_output=True).returncode == 0

        if not wait_for(answers, 30.0):
            raise Failed(f'it does not answer; see {self.process.log}')

    def stop(self) -> None:
        self.process.stop()

    def runs(self) -> bool:
        return self.process.pid() is not None

    def environment(self) -> Mapping[str, str]:
        outlets = (f'{name}:{number}' for number, name in enumerate(self.settings.names, start=1))
        return {
            'RECOVERY_TEST_PDU': ' '.join(outlets),
            'RECOVERY_TEST_PDU_PORT': str(self.settings.pdu_port),
        }

    def fault(self, name: str, kind: str) -> None:
        if kind in SIGNALLED:
            self.process.signal(SIGNALLED[kind])
            return
        if kind not in KEPT:
            raise Failed(f'no fault is called {kind}; there are {", ".join((*KEPT, *SIGNALLED))}')
        self.process.signal(signal.SIGCONT)
        if not self.runs():
            self.start()
            self.wait()
        (self.directory / name / 'fault').write_text(kind + '\n')

    def power(self, name: str, state: str) -> str:
        return machine.power(self.directory / name, state)

    def received(self, name: str) -> list[str]:
        return (self.directory / name / 'received').read_text().splitlines()
