"""What we ship: three packages, all of them ours, with what they need and nothing else."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
OURS = ['drivers', 'flows', 'recovery']


@pytest.fixture(scope='module')
def names(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The files of a wheel that was built from a copy, so that no build/ is left in the tree."""
    source, target = tmp_path_factory.mktemp('source'), tmp_path_factory.mktemp('wheel')
    listed = subprocess.run(
        ['git', 'ls-files', '--cached', '--others', '--exclude-standard'],
        cwd=TOP, check=True, capture_output=True, text=True,
    )  # fmt: skip
    for name in listed.stdout.splitlines():
        if name.startswith('.') or not (TOP / name).is_file():
            continue
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes((TOP / name).read_bytes())
    command = [sys.executable, '-m', 'build', '--wheel', '--no-isolation', '--outdir', str(target)]
    subprocess.run([*command, str(source)], check=True, capture_output=True)
    (wheel,) = target.glob('*.whl')
    return zipfile.ZipFile(wheel).namelist()


def test_top_level_names_are_the_three_packages(names: list[str]) -> None:
    top = {name.split('/')[0] for name in names}
    assert sorted(name for name in top if not name.endswith('.dist-info')) == OURS


def test_no_test_is_shipped(names: list[str]) -> None:
    assert [name for name in names if 'test' in Path(name).name.lower()] == []


@pytest.mark.parametrize('package', OURS)
def test_packages_say_that_they_are_typed(names: list[str], package: str) -> None:
    assert f'{package}/py.typed' in names


def test_every_module_is_shipped(names: list[str]) -> None:
    modules = {
        path.relative_to(TOP).as_posix()
        for package in OURS
        for path in (TOP / package).rglob('*.py')
    }
    assert modules - set(names) == set(), 'a folder without __init__.py, or data that nobody lists'


def test_migrations_are_shipped(names: list[str]) -> None:
    shipped = [name for name in names if name.startswith('recovery/db/migrations/versions/')]
    assert shipped, 'without its migrations no database can be made'
    assert 'recovery/db/migrations/env.py' in names


def test_the_schema_of_bundles_is_shipped(names: list[str]) -> None:
    assert 'recovery/view/bundle.schema.json' in names


@pytest.mark.parametrize('package', OURS)
def test_nobody_else_installs_our_names(package: str) -> None:
    assert set(packages_distributions()[package]) == {'openstack-recovery'}


def test_every_entry_point_can_be_loaded() -> None:
    broken = {}
    for entry in distribution('openstack-recovery').entry_points:
        try:
            entry.load()
        except Exception as error:
            broken[f'{entry.group}: {entry.name}'] = repr(error)
    assert broken == {}
