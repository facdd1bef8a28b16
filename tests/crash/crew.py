"""Real processes without their start-up time: one that has imported everything forks the others.

    python -m tests.crash.crew SCENE FOLDER

prepares a scene (:mod:`tests.crash.scenery`), says so in a line of JSON, and then does what each
line of JSON asks for: a method of :class:`Crew` and its arguments. It never has a thread when it
forks. All it started dies with it.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from drivers.clock import SystemClock
from drivers.simulated.app import App
from drivers.simulated.server import Handler, Server
from drivers.simulated.world import World
from recovery import plugins
from recovery.cli import main as cli
from tests.crash import launcher, scenery

TOP = Path(__file__).resolve().parents[2]
PATH = f'{TOP}{os.pathsep}{TOP / "tools"}'
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


class Crew:
    """Starts the processes of plays and knows how they ended. Its methods take and give JSON."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._gates: dict[int, int] = {}  # of those that are held: where to let them go
        self._ended: dict[int, int] = {}
        self._living: set[int] = set()

    def serve(self, log: str, doors: Sequence[str] = ('play',)) -> dict[str, str]:
        """Serve a world of its own, as the scene left it. Returns a URL for each door.

        :param doors: names of those who ask. Each has a URL of its own, also as a proxy, so that
            the world's record of requests names them although they are configured alike.
        """
        said, saying = os.pipe()

        def body() -> int:
            os.close(said)
            _serve(self._world, doors, saying)
            return 0

        self._fork(log, body)
        os.close(saying)
        with os.fdopen(said) as urls:
            return dict(json.load(urls))

    def start(
        self,
        name: str,
        arguments: Sequence[str],
        log: str,
        held: bool = False,
        arm: Sequence[Any] = (),
        ahead: float = 0.0,
        door: str = '',
    ) -> int:
        """Start a command of the product. Returns its pid.

        :param held: it does nothing before :meth:`go`.
        :param arm: the arguments of :func:`tests.crash.launcher.arm`.
        :param ahead: seconds by which it sees the clock of the database step.
        :param door: the URL of its door, to be used as a proxy.
        """
        gate, key = os.pipe()

        def body() -> int:
            os.close(key)
            if held:
                os.read(gate, 1)
            if door:
                os.environ['http_proxy'] = door
            if name == 'recovery':
                return cli.main(list(arguments))
            if arm:
                launcher.arm(*arm)
            if ahead:
                launcher.step_database(ahead)
            launcher.launch(name, list(arguments))
            return 0

        pid = self._fork(log, body)
        os.close(gate)
        self._gates[pid] = key
        return pid

    def go(self, pids: Sequence[int]) -> None:
        """Let held processes go."""
        for pid in pids:
            os.write(self._gates[pid], b'.')  # closing would not do: others have inherited it
            os.close(self._gates.pop(pid))

    def ended(self, pid: int) -> int | None:
        """How it ended: an exit code, or minus a signal. None: it lives."""
        if pid in self._living:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                self._living.discard(pid)
                self._ended[pid] = os.waitstatus_to_exitcode(status)
        return self._ended.get(pid)

    def end(self) -> None:
        """Kill all that live."""
        for pid in list(self._living):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            self._living.discard(pid)
            self._ended[pid] = -signal.SIGKILL
        for key in self._gates.values():
            os.close(key)
        self._gates.clear()

    def _fork(self, log: str, body: Callable[[], int]) -> int:
        pid = fork(log, body)
        self._living.add(pid)
        return pid


def fork(log: str, body: Callable[[], int]) -> int:
    """Run ``body`` in a child that dies with this process. Returns its pid."""
    assert threading.active_count() == 1, threading.enumerate()
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)  # it died before we asked to die with it
        _redirect(log)
        code = body()
    except SystemExit as leave:
        code = leave.code if isinstance(leave.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _redirect(log: str) -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(null, 0)
    os.dup2(written, 1)
    os.dup2(written, 2)


class Guest(Handler):
    """Also takes requests as a proxy gets them."""

    def parse_request(self) -> bool:
        """As ever; of an absolute address only the path counts."""
        good = super().parse_request()
        if good and self.path.startswith('http://'):
            self.path = '/' + self.path.split('/', 3)[3]
        return good


class Door(Server):
    """One entrance to the world: who comes in by it is known by its name."""

    def __init__(self, name: str, app: App, clock: SystemClock) -> None:
        self._name = name
        super().__init__(app, clock, ('127.0.0.1', 0))
        self.RequestHandlerClass = Guest

    def process_request(self, request: Any, client_address: Any) -> None:
        """As ever, with a client named NAME/PORT."""
        super().process_request(request, (client_address[0], f'{self._name}/{client_address[1]}'))


def _serve(world: World, doors: Sequence[str], saying: int) -> None:
    clock, app = SystemClock(), App(world)
    servers = {name: Door(name, app, clock) for name in doors}
    ended = [server.start() for server in servers.values()]
    os.write(saying, json.dumps({name: server.url for name, server in servers.items()}).encode())
    os.close(saying)
    clock.wait(ended[0])


def warm() -> None:
    """Import what the daemons would import one by one, each time anew."""
    plugins.fencing_drivers()
    for group in (plugins.FLOWS, plugins.COMPUTE):
        for name in plugins.names(group):
            plugins.load(group, name)
    for module in ('recovery.board.redis', 'recovery.cli.alarm', 'recovery.cli.host', 'pymysql'):
        importlib.import_module(module)


class Remote:
    """A crew in another process, for tests whose own has threads. See :class:`Crew`."""

    def __init__(self, scene: str, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, '-W', 'ignore', '-m', 'tests.crash.crew', scene, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {'PYTHONPATH': PATH},
        )
        self._answer()

    def close(self) -> None:
        """End it, and with it all that it started."""
        self._process.kill()
        self._process.communicate()

    def __getattr__(self, verb: str) -> Callable[..., Any]:
        def ask(*arguments: Any) -> Any:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps([verb, arguments]) + '\n')
            self._process.stdin.flush()
            return self._answer()

        return ask

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, 'the crew ended; its standard error says why'
        answer = json.loads(line)
        assert 'error' not in answer, answer['error']
        return answer['answer']


def main(scene: str, folder: str) -> None:
    """Serve requests until standard input ends."""
    world = scenery.prepare(scene, Path(folder))
    warm()
    crew = Crew(world)
    print(json.dumps({'answer': scene}), flush=True)
    try:
        for line in sys.stdin:
            verb, arguments = json.loads(line)
            try:
                answer = {'answer': getattr(crew, verb)(*arguments)}
            except Exception as error:
                answer = {'error': f'{type(error).__name__}: {error}'}
            print(json.dumps(answer), flush=True)
    finally:
        crew.end()


if __name__ == '__main__':
    main(*sys.argv[1:])
