"""What a file sets and nobody reads: oslo.config passes over it without a word.

A misspelt limit would leave the default in force, and nobody would know.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator

from oslo_config import cfg

from recovery import conf as groups
from recovery.conf.lines import Setting, settings

#: Like no group of ours, it may be one of a library's.
LIKE = 0.8


def strays(conf: cfg.ConfigOpts) -> Iterator[str]:
    """A sentence for each setting in a group of ours, or nearly one, that is no option."""
    ours = {group.name for group, _options in groups.list_opts()}
    for one in settings(conf):
        if one.group not in ours:
            yield from _group(one, ours, conf)
        elif one.name not in conf[one.group]:
            there = [option.dest for option in _options(one.group)]
            yield _sentence(one, f'[{one.group}] has no option {one.name}', one.name, there)


def _options(name: str) -> Collection[cfg.Opt]:
    return [option for group, found in groups.list_opts() if group.name == name for option in found]


def _group(one: Setting, ours: Collection[str], conf: cfg.ConfigOpts) -> Iterator[str]:
    if one.group == 'DEFAULT' or one.group in conf:
        return
    if difflib.get_close_matches(one.group, ours, n=1, cutoff=LIKE):
        yield _sentence(one, f'there is no group [{one.group}]', one.group, ours)


def _sentence(one: Setting, said: str, given: str, there: Collection[str]) -> str:
    near = difflib.get_close_matches(given, there, n=1)
    more = f'is {near[0]} meant?' if near else f'there are {", ".join(sorted(there))}'
    return f'{one.file} line {one.line}: {said}, so that it is not read: {more}'
