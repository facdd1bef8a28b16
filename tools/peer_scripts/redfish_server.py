"""The Redfish farm's process: sushy-tools' own application, with faults in front of it.

python -m peer_scripts.redfish_server SETTINGS.json

Beside Redfish it answers, without a password: PUT /_fault/UUID/KIND, PUT /_power/UUID/on|off|get,
GET /_received/UUID.
"""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import bcrypt
from sushy_tools import error
from sushy_tools.emulator import main as emulator
from sushy_tools.emulator.resources.systems import fakedriver
from werkzeug.serving import WSGIRequestHandler, make_server

from peer_scripts.certificates import write_certificates

Answer = Iterable[bytes]
StartResponse = Callable[..., Any]
SLOW_SECONDS = 2.0
SAID = {'lie': 'On', 'odd': 'PoweringOff'}  # faults that are a power state, whatever is true


class Machines:
    """The power of the systems, and what is wrong with each."""

    KINDS = ('ok', 'refuse', 'stuck', 'slow', 'hang', 'drip', 'drop', 'busy', 'noise', *SAID)

    def __init__(self, settings: dict[str, Any]) -> None:
        self._names = {uuid: name for name, uuid in settings['systems'].items()}
        self._hook = Path(settings['directory'], 'hook')  # read anew: it may be wired later
        self._power = dict.fromkeys(self._names, 'on')
        self._due: dict[str, list[threading.Timer]] = defaultdict(list)  # slow switches
        self.fault = dict.fromkeys(self._names, 'ok')
        self.received: dict[str, list[str]] = defaultdict(list)

    def get(self, uuid: str) -> str:
        hook = self._hook.read_text().split()
        return _run([*hook, 'get', self._names[uuid]]) if hook else self._power[uuid]

    def set(self, uuid: str, state: str) -> None:
        hook = self._hook.read_text().split()
        if hook:
            _run([*hook, state, self._names[uuid]])
        else:
            self._power[uuid] = state

    def overtake(self, uuid: str, state: str) -> None:
        """Change the power behind the controller, whatever is still to come."""
        while self._due[uuid]:
            self._due[uuid].pop().cancel()
        self.set(uuid, state)

    def reset(self, uuid: str, kind: str) -> None:
        """What a reset of that kind does to the machine, now or soon."""
        if kind in ('ForceOff', 'GracefulShutdown'):
            state = 'off'
        elif kind in ('On', 'ForceOn', 'ForceRestart', 'GracefulRestart'):
            state = 'on'
        else:
            raise error.NotSupportedError(f'{kind} is not supported')
        if self.fault[uuid] == 'slow':
            due = threading.Timer(SLOW_SECONDS, self.set, (uuid, state))
            self._due[uuid].append(due)
            due.start()
        elif self.fault[uuid] != 'stuck':
            self.set(uuid, state)


def _run(command: list[str]) -> str:
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode:
        raise error.FishyError(f'the power hook failed: {ran.stderr.strip()}')
    return ran.stdout.strip()


class Faults:
    """Stands in front of the emulator and behaves as broken services do."""

    def __init__(self, application: Any, machines: Machines) -> None:
        self._application = application
        self._machines = machines
        self._for_ever = threading.Event()

    def __call__(self, environ: dict[str, Any], start: StartResponse) -> Answer:
        method, path = environ['REQUEST_METHOD'], environ['PATH_INFO']
        parts = path.strip('/').split('/')
        if parts[0].startswith('_'):
            return _reply(start, '200 OK', self._tests_ask(*parts))
        uuid = parts[3] if parts[2:3] == ['Systems'] and len(parts) > 3 else ''
        if uuid not in self._machines.fault:
            return self._pass_on(environ, start)
        self._machines.received[uuid].append(f'{method} {path}')
        return self._answer(self._machines.fault[uuid], environ, start)

    def _tests_ask(self, what: str, uuid: str, value: str = '') -> dict[str, Any]:
        machines = self._machines
        if what == '_fault':
            if value not in machines.KINDS:
                return {'wrong': f'no fault is called {value}; there are {machines.KINDS}'}
            machines.fault[uuid] = value
        elif what == '_power':
            if value != 'get':
                machines.overtake(uuid, value)
            return {'power': machines.get(uuid)}
        return {'received': machines.received.get(uuid, [])}

    def _answer(self, kind: str, environ: dict[str, Any], start: StartResponse) -> Answer:
        resets = environ['REQUEST_METHOD'] == 'POST'
        if kind == 'hang':
            self._for_ever.wait()
        if kind == 'drop':
            environ['werkzeug.socket'].shutdown(2)
            raise ConnectionAbortedError
        if kind == 'busy':
            return _reply(start, '503 Service Unavailable', _complaint('busy'))
        if kind == 'noise':
            return _reply(start, '200 OK', b'<html>Log in</html>')
        if kind == 'refuse' and resets:
            return _reply(start, '400 Bad Request', _complaint('refused'))
        if kind in SAID and not resets:
            return self._saying(SAID[kind], environ, start)
        answer = self._pass_on(environ, start)
        return self._dripping(answer) if kind == 'drip' else answer

    def _pass_on(self, environ: dict[str, Any], start: StartResponse) -> Answer:
        answer: Answer = self._application(environ, start)
        return answer

    def _saying(self, state: str, environ: dict[str, Any], start: StartResponse) -> Answer:
        said: list[Any] = []
        body = b''.join(self._pass_on(environ, lambda *arguments: said.append(arguments)))
        return _reply(start, said[0][0], {**json.loads(body), 'PowerState': state})

    def _dripping(self, answer: Answer) -> Answer:
        """A byte at a time, each well inside of any client's time-out."""
        for byte in b''.join(answer):
            self._for_ever.wait(0.3)
            yield bytes([byte])


def _complaint(text: str) -> dict[str, Any]:
    return {'error': {'code': 'Base.1.0.GeneralError', 'message': text}}


def _reply(start: StartResponse, status: str, content: dict[str, Any] | bytes) -> Answer:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    kind = 'text/html' if isinstance(content, bytes) else 'application/json'
    start(status, [('Content-Type', kind), ('Content-Length', str(len(body)))])
    return [body]


class Quiet(WSGIRequestHandler):
    """Tests provoke errors by the hundred; nobody reads them here."""

    def log(self, type: str, message: str, *args: Any) -> None:
        pass


def configure(settings: dict[str, Any]) -> Machines:
    """Tell the emulator which systems there are, and who switches them."""
    own = Path(settings['directory'])
    passwords = own / 'passwords'
    crypt = bcrypt.hashpw(settings['password'].encode(), bcrypt.gensalt(4)).decode()
    passwords.write_text(f'{settings["user"]}:{crypt}\n')
    os.environ.pop('SUSHY_EMULATOR_CONFIG', None)
    systems = [
        {'uuid': uuid, 'name': name, 'power_state': 'On', 'nics': []}
        for name, uuid in settings['systems'].items()
    ]
    emulator.app.configure(
        extra_config={
            'SUSHY_EMULATOR_FAKE_DRIVER': True,
            'SUSHY_EMULATOR_FAKE_SYSTEMS': systems,
            'SUSHY_EMULATOR_AUTH_FILE': str(passwords),
            # A directory of its own: the emulators of a machine share their state otherwise.
            'SUSHY_EMULATOR_STATE_DIR': tempfile.mkdtemp(dir=own),
        }
    )
    machines = Machines(settings)
    driver = fakedriver.FakeDriver
    driver.get_power_state = lambda _, uuid: machines.get(uuid).capitalize()
    driver.set_power_state = lambda _, uuid, kind: machines.reset(uuid, kind)
    emulator.app.wsgi_app = Faults(emulator.app.wsgi_app, machines)
    return machines


def main() -> None:
    settings = json.loads(Path(sys.argv[1]).read_text())
    configure(settings)
    own = Path(settings['directory'])
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trust.load_cert_chain(*write_certificates(own))
    make_server(
        '127.0.0.1',
        settings['port'],
        emulator.app,
        threaded=True,
        request_handler=Quiet,
        ssl_context=trust,
    ).serve_forever()


if __name__ == '__main__':
    main()
