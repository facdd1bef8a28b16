"""Alarm sources: what the message of each kind of sender says."""
