"""One route: how it is asked, what it takes, what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from recovery.site import Site

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Call:
    """One request that fits its route."""

    site: Site
    path: Mapping[str, str]
    query: Mapping[str, Any]  #: only what was given, and defaults
    body: Mapping[str, Any]  #: {} for a route that takes none

    @property
    def limit(self) -> int:
        """How many rows one answer has at most."""
        return min(int(self.query['limit']), int(self.site.conf.api.max_limit))

    @property
    def marker(self) -> str | None:
        """Behind which row; None: from the beginning."""
        return self.query.get('marker')


@dataclass(frozen=True)
class Text:
    """An answer that is no JSON."""

    text: str
    mimetype: str


@dataclass(frozen=True)
class Route:
    """One row of the table.

    :param path: below /recovery/v1, with parameters in braces.
    :param name: the operationId.
    :param view: returns what is answered, as JSON, or a Text.
    :param body: of a request; None: it has none.
    :param actions: schema of the body by its ``action``, for routes whose orders differ.
    :param answer: of a good answer; None: it is text of one of ``types``.
    :param faults: statuses beside those that every route may answer.
    :param order: that the caller has to have, before the view looks; '' for those that ask.
    """

    method: str
    path: str
    name: str
    about: str
    view: Callable[[Call], Any]
    answer: Schema | None = None
    status: int = 200
    query: Mapping[str, Schema] = field(default_factory=dict)
    body: Schema | None = None
    actions: Mapping[str, Schema] = field(default_factory=dict)
    types: tuple[str, ...] = ()
    faults: tuple[int, ...] = ()

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names in the path."""
        parts = self.path.split('/')
        return tuple(part[1:-1] for part in parts if part.startswith('{'))
