"""The configuration of one run of a command: which files, read into a ConfigOpts of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recovery.cli.exits import UsageError

if TYPE_CHECKING:
    from oslo_config import cfg

VARIABLE = 'RECOVERY_CONFIG'  # files, separated by colons


def load(
    files: Sequence[str], directories: Sequence[str], environment: Mapping[str, str]
) -> cfg.ConfigOpts:
    """Options from the named files and directories, else from RECOVERY_CONFIG, else from
    recovery.conf in the usual places.

    :raises UsageError: a file that is missing or malformed, or a value out of bounds.
    """
    from oslo_config import cfg

    from recovery import conf as groups
    from recovery.conf.reading import BadOptions, read

    conf = cfg.ConfigOpts()
    groups.register(conf)
    given = list(files) or [name for name in environment.get(VARIABLE, '').split(':') if name]
    for name in given:
        if not Path(name).is_file():
            raise UsageError(f'there is no configuration file {name}')
    arguments = [word for name in given for word in ('--config-file', name)]
    arguments += [word for name in directories for word in ('--config-dir', name)]
    # Naming files means these and no others.
    defaults: dict[str, Any] = {}
    if arguments:
        defaults = {'default_config_files': [], 'default_config_dirs': []}
    try:
        read(conf, arguments, prog='recovery', **defaults)
    except BadOptions as error:
        raise UsageError(str(error)) from error
    return conf
