"""Whether the three package names are ours alone: they are generic, and pip lets any overwrite."""

from __future__ import annotations

from importlib import metadata

DISTRIBUTION = 'openstack-recovery'
PACKAGES = ('recovery', 'flows', 'drivers')


class Overwritten(RuntimeError):
    """Another distribution installs a package of ours: its files may be mixed with ours."""


def check() -> None:
    """For processes that act, before they do.

    A source tree that is not installed has nothing to check.

    :raises Overwritten: which package, and whose.
    """
    owners = metadata.packages_distributions()
    for package in PACKAGES:
        others = sorted(set(owners.get(package, ())) - {DISTRIBUTION})
        if others:
            raise Overwritten(
                f'the package "{package}" is also installed by {", ".join(others)}: install '
                f'{DISTRIBUTION} into an environment of its own'
            )
