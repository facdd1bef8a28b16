"""Who types: a name that anybody can set gives no role."""

from __future__ import annotations

import os
import pwd

import pytest

from recovery.cli import people


def test_who_is_not_root_is_known_by_her_number_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    me = pwd.getpwuid(0)
    monkeypatch.setattr(os, 'getuid', lambda: 4242424)
    monkeypatch.setenv('SUDO_USER', me.pw_name)
    monkeypatch.setenv('USER', me.pw_name)
    found = people.person()
    assert (found.name, found.uid) == ('uid 4242424', 4242424)


def test_root_is_whom_sudo_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, 'getuid', lambda: 0)
    monkeypatch.setenv('SUDO_USER', 'nobody')
    found = people.person()
    assert (found.name, found.uid) == ('nobody', pwd.getpwnam('nobody').pw_uid)
    assert str(pwd.getpwnam('nobody').pw_gid) in found.groups
    monkeypatch.setenv('SUDO_USER', 'no-such-user')
    assert people.person() == people.person()
    assert (people.person().name, people.person().groups) == ('no-such-user', frozenset())


def test_root_herself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, 'getuid', lambda: 0)
    monkeypatch.delenv('SUDO_USER', raising=False)
    found = people.person()
    assert (found.name, found.uid) == (pwd.getpwuid(0).pw_name, 0)
