"""The one way in which an operator's wish is turned down."""

from __future__ import annotations


class BadRules(ValueError):
    """The file of rules cannot be used; the message says why."""


class Refusal(Exception):
    """Nothing was changed.

    :param sentence: what is wrong.
    :param verb: the command that leads on, or '' when nothing does.
    """

    def __init__(self, sentence: str, verb: str = '') -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.verb = verb


class Nothing(Refusal):
    """What the wish is about is not there."""
