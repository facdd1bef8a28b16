"""The status page: what happens, what is held and what waits, for people in a browser.

Read-only, and from the database alone: it answers while Nova and the devices do not. Without
scripts it is plain pages that the reader loads again; with them, what changed is put in place.
"""

from recovery.api.page.room import room

__all__ = ['room']
