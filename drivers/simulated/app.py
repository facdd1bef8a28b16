"""All faces of a world in one WSGI application."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from drivers.simulated.control import Control
from drivers.simulated.errors import ApiError
from drivers.simulated.faces import http
from drivers.simulated.faces.http import Answer, Call, Face
from drivers.simulated.faces.ironic import Ironic
from drivers.simulated.faces.keystone import REGION, Keystone, Tokens
from drivers.simulated.faces.maas import Maas
from drivers.simulated.faces.nova import Nova
from drivers.simulated.faces.placement import Placement
from drivers.simulated.faces.redfish import Redfish
from drivers.simulated.pipeline import Caller, Faulted, Request
from drivers.simulated.world import World

StartResponse = Callable[[str, list[tuple[str, str]]], Any]

#: in a WSGI environment: the Caller, put there by whoever serves the application
CALLER = 'simulated.caller'


class App:
    """Keystone below ``/identity``, Nova below ``/compute``, Ironic below ``/baremetal``, MAAS,
    Placement, Redfish, ``/_world``.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.tokens = Tokens(world)
        self.control = Control(world, self.tokens)
        self.nova = Nova(self.tokens)
        self.faces: list[Face] = [
            Keystone(self.tokens),
            self.nova,
            Placement(self.tokens),
            Redfish(),
            Ironic(self.tokens),
            Maas(),
            self.control,
        ]

    def __call__(self, environ: http.Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request.

        :raises Dropped: the connection is to be closed without an answer.
        :raises ClientGone: whoever waited has gone.
        """
        caller = environ.get(CALLER) or self._unknown(environ)
        answer = self.answer(environ, caller)
        content = b''
        if isinstance(answer.body, bytes):
            content = answer.body
        elif answer.body is not None:
            content = json.dumps(answer.body).encode()
            answer.headers['Content-Type'] = 'application/json'
        answer.headers['Content-Length'] = str(len(content))
        start_response(f'{answer.status} Simulated', list(answer.headers.items()))
        return [content]

    def _unknown(self, environ: http.Environ) -> Caller:
        clock = self.world.clock

        def wait(seconds: float) -> None:
            clock.wait(None, seconds)

        return Caller(str(environ.get('REMOTE_PORT', '')), wait)

    def answer(self, environ: http.Environ, caller: Caller) -> Answer:
        """The answer to one request, before it is made into bytes."""
        try:
            call = http.read(environ, self.world)
            face = self._face(call)
        except ApiError as error:
            return Answer({'error': error.message}, error.status)
        request: Request[Answer] | None = None
        try:
            if face is self.control:
                return self.control.serve(call, caller)
            route = face.find(call)
            kind = route.kind_of(call)

            def act(met: Faulted) -> Answer:
                call.met = met
                face.prepare(call, kind)
                return route.handle(call)

            with self.world:
                subject = route.subject(self.world, call.args)
            request = Request(self.world, kind, subject, caller, act)
            answer = request.serve()
        except ApiError as error:
            answer = face.refusal(error)
        if answer.hold:
            caller.wait(answer.hold)
        if request is not None:
            face.finish(call, answer, request.note.number)
            answer = _spoilt(answer, request.met)
        return answer

    def _face(self, call: Call) -> Face:
        for face in self.faces:
            if call.path == face.prefix or call.path.startswith(face.prefix + '/'):
                call.path = call.path[len(face.prefix) :]
                call.base += face.prefix
                return face
        raise ApiError(404, f'nothing is served at {call.path}')


def _spoilt(answer: Answer, met: Faulted) -> Answer:
    """What faults make of a good answer on its way."""
    if 'noise' in met:
        return Answer(b'<html><body>It works!</body></html>', 200, {'Content-Type': 'text/html'})
    if 'empty' in met and isinstance(answer.body, dict):
        answer.body = {
            name: type(value)() if isinstance(value, list | dict) else value
            for name, value in answer.body.items()
        }
    return answer


def clouds_yaml(url: str = 'http://simulated', name: str = 'simulated') -> str:
    """A clouds.yaml for the application at that address, or mounted inside the client."""
    return f"""clouds:
  {name}:
    region_name: {REGION}
    auth:
      auth_url: {url}/identity
      username: admin
      password: simulated
      project_name: admin
      user_domain_name: Default
      project_domain_name: Default
"""
