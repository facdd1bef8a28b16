"""The book of a round: one logbook with one flow detail, found again after every crash."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from oslo_utils import importutils
from taskflow import engines
from taskflow import exceptions as taskflow_exceptions
from taskflow.persistence import models

from recovery.board.persistence import BookPersistence
from recovery.claims.claim import Claim
from recovery.db.tables import recovery as table

VERSION = re.compile(r'build(?:_v(\d+))?')  #: names of the builders of a flow's module


class UnknownFlow(Exception):
    """This installation cannot build the flow of the book; another version may."""


def open_book(
    persistence: BookPersistence,
    claim: Claim,
    builder: Callable[..., Any],
    row: Mapping[str, Any],
) -> models.FlowDetail:
    """The flow detail of this round; made, if the round is new or its first owner died early.

    The row names the book before it exists, so that no book is ever without its recovery.

    :raises UnknownFlow: the builder cannot be imported here, or takes other arguments (H20).
    """
    uuid = row['book']
    if uuid is None:
        uuid = claim.clock.new_id()
        mine = table.c.id == claim.recovery_id
        claim.transact(
            lambda connection: connection.execute(sa.update(table).where(mine).values(book=uuid))
        )
    connection = persistence.get_connection()
    try:
        detail = next(iter(connection.get_logbook(uuid)))
    except taskflow_exceptions.NotFound:
        book = models.LogBook(f'{claim.recovery_id} round {claim.round}', uuid)
        detail = models.FlowDetail(row['kind'], claim.clock.new_id())
        fitting = version_for(builder, row['arguments'])
        engines.save_factory_details(detail, fitting, [], row['arguments'])
        _buildable(detail)  # before it is stored: another version may store one that it can run
        book.add(detail)
        connection.save_logbook(book)  # whole, in one transaction
    _buildable(detail)
    return detail


def version_for(builder: Callable[..., Any], arguments: Mapping[str, Any]) -> Callable[..., Any]:
    """The builder, or the newest older version beside it that takes these arguments: those of a
    recovery are fixed at its admission, and a new round of it may begin after an upgrade.
    """
    beside = vars(inspect.getmodule(builder) or inspect)
    found = {name: match for name in beside if (match := VERSION.fullmatch(name))}
    older = sorted(found, key=lambda name: -int(found[name][1] or 1))
    versions: tuple[Callable[..., Any], ...] = (builder, *(beside[name] for name in older))
    for version in versions:
        try:
            inspect.signature(version).bind(**arguments)
        except TypeError:
            continue
        return version
    return builder


def _buildable(detail: models.FlowDetail) -> None:
    factory = detail.meta['factory']
    try:
        builder = importutils.import_class(factory['name'])
    except ImportError as error:
        raise UnknownFlow(f'the flow {factory["name"]} is not installed here') from error
    try:
        inspect.signature(builder).bind(*factory['args'], **factory['kwargs'])
    except TypeError as error:
        why = f'the flow {factory["name"]} here takes other arguments: {error}'
        raise UnknownFlow(why) from error
