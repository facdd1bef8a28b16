"""What an operator may do to a recovery or a host, as Python calls: for commands and the API.

Each call is one transaction that compares and sets the state it found, and leaves an event
that says who, what and why. What must not be done raises Refusal.
"""
