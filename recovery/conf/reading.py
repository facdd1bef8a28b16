"""Reading the configuration whole, so that what is wrong in it speaks up at the start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from oslo_config import cfg

from recovery import conf as groups
from recovery.conf.lines import settings


class BadOptions(ValueError):
    """A file that is missing or malformed, or a value out of bounds; the message says where."""


def read(conf: cfg.ConfigOpts, arguments: Sequence[str] | None, **more: Any) -> None:
    """Parse the arguments and the files, then read every option of ours once.

    :param conf: with our options registered.
    :param arguments: of the command line; None: those of this process.
    :param more: what ConfigOpts takes when it is called.
    :raises BadOptions: it cannot be used.
    """
    try:
        conf(arguments, project='recovery', **more)
        _read_all(conf)
    except cfg.Error as error:
        raise BadOptions(f'configuration: {" ".join(str(error).split())}') from error


def _read_all(conf: cfg.ConfigOpts) -> None:
    for group, options in groups.list_opts():
        for option in options:
            try:
                conf[group.name][option.name]
            except (cfg.ConfigFileValueError, ValueError) as error:
                where = _where(conf, group.name, option.name)
                why = f'{where}[{group.name}] {option.name}: {_cause(error)}'
                raise BadOptions(why) from error


def _where(conf: cfg.ConfigOpts, group: str, option: str) -> str:
    """The file that sets it, and the line, when there is one."""
    for one in settings(conf):
        if (one.group, one.name) == (group, option):
            return f'{one.file} line {one.line}: '
    return ''


def _cause(error: Exception) -> str:
    """What oslo says after its own words on where."""
    text = ' '.join(str(error).split())
    return text.rpartition('is not valid: ')[2] or text
