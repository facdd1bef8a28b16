"""What oslo.messaging says of a broker that comes and goes: a line each, and no traceback."""

from __future__ import annotations

import logging

#: Where it logs what a broken connection brings with it: a message that comes twice, for one,
#: is told as an exception although it is left out on purpose.
LOGGERS = (
    'oslo_messaging._drivers.amqpdriver',
    'oslo_messaging._drivers.impl_rabbit',
    'oslo.messaging._drivers.impl_rabbit',
)


class Brief(logging.Filter):
    """Puts what went wrong behind the sentence, on the same line."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, without its traceback."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            said = ' '.join(str(error).split())
            record.msg = f'{record.getMessage()} ({type(error).__name__}: {said})'
            record.args = ()
        record.exc_info = record.exc_text = None
        return True


BRIEF = Brief()


def be_brief() -> None:
    """Have the loggers of the library be brief from now on."""
    for name in LOGGERS:
        logging.getLogger(name).addFilter(BRIEF)
