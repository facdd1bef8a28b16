"""A site of ours beside a real Nova: workers and watchers as processes, BMCs that really switch."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from peer_scripts.settings import from_environment

from tests.integration.real_nova import Cloud
from tests.integration.shared import CLOCK, until
from tests.peers import BmcFarm

BIN = Path(sys.executable).parent
ENDED = frozenset({'done', 'done-with-failures', 'undone', 'cancelled', 'superseded', 'expired'})
LOOKS = 3  #: that a human takes before he gives up

#: Nothing waits longer than this cloud needs: its agents report every 5 s and are down after 20.
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    'compute': {'cloud': 'lab', 'interface': 'public'},
    'evacuation': {'instance_storage': 'shared', 'unsettled_seconds': 90, 'absent_seconds': 5},
    'fencing': {'again_seconds': 3},
    'policy': {
        'down_seconds': 10,
        'settle_seconds': 0,
        'startup_seconds': 0,
        'weakened': 'settled, start-up: one host of the cloud dies, and time is short',
    },
    'restore': {'policy': 'never', 'healthy_seconds': 2, 'boot_seconds': 60},
    'watcher': {'again_seconds': 2},
    'worker': {'lease_seconds': 6},
}


@dataclass(frozen=True)
class Result:
    """What one command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Site:
    """Configuration, inventory and database of one deployment, and its processes.

    :param database: SQLAlchemy URL.
    :param options: over :data:`OPTIONS`, by group.
    """

    def __init__(
        self,
        folder: Path,
        cloud: Cloud,
        database: str,
        options: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self.folder = folder
        self.cloud = cloud
        self.database = database
        self.farms = {kind: BmcFarm.needed(kind) for kind in ('ipmi', 'redfish')}
        if not _switching():
            pytest.skip(
                'the BMCs switch no compute: tools/peers stop ipmi redfish, then start them with '
                'RECOVERY_PEERS_HOOK=$PWD/tools/cloud/power'
            )
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._config = folder / 'recovery.conf'
        self._write(database, options or {})
        done = self.cli('db', 'upgrade', '--yes')
        assert done.code == 0, done.err

    def _write(self, database: str, more: Mapping[str, Mapping[str, Any]]) -> None:
        groups: dict[str, dict[str, Any]] = {name: dict(them) for name, them in OPTIONS.items()}
        groups.setdefault('database', {})['connection'] = database
        groups['compute']['clouds_file'] = self.cloud.clouds
        groups['fencing']['inventory'] = self.folder / 'fencing.yaml'
        for name, them in more.items():
            groups.setdefault(name, {}).update(them)
        lines = [
            f'[{name}]\n' + ''.join(f'{key} = {value}\n' for key, value in them.items())
            for name, them in groups.items()
        ]
        self._config.write_text('\n'.join(lines))
        hosts = {host: [[self._device(kind, host)] for kind in self.farms]
                 for host in self.cloud.hosts}  # fmt: skip
        (self.folder / 'fencing.yaml').write_text(yaml.safe_dump({'hosts': hosts}))
        for name in ('recovery.conf', 'fencing.yaml'):
            (self.folder / name).chmod(0o600)

    def _device(self, kind: str, host: str) -> dict[str, Any]:
        times = {'request_timeout': 5, 'off_timeout': 20}
        return {'driver': kind, **self.farms[kind].settings(host), **times}

    # --- the processes ------------------------------------------------------------------------

    def start(self, kind: str, name: str | None = None) -> None:
        """Start a ``worker`` or a ``watcher`` process."""
        name = name or kind
        with (self.folder / f'{name}.log').open('wb') as log:
            self._processes[name] = subprocess.Popen(
                [str(BIN / f'recovery-{kind}'), '--config-file', str(self._config)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def pid(self, name: str) -> int:
        return self._processes[name].pid

    def owner(self, recovery: str) -> str:
        """The name of the process that runs the recovery now."""
        worker = until('a worker owns it', lambda: self.show(recovery)['worker'])
        return next(name for name in self._processes if f'-{self.pid(name)}-' in worker)

    def kill(self, name: str) -> None:
        """SIGKILL."""
        process = self._processes.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def close(self) -> None:
        """SIGTERM to all; AssertionError when one of them does not end well."""
        for process in self._processes.values():
            process.terminate()
        codes = {}
        for name, process in self._processes.items():
            try:
                codes[name] = process.wait(20.0)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                codes[name] = -9
        self._processes.clear()
        assert not any(codes.values()), f'ended with {codes}: {self.logs()}'

    def logs(self) -> str:
        """The end of what each process said."""
        return '\n'.join(
            f'--- {file.name}\n{file.read_text()[-3000:]}' for file in self.folder.glob('*.log')
        )

    # --- the operator -------------------------------------------------------------------------

    def cli(self, *words: str) -> Result:
        """Run ``recovery ...``."""
        ran = subprocess.run(
            [str(BIN / 'recovery'), '--config-file', str(self._config), *words],
            capture_output=True, text=True, timeout=60.0, check=False,
            env={**os.environ, 'COLUMNS': '200'},
        )  # fmt: skip
        return Result(ran.returncode, ran.stdout, ran.stderr)

    def told(self, *words: str) -> Any:
        """What a command tells programs. AssertionError when it fails."""
        result = self.cli(*words, '-f', 'json')
        assert result.code == 0, f'{words}: {result.code} {result.err}'
        return result.json

    def alarm(self, host: str) -> str:
        """A monitor says that the host is down; the id of the recovery that it leads to."""
        said = self.cli('alarm', 'raise', 'host-down', host, '--source', 'test')
        assert said.code in (0, 4), f'{said.out}{said.err}'
        return self.newest('host-down', host)

    def returns(self, host: str, *more: str) -> str:
        """The operator wants the host back; the id of the recovery that it leads to."""
        said = self.cli('host', 'return', host, '--yes', '--reason', 'repaired', *more)
        assert said.code == 0, f'{said.out}{said.err}'
        return self.newest('host-return', host)

    def approve(self, recovery: str) -> None:
        """A human's word, with another look each time that a gate has found something new since
        the last one: a fence of another recovery that ended meanwhile uses up the budget."""
        words = 'approve', recovery, '--yes', '--reason', 'seen in the room'
        for _ in range(LOOKS):
            said = self.cli(*words)
            if 'look again' not in said.err:
                break
        assert said.code == 0, said.err

    def newest(self, kind: str, host: str) -> str:
        found = self.told('list', '--all', '--kind', kind, '--host', host)
        return str(found[0]['ID'])

    def show(self, recovery: str) -> dict[str, Any]:
        shown: dict[str, Any] = self.told('show', recovery)
        return shown

    def items(self, recovery: str) -> dict[str, dict[str, Any]]:
        """Its instances by name."""
        return {one['Name']: one for one in self.told('items', recovery)}

    def story(self, recovery: str) -> str:
        """Everything that was decided, done and said."""
        return self.cli('history', recovery).out

    def until(self, recovery: str, states: Collection[str], seconds: float = 90.0) -> Any:
        """Wait until the recovery is in one of those states; what ``show`` says then.

        No instance may ever run twice meanwhile.
        """
        return self._until(recovery, seconds, lambda shown: shown['state'] in states)

    def until_code(self, recovery: str, codes: Collection[str], seconds: float = 90.0) -> Any:
        """Wait until the recovery waits for one of those reasons; what ``show`` says then."""
        return self._until(
            recovery,
            seconds,
            lambda shown: shown['state'] in ('held', 'waiting') and shown['code'] in codes,
        )

    def _until(self, recovery: str, seconds: float, true: Callable[[Any], bool]) -> Any:
        end = CLOCK.elapsed() + seconds
        while not true(shown := self.show(recovery)):
            lost = shown['state'] in ENDED or CLOCK.elapsed() > end
            assert not lost, f'{shown}\n{self.story(recovery)}\n{self.logs()}'
            assert not self.cloud.doubled(), self.story(recovery)
            CLOCK.wait(None, 0.3)
        assert not self.cloud.doubled(), self.story(recovery)
        return shown


def _switching() -> bool:
    """Whether the power of a BMC is that of a compute."""
    hooks = (from_environment().directory).glob('ipmi/*/hook')
    return all('cloud/power' in hook.read_text() for hook in hooks)
