"""WHEN AND BY WHOM: decides about alarms, keeps the record, and runs the flows."""

import sys
import warnings

#: What libraries say to their developers, and operators can do nothing about: where a message of
#: theirs begins, and why it is said. Here, because whatever imports those libraries is below.
FOREIGN = {
    r'\s*Eventlet is deprecated': 'oslo.utils looks whether eventlet is there; nothing uses it',
}

if not sys.warnoptions:
    for said in FOREIGN:
        warnings.filterwarnings('ignore', said)
