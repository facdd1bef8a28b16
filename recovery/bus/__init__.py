"""The message bus, where a site has one: alarms and evidence in, our progress out.

Nothing else depends on it: the board is the queue and the database the truth.
"""
