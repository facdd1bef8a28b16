"""S7, exactly: whoever asks for a change outside owns the recovery at that moment, by the row."""

from __future__ import annotations

import contextlib
import re
import sqlite3

from drivers.simulated.faults import Note
from drivers.simulated.oracle import CHANGING
from drivers.simulated.play import Broken
from tests.stage import Stage

#: Everything that a claim does runs below PROCESS/RECOVERY (recovery.claims.claim.Claim.actor).
ACTOR = re.compile(r'(w\d+)/([0-9a-f]{8})(#\d+)?(/|$)')


class Owners:
    """Listens to the requests of one stage."""

    def __init__(self, stage: Stage) -> None:
        self.found: list[Broken] = []
        self.seen = 0  #: requests that were judged
        self._database = stage.folder / 'recovery.sqlite'
        faults = stage.world.faults
        receive = faults.receive

        def heard(kind: str, subject: str, client: str, when: float, place: int = 0) -> Note:
            note = receive(kind, subject, client, when, place)
            if kind in CHANGING:
                self._judge(note)
            return note

        setattr(faults, 'receive', heard)  # noqa: B010 - of this world alone

    def _judge(self, note: Note) -> None:
        actor = ACTOR.match(note.client)
        if actor is None:
            sentence = f'{note.client} sent {note.kind} for {note.subject}, for no recovery'
            self.found.append(Broken('S7', note.when, sentence))
            return
        self.seen += 1
        worker, recovery = actor.group(1), actor.group(2)
        with contextlib.closing(sqlite3.connect(self._database)) as database:
            query = 'SELECT worker, state FROM recovery WHERE id LIKE ?'
            owner = database.execute(query, (f'{recovery}%',)).fetchone()
        if owner != (worker, 'running'):
            sentence = f'{note.client} sent {note.kind} for {note.subject}; the row says {owner}'
            self.found.append(Broken('S7', note.when, sentence))
