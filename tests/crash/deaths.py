"""Where a worker dies in a play with real processes, and what the play came to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from tests.crash.devices import SIMULATED


@dataclass(frozen=True)
class Death:
    """Where a worker dies."""

    what: str = 'nothing'  #: 'request', 'commit', or 'nothing': the play in which nobody dies
    number: int = 0  #: 1 for the first
    moment: str = ''  #: 'received', 'applied', 'answered'; 'before', 'after'
    lease: float = 5.0  #: seconds
    peers: str = 'sqlite'  #: or 'mariadb', with a Redis board
    kind: str = '*'  #: pattern of the requests that count
    driver: str = SIMULATED  #: by which the hosts are reached
    outside: bool = False  #: witnesses and channels of life are asked

    def __str__(self) -> str:
        more = [] if self.lease == 5.0 else [f'lease {self.lease:g} s']
        more += [] if self.peers == 'sqlite' else [self.peers]
        more += [] if self.kind == '*' else [self.kind]
        more += [] if self.driver == SIMULATED else [f'by {self.driver}']
        more += ['with witnesses'] if self.outside else []
        return ' '.join([self.what, str(self.number), self.moment, *more]).strip()


@dataclass
class Outcome:
    """What a play came to."""

    death: Death
    reached: bool = False  #: a worker died
    end: Mapping[str, Any] = field(default_factory=dict)
    broken: Sequence[str] = ()  #: rules, by the oracle
    requests: int = 0
    kinds: Mapping[str, int] = field(default_factory=dict)  #: of them, by their kinds
    commits: int = 0
    seconds: float = 0.0
    trouble: str = ''  #: why it did not end
    story: str = ''

    @classmethod
    def read(cls, line: str) -> Self:
        values = json.loads(line)
        return cls(Death(**values.pop('death')), **values)
