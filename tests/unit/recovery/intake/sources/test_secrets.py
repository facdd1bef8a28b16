"""Secrets: from files that are out of reach of others, several at once, and never told."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import pytest

from recovery.intake.sources import BadSecret, Secret

GOOD = '0123456789abcdef'


@pytest.fixture
def secret(tmp_path: Path) -> Secret:
    (tmp_path / 'token').write_text(f'{GOOD}\n')
    (tmp_path / 'token').chmod(0o640)
    return Secret('token', {'file': 'token'}, tmp_path)


def test_one_and_two(secret: Secret, tmp_path: Path) -> None:
    assert secret.values() == (GOOD.encode(),)
    (tmp_path / 'token').write_text(f'\n{GOOD}\n  another-of-sixteen  \n')
    assert secret.values() == (GOOD.encode(), b'another-of-sixteen')
    assert secret.is_token('another-of-sixteen')
    assert not secret.is_token(f'{GOOD}\nanother-of-sixteen')


def test_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('RECOVERY_TOKEN', GOOD)
    assert Secret('token', {'env': 'RECOVERY_TOKEN'}, tmp_path).is_token(GOOD)


@pytest.mark.parametrize('shown', ['', GOOD[:-1], GOOD + 'x', GOOD.upper(), 'ä', '\ud800'])
def test_what_is_no_token(secret: Secret, shown: str) -> None:
    assert not secret.is_token(shown)


def test_signatures(secret: Secret) -> None:
    made = hmac.new(GOOD.encode(), b'message', hashlib.sha256).hexdigest()
    assert secret.is_signature(made.upper(), b'message')
    assert not secret.is_signature(made, b'messagf')
    assert not secret.is_signature('', b'message')


@pytest.mark.parametrize(
    ('text', 'mode', 'sentence'),
    [
        (GOOD, 0o644, 'is in reach of others: chmod 640'),
        (GOOD, 0o660, 'is in reach of others'),
        ('', 0o600, 'which is empty'),
        ('short', 0o600, 'must have 16 characters or more'),
        (f'{GOOD}\nshort', 0o600, 'must have 16 characters or more'),
    ],
)
def test_what_cannot_be_used(
    secret: Secret, tmp_path: Path, text: str, mode: int, sentence: str
) -> None:
    (tmp_path / 'token').write_text(text)
    (tmp_path / 'token').chmod(mode)
    with pytest.raises(BadSecret, match=sentence) as caught:
        secret.values()
    assert 'short' not in str(caught.value)


def test_none_is_told(secret: Secret, tmp_path: Path) -> None:
    assert GOOD not in repr(secret)
    (tmp_path / 'token').unlink()
    with pytest.raises(BadSecret, match='cannot be read: No such file'):
        secret.values()
