"""A part of a notification as a database takes it: oslo.messaging hands on whatever was JSON."""

from __future__ import annotations

import json
from typing import Any

from drivers.alarms import body
from drivers.contracts.alarms import BadPayload


def plain(value: Any) -> Any:
    """The same, with what no database takes replaced, as in the body of a webhook.

    :raises drivers.contracts.alarms.BadPayload: it is too deep, or has a number that is none.
    """
    try:
        text = json.dumps(value, default=str)
    except (RecursionError, ValueError) as error:
        raise BadPayload(f'the message cannot be read: {error}') from error
    return body.parse(text.encode())
