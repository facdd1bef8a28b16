"""Contract for signs of life: channels, apart from Nova and the BMC, that a live host answers on.

Open for an agent on the host, or a lease on shared storage: one class and one entry point.
"""

from __future__ import annotations

import abc
import re
from dataclasses import dataclass
from typing import Self

from drivers.contracts.errors import Refused

#: What a host name may be made of where it becomes part of an address or of a command.
NAME = re.compile(r'[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?')
HOST, SHORT = '{host}', '{short}'


@dataclass(frozen=True)
class Seen:
    """What one look at one channel came to."""

    alive: bool | None  #: None: could not be asked, which says nothing at all (H16)
    said: str  #: in a few words, for people


class LifeDriver(abc.ABC):
    """One channel, for every host of the site. Safe to call from several threads."""

    @classmethod
    @abc.abstractmethod
    def build(cls, target: str) -> Self:
        """A driver for what follows the scheme, in which ``{host}`` stands for the host as Nova
        spells it and ``{short}`` for its name up to the first dot.

        :raises drivers.contracts.errors.Refused: it is malformed; the message says how.
        """

    @abc.abstractmethod
    def look(self, host: str, *, timeout: float) -> Seen:
        """Look once, for about ``timeout`` seconds at most; resolving a name may hang beyond that.

        Only what the operating system of that host itself must have said is life: a controller
        that answers on standby power is not, and a refusal may come from something in between.
        What is not understood, or cannot be asked, is None. Raises nothing.
        """


def fill(template: str, host: str) -> str:
    """The template with the names of a host in it.

    :raises Refused: the name could mean something else there.
    """
    if NAME.fullmatch(host) is None:
        raise Refused(f'the name {host!r} cannot be put into {template}')
    return template.replace(HOST, host).replace(SHORT, host.split('.')[0])
