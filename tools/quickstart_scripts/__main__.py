"""The play: a host dies, a worker dies over it, and nothing is lost."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shlex
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from peer_scripts.processes import Failed, wait_for
from peer_scripts.settings import TOP

from quickstart_scripts import site, summary
from quickstart_scripts.site import FOLDER, HOSTS, INSTANCES, Site
from quickstart_scripts.stage import act, do, follow, say, typed
from quickstart_scripts.summary import Run, Story

VICTIM = HOSTS[1]
WATCH = ('recovery', 'watch', '--seconds', '0.1')
OWNER = re.compile(r'running by (\S+), claim')


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began = time.monotonic()
    site.use()
    with ExitStack() as ending:
        own = ending.enter_context((TOP / 'tools' / 'quickstart').open())
        try:
            fcntl.flock(own, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print('tools/quickstart is running already, in another terminal', file=sys.stderr)
            return 1
        play = Play()
        ending.callback(play.site.end)
        try:
            return play.run(began)
        except Failed as error:
            print(f'\ntools/quickstart: {error}; logs are in .quickstart/', file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print('\ninterrupted; ending everything', file=sys.stderr)
            return 130


def _is_held(pid: int | None) -> bool:
    """Whether SIGSTOP reached it."""
    try:
        return pid is not None and Path(f'/proc/{pid}/stat').read_text().rsplit(') ')[-1][0] == 'T'
    except OSError:
        return False


class Play:
    """One run."""

    def __init__(self) -> None:
        self.site = Site()
        self.cloud = self.site.cloud
        self.run_ = Run(VICTIM)

    def run(self, began: float) -> int:
        """All acts. Returns the exit code. Raises Failed."""
        self.site.clear()
        self._set_up()
        self._crash()
        self._recover()
        self._return()
        return self._judge(began)

    def _set_up(self) -> None:
        act(1, f'A cloud of {len(HOSTS)} hosts with {INSTANCES} instances')
        self.site.start_cloud()
        say(
            f'Nova, Placement and Keystone are simulated, at {self.cloud.url};',
            f'the BMCs are the Redfish emulator of sushy-tools, at {self.site.farm.address}.',
        )
        typed('export PATH=$PWD/.venv/bin:$PATH RECOVERY_CONFIG=$PWD/.quickstart/recovery.conf')
        do('recovery', 'db', 'upgrade', '--yes')
        self.site.start_services()
        for name in ('worker', 'worker', 'watcher'):
            typed(f'recovery-{name} --config-file .quickstart/recovery.conf &')
        # Whoever sends the first evacuate request is held still when Nova has accepted it, so that
        # the kill meets it in the middle of its work on a busy machine, too.
        pids = [worker.pid() for worker in self.site.workers]
        self.cloud.tell(
            '/kill', kind='nova.evacuate', number=1, moment='answered', pids=pids, signal='SIGSTOP'
        )
        for process in (*self.site.workers, self.site.watcher):
            say(f'  {process.directory.name} is process {process.pid()}')

    def _crash(self) -> None:
        act(2, f'{VICTIM} dies')
        self.cloud.tell(f'/host/{VICTIM}/crash')
        say('Its kernel panics: it has power, and nothing on it works. Nova does not know yet.')
        if not wait_for(lambda: not self.cloud.ask()['hosts'][VICTIM]['up'], 30.0):
            raise Failed(f'Nova still believes that {VICTIM} is up')
        say('Now Nova sees it down. What would happen? This changes nothing:')
        do('recovery', 'plan', VICTIM)

    def _recover(self) -> None:
        act(3, 'A monitor raises the alarm, and the recovery begins')
        self.site.check()
        alarm = ('--source', 'monitor', '--evidence', json.dumps({'ping': 'lost'}))
        do('recovery', 'alarm', 'raise', 'host-down', VICTIM, *alarm)
        run = self.run_
        run.recovery = site.read('list', '--host', VICTIM)[0]['ID']
        follow(*WATCH, run.recovery[:8], heard=self._heard, meanwhile=self._look)
        if not run.killed_pid:
            raise Failed('the recovery ended before its worker could be killed')
        do('recovery', 'show', run.recovery[:8])

    def _heard(self, line: str) -> None:
        found = OWNER.search(line)
        if found and found[1] not in self.run_.owners:
            self.run_.owners.append(found[1])

    def _look(self) -> None:
        """Kill the worker as soon as Nova has accepted its first evacuate request."""
        run = self.run_
        held = [worker for worker in self.site.workers if _is_held(worker.pid())]
        if run.killed_pid or not held:
            return
        worker = held[0]
        run.killed_pid, run.killed_at = worker.pid() or 0, time.time()
        self.site.kill(worker)
        say('', 'Nova accepted the first evacuate request. Whoever sent it dies:')
        typed(f'kill -9 {run.killed_pid}')
        say('')
        run.sent_before = sum(one['what'] == 'evacuate.accepted' for one in self.cloud.events())

    def _return(self) -> None:
        act(4, f'{VICTIM} was repaired and comes back')
        wish = ('--yes', '--reason', 'the memory was replaced')
        do('recovery', 'host', 'return', VICTIM, *wish)
        self.run_.host_return = site.read('list', '--kind', 'host-return')[0]['ID']
        follow(*WATCH, self.run_.host_return[:8])
        do('recovery', 'list')

    def _judge(self, began: float) -> int:
        act(5, 'What came of it')
        story = Story(self.run_, self.cloud, time.time())
        say(*summary.lines(self.run_, story), '')
        wrong = [*summary.wrong(self.run_, story), *self._dead()]
        for sentence in wrong:
            say(f'WRONG: {sentence}')
        config = f'RECOVERY_CONFIG={shlex.quote(os.path.relpath(FOLDER / "recovery.conf", TOP))}'
        say(
            f'{time.monotonic() - began:.0f} s in all. Logs and database are in .quickstart/:',
            f'  {config} .venv/bin/recovery history {self.run_.recovery[:8]}',
        )
        return 1 if wrong else 0

    def _dead(self) -> list[str]:
        alive = [one for one in self.site.workers if one.pid() is not None]
        return [] if len(alive) == 1 else [f'{len(alive)} workers are alive, not one']


if __name__ == '__main__':
    sys.exit(main())
