"""A stuck recovery, and somebody who looks at it and types the one command that it names.

Commands are those of the real application; each runs as a process of its own on the stage.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from recovery.cli.context import Context
from recovery.cli.main import App
from recovery.db import states
from recovery.view.outlook import holding
from tests.stage import Stage, play

HOST = 'compute-02'
#: Commands that only show: they change nothing, and ask nobody.
SHOWS = ('doctor', 'host check', 'host show', 'items', 'plan', 'show', 'watch', 'worker list')


class StageApp(App):
    """The application, with the stage in place of configuration file, clock and cloud."""

    def __init__(self, stage: Stage, name: str, **streams: Any) -> None:
        super().__init__(**streams)
        self._stage = stage
        self._name = name

    def configure_logging(self) -> None:
        """Left to the test's own."""

    def initialize_app(self, argv: list[str]) -> None:
        site = self._stage.process(self._name, 'cli')
        self.context = Context((), ())
        shared = {'conf': site.conf, 'clock': site.clock, 'store': site.store, 'site': site}
        vars(self.context).update(shared | {'bare_store': site.store})


@dataclass(frozen=True)
class Result:
    """What one command did."""

    code: int
    out: str
    err: str

    @property
    def next(self) -> str:
        """The command that it says to type next."""
        lines = [line for line in f'{self.out}\n{self.err}'.splitlines() if '  next: ' in line]
        return lines[-1].partition('next: ')[2].strip() if lines else ''


class Situation:
    """One play, and its operator."""

    def __init__(
        self, stage: Stage, patch: pytest.MonkeyPatch, reached: Callable[[str], None]
    ) -> None:
        self.stage = stage
        self.patch = patch
        self.world = stage.world
        self._reached = reached
        self._numbers = itertools.count(1)

    # --- before it is stuck -------------------------------------------------------------------

    def start(self, *names: str) -> None:
        """Processes; a worker and a watcher when none is named."""
        for name in names or ('w1', 'watcher'):
            (self.stage.watcher if name.startswith('watcher') else self.stage.worker)(name)

    def dies(self, host: str = HOST) -> None:
        """The host dies, and Nova has noticed."""
        self.world.crash(host)
        self.stage.run(65.0)

    def recovered(self, host: str = HOST) -> None:
        """The host died and was recovered; whether all of its instances were is not asked."""
        self.dies(host)
        self.start()
        self.stage.alarm(host)
        self.stage.until(self.stage.ended)

    # --- what is seen -------------------------------------------------------------------------

    def stuck(self, code: str, sentence: str, verb: str, seconds: float = 1200.0) -> None:
        """Play until the newest recovery is stuck for that reason; then look at it as people do.

        :param code: of the recovery; for one that gates hold, the name of the first that does.
        :param sentence: a part of what holds it.
        :param verb: the one command; ID stands for the recovery's.
        """
        self.stage.until(lambda: self.code() == code, seconds)
        self._reached(code)
        name = str(self.stage.recovery()['id'])[:8]
        seen = self.show()
        shown = self('show', name)
        assert sentence in seen['held_by'], seen['held_by']
        assert sentence in ' '.join(shown.out.split()), shown.out
        assert self._named(seen['next']) == verb, seen['next']
        assert shown.next == seen['next']

    def _named(self, verb: str) -> str:
        """With names in place of identifiers."""
        known = {row['id']: 'ID' for row in self.stage.recoveries()}
        known |= {one.id: one.name for one in self.world.instances.values()}
        for identifier, name in known.items():
            verb = verb.replace(identifier, name).replace(identifier[:8], name)
        return verb

    def code(self) -> str:
        """Why the newest recovery is held or waits; '' when it does neither."""
        found = self.stage.recoveries()
        if not found or found[-1]['state'] not in (states.HELD, states.WAITING):
            return ''
        if found[-1]['state'] == states.WAITING and found[-1]['code'] == 'held':
            with self.stage.site.store.read() as connection:
                gates = holding(connection, found[-1]['id'])
            return str(gates[0]['gate']) if gates else ''
        return str(found[-1]['code'] or '')

    def show(self) -> Mapping[str, Any]:
        """``recovery show`` of the newest recovery, as programs read it."""
        shown = self('show', self.stage.recovery()['id'], '-f', 'json')
        assert shown.code == 0, shown.err
        found: Mapping[str, Any] = json.loads(shown.out)
        return found

    # --- what is done -------------------------------------------------------------------------

    def __call__(self, *words: str) -> Result:
        """Type a command."""
        out, err = io.StringIO(), io.StringIO()
        name = f'cli-{next(self._numbers)}'

        def run() -> int:
            app = StageApp(self.stage, name, stdin=io.StringIO(), stdout=out, stderr=err)
            try:
                with contextlib.redirect_stderr(err):  # argparse asks nobody where to write
                    return int(app.run(list(words)))
            except SystemExit as stop:
                return int(stop.code or 0)

        code = self.stage.ask(run)
        return Result(code, out.getvalue(), err.getvalue())

    def follow(self, verb: str = '', *, code: int = 0, **filled: str) -> Result:
        """Type the one command that the newest recovery shows, exactly as it is shown.

        :param verb: another one, such as what the last command named.
        :param code: its exit code.
        :param filled: what a human puts in place of a word in capitals.
        """
        program, *words = shlex.split(verb or self.show()['next'])
        assert program == 'recovery'
        words = [filled.get(word, word) for word in words]
        if not ' '.join(words).startswith(SHOWS):
            words += ['--yes', '--reason', 'I looked at it']
        done = self(*words)
        assert done.code == code, f'{words}: {done.code}\n{done.out}{done.err}'
        return done

    # --- the end ------------------------------------------------------------------------------

    def ends(self, state: str = states.DONE, seconds: float = 1200.0) -> None:
        """Play to the end of the newest recovery; it is that one, and no rule was broken."""
        self.stage.until(self.stage.ended, seconds)
        story = self.stage.story()
        assert self.stage.state() == state, story
        assert self.stage.broken() == [], story


Body = Callable[[Situation], None]

#: Code, and the tests that get a recovery stuck by it.
DECLARED: dict[str, list[str]] = {}


def situation(*codes: str, **settings: Any) -> Callable[[Body], Callable[[], None]]:
    """Make a test of a play on a stage with these settings. It must get stuck by each of the codes,
    and by no other one that it does not declare."""

    def declare(body: Body) -> Callable[[], None]:
        name = body.__name__
        for code in codes:
            DECLARED.setdefault(code, []).append(name)

        def test() -> None:
            reached: set[str] = set()
            with play(**settings) as stage, pytest.MonkeyPatch.context() as patch:
                body(Situation(stage, patch, reached.add))
            assert reached == set(codes), f'declared {sorted(codes)}, reached {sorted(reached)}'

        test.__name__ = test.__qualname__ = name
        test.__doc__, test.__module__ = body.__doc__, body.__module__
        return test

    return declare
