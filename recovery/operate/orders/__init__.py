"""Orders as JSON: what a command line or a request asks for, done, and what is told of it.

Each function takes an order as an object with its ``action``, and returns an object with ``said``:
sentences for people, the first of them what was done; ``next``: the command that leads on, or '';
and more for programs. Who may give it has been asked before.
"""
