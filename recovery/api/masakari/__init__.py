"""Masakari's Instance HA API v1, microversions 1.0 to 1.3, for clients that know no other.

What differs from Masakari is listed with its reason in doc/guide/masakari.md.
"""

from recovery.api.masakari.room import room

__all__ = ['room']
